#include "platform/hook_table.hpp"

#include "orchestration/hooks/mission_control.hpp"
#include "orchestration/hooks/user_activity.hpp"
#include "platform/guard_table.hpp"

namespace oap::platform {
namespace {

constexpr auto kGuard = hooks::FailurePolicy::kGuard;
constexpr auto kObserver = hooks::FailurePolicy::kObserver;

template <class Hook, class... Args>
std::unique_ptr<Hook> make(Args&&... args) {
  return std::make_unique<Hook>(std::forward<Args>(args)...);
}

}  // namespace

void register_hooks(hooks::Registry& registry, const HookParts& parts) {
  // chat.message
  registry.add(make<orchestration::UserActivityHook>(parts.desk), {10, kObserver});
  registry.add(make<orchestration::SlashCommandHook>(parts.desk, parts.missions, parts.stop_mission,
                                                     parts.commands),
               {20, kObserver});
  registry.add(make<orchestration::MissionStartHook>(parts.desk), {30, kObserver});
  // tool.execute.before
  SessionHookParts& session = parts.session;
  register_guards(registry, {parts.engine, parts.security_policy, session.scopes, session.roles,
                             session.skills, session.governing});
  // tool.execute.after
  registry.add(make<gateway::SecretScannerHook>(parts.scanner), {10, kGuard, Millis(60'000)});
  registry.add(make<gateway::HiddenTextHook>(), {20, kGuard});
  registry.add(make<orchestration::AgentUiHook>(session.on_task), {30, kObserver});
  registry.add(make<orchestration::SkillUseHook>(session.scopes), {35, kGuard});
  registry.add(
      make<orchestration::ResourceTrackHook>(session.control, session.max_result, session.keep),
      {40, kObserver});
  // assistant.done
  registry.add(make<orchestration::SanityCheckHook>(session.anomalies, system_clock(),
                                                    session.control.messages()),
               {10, kObserver});
  registry.add(make<orchestration::MissionControlHook>(parts.desk),
               {20, kObserver, Millis(300'000)});
  registry.add(make<orchestration::SkillEndHook>(session.scopes), {25, kObserver});
  registry.add(make<orchestration::ResourceCompactHook>(session.control), {30, kObserver});
}

}  // namespace oap::platform
