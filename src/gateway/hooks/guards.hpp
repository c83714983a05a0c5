#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/hooks/shared_verdicts.hpp"
#include "hooks/hook.hpp"
#include "permission/engine.hpp"
#include "security/role_matrix.hpp"
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
/// file by file. Conditions know the risk score that `verdicts` gives to calls of built-in tools,
/// where it is known; null: it never is. The engine outlives the hook.
class PermissionHook final : public hooks::BeforeToolHook {
 public:
  explicit PermissionHook(const permission::Engine& engine,
                          std::shared_ptr<SharedVerdicts> verdicts = nullptr,
                          SkillSources skills = {})
      : engine_(engine), verdicts_(std::move(verdicts)), skills_(std::move(skills)) {}
  std::string_view name() const override { return "Permission"; }
  bool waits() const override { return false; }
  Task<Result<hooks::BeforeVerdict>> before(const hooks::Context& context,
                                            const ToolCall& call) override;

 private:
  std::optional<hooks::BeforeVerdict> skill_install(const ToolCall& call,
                                                    const Decision& decision) const;

  const permission::Engine& engine_;
  std::shared_ptr<SharedVerdicts> verdicts_;
  SkillSources skills_;
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
