#include "permission/always.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "json/print.hpp"
#include "permission/inline_code.hpp"
#include "shell/script.hpp"
#include "text/glob.hpp"
#include "text/utf8.hpp"

namespace oap::permission {
namespace {

/// Why a rule for the command would be one for whatever it runs.
std::string reaches_further(const CommandFacet& command) {
  if (text::escape_visible(command.text) != command.text) {
    return fmt::format("'{}' holds characters that cannot be seen", command.shown);
  }
  if (!command.doubt.empty()) {
    return fmt::format("'{}': {}", command.shown, command.doubt);
  }
  if (!command.launches.empty() || shell::is_command_runner(command.name)) {
    return fmt::format("{} runs other commands", command.name);
  }
  if (command.program != command.name) {
    return fmt::format("{} is not a program of a system directory", command.program);
  }
  return {};
}

Rule allow(Scope scope, const std::string& workspace) {
  Rule rule;
  rule.scope = scope;
  rule.action = Action::kExecute;
  rule.level = Level::kAllow;
  rule.workspace = workspace;
  rule.reason = "approved for always";
  return rule;
}

/// Exactly this command: its text where words cannot be mistaken, else its words.
Rule rule_for(const CommandFacet& command, const std::string& workspace) {
  Rule rule = allow(Scope::kCommand, workspace);
  const bool simple = std::none_of(command.argv.begin(), command.argv.end(), [](const auto& word) {
    return word.empty() || word.find_first_of(" \t\n") != std::string::npos;
  });
  if (simple) {
    rule.pattern = text::glob_quote(command.text);
  } else {
    rule.argv = command.argv;
    rule.argv.front() = command.program;
  }
  return rule;
}

Rule rule_for(const PathFacet& path, const std::string& workspace) {
  Rule rule = allow(Scope::kFilePattern, workspace);
  rule.action = path.access;
  rule.pattern = text::glob_quote(path.canonical);
  return rule;
}

bool would_allow(const Policy& policy, const Request& request, const std::vector<Rule>& rules) {
  const auto next = policy.with_session(rules);
  return next && (*next)->decide(request).level == Level::kAllow;
}

}  // namespace

std::vector<Rule> always_rules(const Policy& policy, const Request& request, std::string& why_not) {
  const std::string& workspace = policy.workspace();
  const Facets facets = policy.facets(request);
  std::vector<Rule> rules;
  if (!facets.doubt.empty() || facets.over_limit) {
    why_not = "the command is not fully understood";
    return {};
  }
  for (const CommandFacet& command : facets.commands) {
    why_not = command.possible ? std::string() : reaches_further(command);
    if (!why_not.empty()) {
      return {};
    }
    if (!command.possible) {
      rules.push_back(rule_for(command, workspace));
    }
  }
  for (const PathFacet& path : facets.paths) {
    if (!path.exact || path.tree) {
      why_not = fmt::format("which files {} stands for changes", path.shown);
      return {};
    }
    const bool own = !facets.runs_commands || path.redirect;
    if (own && !path.possible) {
      rules.push_back(rule_for(path, workspace));
    }
  }
  const bool server = facets.tool.find("__") != std::string::npos;
  if (rules.empty() && server) {
    Rule rule = allow(Scope::kTool, workspace);
    rule.action = Action::kAny;
    rule.pattern = text::glob_quote(facets.tool);
    rules.push_back(std::move(rule));
  }
  if (rules.empty()) {
    why_not = fmt::format("{} has no narrower rule than all its calls", facets.tool);
    return {};
  }
  if (!would_allow(policy, request, rules)) {
    why_not = "another rule would still ask";
    return {};
  }
  return rules;
}

std::string rule_line(const Rule& rule) {
  json::Object object;
  object["scope"] = to_string(rule.scope);
  if (rule.action != Action::kAny) {
    object["action"] = to_string(rule.action);
  }
  if (!rule.argv.empty()) {
    json::Array words;
    for (const std::string& word : rule.argv) {
      words.emplace_back(word);
    }
    object["argv"] = std::move(words);
  } else if (!rule.program.empty()) {
    object["program"] = rule.program;
  } else if (rule.scope == Scope::kTool && !rule.resource.empty()) {
    object["tool"] = rule.pattern;
    object["pattern"] = rule.resource;
  } else {
    object["pattern"] = rule.pattern;
  }
  object["level"] = to_string(rule.level);
  if (!rule.workspace.empty()) {
    object["workspace"] = rule.workspace;
  }
  if (!rule.reason.empty()) {
    object["reason"] = rule.reason;
  }
  return json::print(object);
}

}  // namespace oap::permission
