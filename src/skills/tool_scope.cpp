#include "skills/tool_scope.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "shell/parse.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::skills {
namespace {

/// One row a name that other hosts use.
struct Name {
  std::string_view theirs;  ///< lower case
  std::string_view ours;
};
constexpr Name kNames[] = {
    {"read", "read_file"},     {"view", "read_file"},      {"write", "write_file"},
    {"edit", "edit_file"},     {"multiedit", "edit_file"}, {"patch", "edit_file"},
    {"bash", "bash"},          {"shell", "bash"},          {"ls", "list_dir"},
    {"list", "list_dir"},      {"glob", "glob"},           {"grep", "grep"},
    {"task", "delegate_task"}, {"agent", "delegate_task"}, {"todowrite", "todo"},
    {"todoread", "todo"},      {"todo", "todo"},           {"skill", "skill"},
};

bool is_shell(std::string_view tool) { return tool == "bash" || tool == "run_command"; }

std::string line_of(const shell::SimpleCommand& command) {
  std::string line;
  for (const std::string& word : command.argv) {
    line += (line.empty() ? "" : " ") + word;
  }
  return line;
}

/// "git *" and "git:*" fit "git" and "git log"; `*` stands for anything.
bool command_fits(std::string_view pattern, std::string_view line) {
  std::string glob(pattern);
  if (glob.ends_with(":*")) {
    glob = glob.substr(0, glob.size() - 2) + " *";
  }
  if (glob.ends_with(" *") && line == std::string_view(glob).substr(0, glob.size() - 2)) {
    return true;
  }
  std::size_t star = std::string::npos;
  std::size_t mark = 0;
  std::size_t p = 0;
  for (std::size_t at = 0; at < line.size();) {
    if (p < glob.size() && glob[p] == '*') {
      star = p++;
      mark = at;
    } else if (p < glob.size() && glob[p] == line[at]) {
      ++p;
      ++at;
    } else if (star != std::string::npos) {
      p = star + 1;
      at = ++mark;
    } else {
      return false;
    }
  }
  while (p < glob.size() && glob[p] == '*') {
    ++p;
  }
  return p == glob.size();
}

}  // namespace

std::string our_tool_name(std::string_view name) {
  const std::string lower = text::lower_ascii(name);
  for (const Name& row : kNames) {
    if (row.theirs == lower) {
      return std::string(row.ours);
    }
  }
  constexpr std::string_view kMcp = "mcp__";
  return std::string(name.starts_with(kMcp) ? name.substr(kMcp.size()) : name);
}

std::vector<ToolScope::Rule> ToolScope::rules_of(const std::vector<std::string>& names) {
  std::vector<Rule> rules;
  for (const std::string& name : names) {
    const std::size_t open = name.find('(');
    Rule rule{our_tool_name(text::trim(std::string_view(name).substr(0, open))), ""};
    if (open != std::string::npos && name.ends_with(')')) {
      rule.pattern = text::trim(std::string_view(name).substr(open + 1, name.size() - open - 2));
    }
    if (rule.pattern == "*") {
      rule.pattern.clear();
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

ToolScope::ToolScope(const std::vector<std::string>& allowed,
                     const std::vector<std::string>& disallowed)
    : allowed_(rules_of(allowed)), disallowed_(rules_of(disallowed)) {}

bool ToolScope::fits(const Rule& rule, std::string_view tool) {
  if (rule.tool.ends_with('*')) {
    return tool.starts_with(std::string_view(rule.tool).substr(0, rule.tool.size() - 1));
  }
  return rule.tool == tool || (rule.tool == "bash" && tool == "run_command") ||
         tool.starts_with(rule.tool + "__");
}

bool ToolScope::offers(std::string_view public_name) const {
  const auto named = [public_name](const Rule& rule) { return fits(rule, public_name); };
  const bool taken = std::any_of(disallowed_.begin(), disallowed_.end(), [&](const Rule& rule) {
    return rule.pattern.empty() && named(rule);
  });
  return !taken && (allowed_.empty() || std::any_of(allowed_.begin(), allowed_.end(), named));
}

std::string ToolScope::refusal(const ToolCall& call) const {
  const std::string tool = call.public_name();
  const std::string refused = fmt::format("{} is not among the tools that may be used now", tool);
  if (!offers(tool)) {
    return refused;
  }
  if (!is_shell(tool)) {
    return "";
  }
  const auto is_limited = [&](const std::vector<Rule>& rules) {
    return std::any_of(rules.begin(), rules.end(),
                       [&](const Rule& rule) { return !rule.pattern.empty() && fits(rule, tool); });
  };
  const bool free =
      allowed_.empty() || std::any_of(allowed_.begin(), allowed_.end(), [&](const Rule& rule) {
        return rule.pattern.empty() && fits(rule, tool);
      });
  if (free && !is_limited(disallowed_)) {
    return "";
  }
  const shell::Script script = shell::parse(json::get_string(call.arguments, "command"));
  if (!script.complete || script.commands.empty()) {
    return "the command is not understood whole, so it cannot be held against the tools that may "
           "be used now";
  }
  for (const shell::SimpleCommand& command : script.commands) {
    const std::string line = line_of(command);
    const auto one = [&](const std::vector<Rule>& rules) {
      return std::any_of(rules.begin(), rules.end(), [&](const Rule& rule) {
        return !rule.pattern.empty() && fits(rule, tool) && command_fits(rule.pattern, line);
      });
    };
    const bool fine = (free || (!command.dynamic && command.assignments.empty() &&
                                command.redirects.empty() && one(allowed_))) &&
                      !one(disallowed_);
    if (!fine) {
      return fmt::format("the command '{}' is not among those that may be used now",
                         text::escape_visible(line));
    }
  }
  return "";
}

}  // namespace oap::skills
