#pragma once

#include "gateway/hooks/guards.hpp"
#include "gateway/hooks/hidden_text.hpp"
#include "gateway/hooks/results.hpp"
#include "hooks/registry.hpp"
#include "orchestration/hooks/slash_command.hpp"
#include "orchestration/mission/desk.hpp"
#include "store/mission_repository.hpp"

namespace oap::platform {

/// What the hooks work with; outlives the registry.
struct HookParts {
  const permission::Engine& engine;
  const security::SecretScanner& scanner;
  const security::SecurityPolicy& security_policy;
  orchestration::MissionDesk* desk = nullptr;    ///< null: no hooks of messages and missions
  store::MissionRepository* missions = nullptr;  ///< null: commands about missions are not answered
  orchestration::SlashCommandHook::Stop stop_mission = {};
};

/// Fills the registry: the one ordered table of all built-in hooks.
void register_hooks(hooks::Registry& registry, const HookParts& parts);

}  // namespace oap::platform
