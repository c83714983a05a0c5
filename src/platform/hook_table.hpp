#pragma once

#include "gateway/hooks/governing_files.hpp"
#include "gateway/hooks/guards.hpp"
#include "gateway/hooks/hidden_text.hpp"
#include "gateway/hooks/results.hpp"
#include "hooks/registry.hpp"
#include "orchestration/hooks/agent_ui.hpp"
#include "orchestration/hooks/resource_control.hpp"
#include "orchestration/hooks/sanity_check.hpp"
#include "orchestration/hooks/skill_scope.hpp"
#include "orchestration/hooks/slash_command.hpp"
#include "orchestration/mission/desk.hpp"
#include "security/role_guard.hpp"
#include "store/mission_repository.hpp"

namespace oap::platform {

/// What the hooks around a session's conversation work with; outlives the registry.
struct SessionHookParts {
  SessionHookParts() : SessionHookParts({}, system_clock()) {}
  SessionHookParts(orchestration::ContextLimits limits, const Clock& clock)
      : control(limits, clock) {}

  orchestration::ContextControl control;
  orchestration::SkillScopes scopes;
  orchestration::KeepOutput keep;  ///< of results that are cut
  orchestration::AnomalyCount anomalies;
  orchestration::AgentUiHook::OnTask on_task;
  gateway::SkillSources skills;
  gateway::GoverningNames governing;
  security::RoleMatrix roles = security::RoleMatrix::builtin();
  std::size_t max_result = 48U << 10U;
};

/// What the hooks work with; outlives the registry.
struct HookParts {
  const permission::Engine& engine;
  const security::SecretScanner& scanner;
  const security::SecurityPolicy& security_policy;
  SessionHookParts& session;
  orchestration::MissionDesk& desk;
  store::MissionRepository* missions = nullptr;  ///< null: commands about missions are not answered
  orchestration::SlashCommandHook::Stop stop_mission = {};
  const orchestration::CommandBook* commands = nullptr;  ///< null: there are none of files
};

/// Fills the registry: the one ordered table of all built-in hooks.
void register_hooks(hooks::Registry& registry, const HookParts& parts);

}  // namespace oap::platform
