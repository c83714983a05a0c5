#pragma once

#include "gateway/hooks/guards.hpp"
#include "hooks/registry.hpp"
#include "orchestration/hooks/skill_scope.hpp"
#include "permission/engine.hpp"
#include "security/role_matrix.hpp"
#include "security/security_policy.hpp"

namespace oap::platform {

/// What the guards of tool calls work with; all but `roles` and `skills` outlives the registry.
struct GuardParts {
  const permission::Engine& engine;
  const security::SecurityPolicy& security_policy;
  orchestration::SkillScopes& scopes;
  const security::RoleMatrix& roles;
  const gateway::SkillSources& skills;
};

/// The rows of the table of hooks (`hook_table.hpp`) at tool.execute.before: all that a decision
/// needs, apart, so that a program which only decides need not hold the rest.
void register_guards(hooks::Registry& registry, const GuardParts& parts);

}  // namespace oap::platform
