#include "platform/guard_table.hpp"

namespace oap::platform {

void register_guards(hooks::Registry& registry, const GuardParts& parts) {
  constexpr auto kGuard = hooks::FailurePolicy::kGuard;
  registry.add(std::make_unique<gateway::StrictRoleGuard>(parts.roles), {10, kGuard});
  registry.add(std::make_unique<orchestration::SkillScopeGuard>(parts.scopes), {15, kGuard});
  // Before Permission: of two that ask the first one's rule stands, and this one no flag answers.
  registry.add(std::make_unique<gateway::GoverningFileGuard>(parts.governing), {18, kGuard});
  const auto verdicts = std::make_shared<gateway::SharedVerdicts>(parts.security_policy);
  registry.add(std::make_unique<gateway::PermissionHook>(parts.engine, verdicts, parts.skills),
               {20, kGuard});
  registry.add(std::make_unique<gateway::SecurityPolicyHook>(verdicts), {30, kGuard});
}

}  // namespace oap::platform
