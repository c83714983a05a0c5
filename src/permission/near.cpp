#include "permission/near.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace oap::permission {
namespace {

constexpr std::size_t kMaxNear = 10;

std::string actions_of(const Facets& facets) {
  std::string out;
  for (const Action action : facets.actions) {
    out += out.empty() ? "" : ", ";
    out += to_string(action);
  }
  return out;
}

/// How many of the rule's words stand at the front of the command.
std::size_t words_met(const std::vector<std::string>& words, const CommandFacet& command) {
  std::size_t met = 0;
  while (met < words.size() && met < command.argv.size() &&
         (command.argv[met] == words[met] || (met == 0 && command.name == words[0]))) {
    ++met;
  }
  return met;
}

std::string near_command(const CompiledRule& one, const Facets& facets) {
  for (const CommandFacet& command : facets.commands) {
    const std::vector<std::string>& words = one.rule.argv;
    const std::size_t met = words_met(words, command);
    if (!words.empty() && met > 0 && met < words.size()) {
      return met < command.argv.size()
                 ? fmt::format("word {} is '{}', not '{}'", met + 1, command.argv[met], words[met])
                 : fmt::format("word {} '{}' is missing", met + 1, words[met]);
    }
    const std::string& text = one.rule.pattern.empty() ? one.rule.program : one.rule.pattern;
    const std::string first = text.substr(0, text.find(' '));
    const bool program = first == command.name || (!words.empty() && words[0] == command.name);
    if (program && command.program != command.name) {
      return fmt::format("{} is not known to be {}", command.program, command.name);
    }
    if (program && words.empty()) {
      return fmt::format("'{}' does not match '{}'", command.text, text);
    }
  }
  return {};
}

std::string near_path(const CompiledRule& one, const Facets& facets) {
  for (const PathFacet& path : facets.paths) {
    const bool fits = match_path(one, path) != PathMatch::kNone;
    if (fits && !match_action(one.rule.action, path.access)) {
      return fmt::format("it is about {}, the call is to {}", to_string(one.rule.action),
                         to_string(path.access));
    }
    const std::string& place = one.absolute ? path.canonical : path.relative;
    const std::string& prefix = one.glob->literal_prefix();
    const std::string folder = prefix.substr(0, prefix.rfind('/') + 1);
    if (!fits && path.exact && folder.size() > 1 && place.starts_with(folder)) {
      return fmt::format("{} does not match '{}'", place, one.path_pattern);
    }
    if (!fits && !one.absolute && !path.inside && path.exact && one.rule.level == Level::kAllow) {
      PathFacet inside = path;
      inside.inside = true;
      inside.relative = path.canonical.substr(path.canonical.rfind('/') + 1);
      if (match_path(one, inside) != PathMatch::kNone) {
        return fmt::format("{} is outside the workspace", path.canonical);
      }
    }
  }
  return {};
}

bool names_tool(const CompiledRule& one, const Facets& facets) {
  const auto glob = text::Glob::compile(one.rule.pattern, {text::GlobMode::kPlain, false});
  return glob && glob->matches(facets.tool);
}

std::string near_call(const CompiledRule& one, const Facets& facets) {
  const bool server = one.rule.scope == Scope::kMcpServer;
  if (server ? !one.glob->matches(facets.server) : !names_tool(one, facets)) {
    return {};
  }
  if (!match_action(one.rule.action, facets.actions)) {
    return fmt::format("it is about {}, the call is to {}", to_string(one.rule.action),
                       actions_of(facets));
  }
  return one.rule.resource.empty()
             ? std::string()
             : fmt::format("no path of the call matches '{}'", one.path_pattern);
}

std::string near_of(const CompiledRule& one, const Facets& facets) {
  switch (one.rule.scope) {
    case Scope::kCommand:
      return near_command(one, facets);
    case Scope::kFilePattern:
      return near_path(one, facets);
    case Scope::kTool:
    case Scope::kMcpServer:
      return near_call(one, facets);
  }
  return {};
}

/// The rule matches what the call is, but does not apply to who makes it.
bool would_match(const CompiledRule& one, const Facets& facets) {
  switch (one.rule.scope) {
    case Scope::kCommand:
      return std::any_of(facets.commands.begin(), facets.commands.end(),
                         [&](const CommandFacet& command) { return match_command(one, command); });
    case Scope::kFilePattern:
      return std::any_of(facets.paths.begin(), facets.paths.end(), [&](const PathFacet& path) {
        return match_action(one.rule.action, path.access) &&
               match_path(one, path) != PathMatch::kNone;
      });
    case Scope::kTool:
      return one.rule.resource.empty() && names_tool(one, facets) &&
             match_action(one.rule.action, facets.actions);
    case Scope::kMcpServer:
      return one.glob->matches(facets.server);
  }
  return false;
}

}  // namespace

std::vector<NearMiss> near_misses(const Compiled& compiled, const Facets& facets,
                                  const RoleView& roles, const std::vector<RuleMatch>& matched) {
  std::vector<NearMiss> out;
  std::set<std::pair<std::string_view, std::string_view>> known;
  for (const RuleMatch& match : matched) {
    known.emplace(match.rule.where, match.rule.role);
  }
  for (const CompiledRule& one : compiled.rules) {
    if (out.size() >= kMaxNear) {
      break;
    }
    if (known.contains({one.rule.where, one.rule.role})) {
      continue;
    }
    const bool applies = roles.rank[one.role] >= 0;
    std::string why = applies ? near_of(one, facets) : std::string();
    if (!applies && would_match(one, facets)) {
      why = fmt::format("it is for the role {}", one.rule.role);
    }
    if (!why.empty()) {
      out.push_back({one.rule, std::move(why)});
    }
  }
  return out;
}

}  // namespace oap::permission
