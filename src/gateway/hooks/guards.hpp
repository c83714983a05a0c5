#pragma once

#include <string>

#include "hooks/hook.hpp"
#include "permission/engine.hpp"
#include "security/security_policy.hpp"

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
/// Conditions know the risk score that `security` gives to calls of built-in tools; null: none. All
/// three outlive the hook.
class PermissionHook final : public hooks::BeforeToolHook {
 public:
  explicit PermissionHook(const permission::Engine& engine,
                          const security::SecurityPolicy* security = nullptr,
                          const Clock& clock = system_clock())
      : engine_(engine), security_(security), clock_(clock) {}
  std::string_view name() const override { return "Permission"; }
  bool waits() const override { return false; }
  Task<Result<hooks::BeforeVerdict>> before(const hooks::Context& context,
                                            const ToolCall& call) override;

 private:
  const permission::Engine& engine_;
  const security::SecurityPolicy* security_;
  const Clock& clock_;
};

/// Judges what a call would run, write or send (code and secrets). The policy outlives the hook.
class SecurityPolicyHook final : public hooks::BeforeToolHook {
 public:
  SecurityPolicyHook(const security::SecurityPolicy& policy, const Clock& clock)
      : policy_(policy), clock_(clock) {}
  std::string_view name() const override { return "SecurityPolicy"; }
  bool waits() const override { return false; }
  Task<Result<hooks::BeforeVerdict>> before(const hooks::Context& context,
                                            const ToolCall& call) override;

 private:
  const security::SecurityPolicy& policy_;
  const Clock& clock_;
};

/// The permission request that a tool call stands for; an empty `cwd` is the workspace.
permission::Request permission_request(const ToolCall& call, const std::string& workspace,
                                       const std::string& cwd = {});

}  // namespace oap::gateway
