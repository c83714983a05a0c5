#include "gateway/hooks/governing_files.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "approval/approver.hpp"
#include "permission/paths.hpp"
#include "sandbox/protected_names.hpp"
#include "text/strings.hpp"

namespace oap::gateway {
namespace {

constexpr std::string_view kWorktrees = ".opencode/worktrees/";

bool is_below(std::string_view path, std::string_view name) {
  return path == name ||
         (path.starts_with(name) && path.size() > name.size() && path[name.size()] == '/');
}

/// What missions and their agents write.
bool is_of_a_mission(std::string_view path) {
  static constexpr std::array<std::string_view, 6> kNames = {
      ".opencode/todo.md",        ".opencode/verification-checklist.md",
      ".opencode/sync-issues.md", ".opencode/missions",
      ".opencode/archive",        ".opencode/docs"};
  return std::any_of(kNames.begin(), kNames.end(),
                     [path](std::string_view name) { return is_below(path, name); });
}

}  // namespace

std::string governing_name(std::string_view path, const GoverningNames& names) {
  if (path.starts_with(kWorktrees)) {
    const std::size_t slash = path.find('/', kWorktrees.size());
    return slash == std::string_view::npos ? "" : governing_name(path.substr(slash + 1), names);
  }
  const auto is_free = [&names](std::string_view name) {
    return std::find(names.free.begin(), names.free.end(), name) != names.free.end();
  };
  if (is_of_a_mission(path)) {
    return "";
  }
  for (const std::string& name : names.further) {
    if (is_below(path, name)) {
      return name;
    }
  }
  for (const sandbox::ProtectedName& one : sandbox::protected_names()) {
    if ((one.open ? path == one.name : is_below(path, one.name)) && !is_free(one.name)) {
      return one.name;
    }
  }
  for (const std::string& ending : sandbox::protected_endings()) {
    if (path.ends_with(ending) && path.find('/') == std::string_view::npos && !is_free(ending)) {
      return std::string(path);
    }
  }
  return "";
}

std::string real_place(std::string_view path, const std::string& workspace,
                       const std::string& cwd) {
  const permission::PathFacet facet = permission::path_facet(
      path, permission::Action::kWrite, cwd.empty() ? workspace : cwd, workspace);
  return facet.inside ? facet.relative : facet.canonical;
}

Task<Result<hooks::BeforeVerdict>> GoverningFileGuard::before(const hooks::Context& context,
                                                              const ToolCall& call) {
  hooks::BeforeVerdict out;
  const bool writes = call.tool == "write_file" || call.tool == "edit_file";
  if (!writes || call.server != kBuiltinServer) {
    co_return out;
  }
  const std::string place =
      real_place(json::get_string(call.arguments, "path"), context.workspace, context.cwd);
  const std::string name = governing_name(place, names_);
  if (!name.empty()) {
    out.action = hooks::BeforeVerdict::Action::kAsk;
    out.rule = approval::kGoverningFileRule;
    out.reason = fmt::format(
        "{} governs agents or is run by other programs; a person decides (or: sandbox.unprotect: "
        "[{}])",
        name, name);
  }
  co_return out;
}

}  // namespace oap::gateway
