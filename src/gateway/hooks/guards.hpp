#pragma once

#include <memory>
#include <string>
#include <utility>

#include "gateway/hooks/shared_verdicts.hpp"
#include "hooks/hook.hpp"
#include "permission/engine.hpp"

namespace oap::gateway {

/// Keeps agents to their role and everyone from the never-rules (root deletion, fork bombs).
class StrictRoleGuard final : public hooks::BeforeToolHook {
 public:
  std::string_view name() const override { return "StrictRoleGuard"; }
  bool waits() const override { return false; }
  Task<Result<hooks::BeforeVerdict>> before(const hooks::Context& context,
                                            const ToolCall& call) override;
};

/// Asks the permission engine, and has searches leave out what could not be read file by file.
/// Conditions know the risk score that `verdicts` gives to calls of built-in tools, where it is
/// known; null: it never is. The engine outlives the hook.
class PermissionHook final : public hooks::BeforeToolHook {
 public:
  explicit PermissionHook(const permission::Engine& engine,
                          std::shared_ptr<SharedVerdicts> verdicts = nullptr)
      : engine_(engine), verdicts_(std::move(verdicts)) {}
  std::string_view name() const override { return "Permission"; }
  bool waits() const override { return false; }
  Task<Result<hooks::BeforeVerdict>> before(const hooks::Context& context,
                                            const ToolCall& call) override;

 private:
  const permission::Engine& engine_;
  std::shared_ptr<SharedVerdicts> verdicts_;
};

/// Judges what a call would run, write or send (code and secrets).
class SecurityPolicyHook final : public hooks::BeforeToolHook {
 public:
  explicit SecurityPolicyHook(std::shared_ptr<SharedVerdicts> verdicts)
      : verdicts_(std::move(verdicts)) {}
  std::string_view name() const override { return "SecurityPolicy"; }
  bool waits() const override { return false; }
  Task<Result<hooks::BeforeVerdict>> before(const hooks::Context& context,
                                            const ToolCall& call) override;

 private:
  std::shared_ptr<SharedVerdicts> verdicts_;
};

/// The permission request that a tool call stands for; an empty `cwd` is the workspace.
permission::Request permission_request(const ToolCall& call, const std::string& workspace,
                                       const std::string& cwd = {});

}  // namespace oap::gateway
