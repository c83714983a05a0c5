#include "permission/compiled_rule.hpp"

#include <algorithm>

#include "os/file.hpp"
#include "permission/paths.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

constexpr text::GlobOptions kPath = {text::GlobMode::kPath, false};
constexpr text::GlobOptions kPlain = {text::GlobMode::kPlain, false};

/// A path pattern as it is matched: absolute, or relative to the workspace without "./".
Result<std::string> path_pattern(const std::string& written, std::string_view workspace,
                                 const std::string& where) {
  std::string pattern = written;
  if (pattern == "~" || pattern.starts_with("~/")) {
    const auto home = os::canonical_path(home_directory());
    pattern = text::glob_quote(home ? *home : home_directory()) + pattern.substr(1);
  }
  while (pattern.starts_with("./")) {
    pattern.erase(0, 2);
  }
  if (pattern.starts_with("../")) {
    std::string base(workspace);
    while (pattern.starts_with("../")) {
      base.resize(std::max<std::size_t>(base.rfind('/'), 0));
      pattern.erase(0, 3);
    }
    pattern.insert(0, text::glob_quote(base) + "/");
  }
  if (pattern.ends_with('/')) {
    pattern += "**";
  }
  if (pattern.empty() || pattern == ".") {
    pattern = ".";
  }
  if (pattern.find("/../") != std::string::npos || pattern.ends_with("/..") || pattern == "..") {
    return fail(Code::kConfiguration, "{}: pattern: '{}' holds '..'; write the path itself", where,
                written);
  }
  return pattern;
}

int specificity_of(const Rule& rule) {
  const std::string& subject = !rule.program.empty() ? rule.program : rule.pattern;
  const bool wild =
      subject.find('*') != std::string::npos || rule.resource.find('*') != std::string::npos;
  return (wild ? 0 : 100) + (rule.action != Action::kAny ? 50 : 0) +
         (rule.scope != Scope::kTool ? 25 : 0);
}

bool matches_any(const text::Glob& glob, const std::vector<std::string>& texts) {
  return std::any_of(texts.begin(), texts.end(),
                     [&](const std::string& text) { return glob.matches(text); });
}

/// The rule's words at the front of the call's. A rule that forbids also sees behind options.
bool match_argv(const CompiledRule& rule, const CommandFacet& command) {
  const std::vector<std::string>& words = rule.rule.argv;
  const bool allow = rule.rule.level == Level::kAllow;
  const bool program = words[0] == command.program || words[0] == command.argv[0] ||
                       (!allow && words[0] == command.name);
  if (!program) {
    return false;
  }
  const auto follow_at = [&](std::size_t at) {
    for (std::size_t i = 1; i < words.size(); ++i, ++at) {
      if (at >= command.argv.size() || command.argv[at] != words[i] ||
          (allow && at >= command.known_words)) {
        return false;
      }
    }
    return true;
  };
  if (follow_at(1)) {
    return true;
  }
  for (std::size_t at = 1; !allow && at < command.argv.size(); ++at) {
    const bool option = command.argv[at].starts_with('-');
    const bool value = at > 1 && command.argv[at - 1].starts_with('-');
    if (!option && !value) {
      break;
    }
    if (follow_at(at + 1)) {
      return true;
    }
  }
  return false;
}

/// Patterns beyond the workspace: a rule that forbids `**/x` forbids it everywhere.
bool reaches(const CompiledRule& rule, const PathFacet& path) {
  return rule.glob->matches(path.canonical) || rule.glob->matches(path.lexical);
}

}  // namespace

Result<CompiledRule> compile_rule(Rule rule, std::string_view workspace) {
  CompiledRule out;
  out.specificity = specificity_of(rule);
  const bool file = rule.scope == Scope::kFilePattern;
  const std::string& paths = file ? rule.pattern : rule.resource;
  if (!paths.empty()) {
    OAP_TRY(out.path_pattern, path_pattern(paths, workspace, rule.where));
    out.absolute = out.path_pattern.starts_with('/') || out.path_pattern.starts_with("\\/");
    out.any_depth = out.path_pattern.starts_with("**");
    OAP_TRY(out.glob, text::Glob::compile(out.path_pattern, kPath));
  } else if (rule.argv.empty()) {
    const std::string& text = rule.program.empty() ? rule.pattern : rule.program;
    OAP_TRY(out.glob, text::Glob::compile(text, kPlain));
  }
  out.rule = std::move(rule);
  return out;
}

PathMatch match_path(const CompiledRule& rule, const PathFacet& path) {
  if (!path.exact) {
    return PathMatch::kNone;
  }
  const text::Glob& glob = *rule.glob;
  const bool allow = rule.rule.level == Level::kAllow;
  if (rule.absolute) {
    return glob.matches(path.canonical) || (!allow && glob.matches(path.lexical))
               ? PathMatch::kFull
               : PathMatch::kNone;
  }
  if (path.inside && glob.matches(path.relative)) {
    return PathMatch::kFull;
  }
  if (allow) {
    return PathMatch::kNone;
  }
  if (!path.lexical_relative.empty() && glob.matches(path.lexical_relative)) {
    return path.inside ? PathMatch::kFull : PathMatch::kTightens;
  }
  return rule.any_depth && reaches(rule, path) ? PathMatch::kTightens : PathMatch::kNone;
}

PathMatch match_below(const CompiledRule& rule, const PathFacet& path) {
  if (rule.rule.level == Level::kAllow || (!rule.absolute && !path.inside)) {
    return PathMatch::kNone;
  }
  const bool whole = !rule.absolute && path.relative == ".";
  const std::string& place = rule.absolute ? path.canonical : path.relative;
  const bool within =
      whole || rule.glob->literal_prefix().starts_with(place == "/" ? place : place + "/");
  return within ? PathMatch::kTightens : PathMatch::kNone;
}

bool match_resource(const CompiledRule& rule, std::string_view resource) {
  return rule.glob->matches(resource);
}

bool match_command(const CompiledRule& rule, const CommandFacet& command) {
  const bool allow = rule.rule.level == Level::kAllow;
  if (!rule.rule.argv.empty()) {
    return match_argv(rule, command);
  }
  const text::Glob& glob = *rule.glob;
  if (!rule.rule.program.empty()) {
    return glob.matches(command.program) || glob.matches(command.argv[0]) ||
           (!allow && glob.matches(command.name));
  }
  return glob.matches(command.text) || matches_any(glob, command.more_texts) ||
         (!allow && matches_any(glob, command.strict_texts));
}

bool match_action(Action rule, const std::vector<Action>& actions) {
  return rule == Action::kAny || std::find(actions.begin(), actions.end(), rule) != actions.end();
}

bool match_action(Action rule, Action access) { return rule == Action::kAny || rule == access; }

}  // namespace oap::permission
