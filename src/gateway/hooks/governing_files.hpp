#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hooks/hook.hpp"

namespace oap::gateway {

/// Names in a workspace that the operator protects too, or not (`sandbox.protect`, `unprotect`).
struct GoverningNames {
  std::vector<std::string> further;
  std::vector<std::string> free;
};

/// The protected name that a path is or lies below; "" where it is none. Those are the names that a
/// sandboxed command cannot change: what other programs run or trust without being asked
/// (sandbox::protected_names). The files of missions are none. `path` is relative to the workspace,
/// links followed. Pure.
std::string governing_name(std::string_view path, const GoverningNames& names);

/// tool.execute.before: a file tool that would change such a file is asked, whatever the rules
/// allow; no flag answers it.
class GoverningFileGuard final : public hooks::BeforeToolHook {
 public:
  explicit GoverningFileGuard(GoverningNames names) : names_(std::move(names)) {}
  std::string_view name() const override { return "GoverningFiles"; }
  bool waits() const override { return false; }
  Task<Result<hooks::BeforeVerdict>> before(const hooks::Context& context,
                                            const ToolCall& call) override;

 private:
  GoverningNames names_;
};

/// A file's place below the workspace, links followed; absolute outside of it. An empty `cwd` is
/// the workspace.
std::string real_place(std::string_view path, const std::string& workspace, const std::string& cwd);

}  // namespace oap::gateway
