#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hooks/hook.hpp"
#include "permission/engine.hpp"
#include "security/role_matrix.hpp"
#include "security/security_policy.hpp"
#include "skills/source.hpp"

namespace oap::gateway {

/// Keeps agents to their row of the role matrix, and everyone from the never-rules (root deletion,
/// fork bombs).
class StrictRoleGuard final : public hooks::BeforeToolHook {
 public:
  explicit StrictRoleGuard(security::RoleMatrix matrix = security::RoleMatrix::builtin())
      : matrix_(std::move(matrix)) {}
  std::string_view name() const override { return "StrictRoleGuard"; }
  bool waits() const override { return false; }
  Task<Result<hooks::BeforeVerdict>> before(const hooks::Context& context,
                                            const ToolCall& call) override;

 private:
  security::RoleMatrix matrix_;
};

/// Which skills an agent may add without being asked for (`npx skills add …`). Data.
struct SkillSources {
  std::vector<std::string> trusted;  ///< of the operator's configuration
  std::string base_url;              ///< where `owner/repo` is
};

/// Asks the permission engine, and has an agent's `npx skills add …` asked for whatever the rules
/// allow, unless its source is a trusted one; and has searches leave out what could not be read
/// file by file. Conditions know the risk score that `security` gives to calls of built-in tools;
/// null: none. All three outlive the hook.
class PermissionHook final : public hooks::BeforeToolHook {
 public:
  explicit PermissionHook(const permission::Engine& engine,
                          const security::SecurityPolicy* security = nullptr,
                          const Clock& clock = system_clock(), SkillSources skills = {})
      : engine_(engine), security_(security), clock_(clock), skills_(std::move(skills)) {}
  std::string_view name() const override { return "Permission"; }
  bool waits() const override { return false; }
  Task<Result<hooks::BeforeVerdict>> before(const hooks::Context& context,
                                            const ToolCall& call) override;

 private:
  const permission::Engine& engine_;
  std::optional<hooks::BeforeVerdict> skill_install(const ToolCall& call,
                                                    const Decision& decision) const;

  const security::SecurityPolicy* security_;
  const Clock& clock_;
  SkillSources skills_;
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

/// The permission request that a tool call stands for.
permission::Request permission_request(const ToolCall& call, const std::string& workspace);

}  // namespace oap::gateway
