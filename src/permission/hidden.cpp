#include "permission/hidden.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "permission/paths.hpp"

namespace oap::permission {
namespace {

constexpr std::array<std::string_view, 4> kReaders = {"read_file", "list_dir", "glob", "grep"};

bool may_forbid_reading(const CompiledRule& one) {
  if (one.rule.level == Level::kAllow || one.path_pattern.empty()) {
    return false;
  }
  if (one.rule.scope == Scope::kFilePattern) {
    return match_action(one.rule.action, Action::kRead);
  }
  const bool acts = one.rule.action == Action::kExecute || one.rule.action == Action::kInvoke ||
                    match_action(one.rule.action, Action::kRead);
  const auto tool = text::Glob::compile(one.rule.pattern, {text::GlobMode::kPlain, false});
  return acts && tool &&
         std::any_of(kReaders.begin(), kReaders.end(),
                     [&](std::string_view reader) { return tool->matches(reader); });
}

/// A rule of a nearer role about just the same takes its place.
bool is_replaced(const CompiledRule& one, const Compiled& compiled, const RoleView& view) {
  if (one.rule.tier == Tier::kManaged && one.rule.level == Level::kDeny) {
    return false;
  }
  return std::any_of(compiled.rules.begin(), compiled.rules.end(), [&](const CompiledRule& other) {
    return !other.withheld && view.rank[other.role] > view.rank[one.role] &&
           other.rule.tier == one.rule.tier && contains(one, other) && contains(other, one);
  });
}

}  // namespace

std::vector<std::string> hidden_globs(const Compiled& compiled, const RoleView& view) {
  std::vector<std::string> out;
  for (const CompiledRule& one : compiled.rules) {
    if (view.rank[one.role] >= 0 && !one.withheld && may_forbid_reading(one) &&
        !is_replaced(one, compiled, view)) {
      out.push_back(one.path_pattern);
    }
  }
  const bool builtin = !compiled.options.replace_builtin &&
                       compiled.options.default_permission.value_or(Level::kAsk) != Level::kAllow;
  const auto& categories = compiled.options.require_approval_for;
  const bool asked =
      std::find(categories.begin(), categories.end(), "sensitive_file_access") != categories.end();
  if (builtin || asked) {
    for (std::string& glob : sensitive_globs()) {
      out.push_back(std::move(glob));
    }
  }
  return out;
}

}  // namespace oap::permission
