#pragma once

#include <string>
#include <string_view>

#include "gateway/catalog.hpp"
#include "gateway/gateway.hpp"
#include "hooks/registry.hpp"
#include "orchestration/hooks/skill_scope.hpp"
#include "platform/models.hpp"
#include "platform/settings.hpp"
#include "workflow/step_runner.hpp"

namespace oap::platform {

struct AgentStepParts {
  const Settings& settings;
  gateway::Gateway& gateway;
  gateway::Catalog& catalog;
  hooks::Registry& hooks;
  const gateway::Redactor& redactor;
  ModelSet& models;
  Principal principal;
  std::string model;                             ///< --model, or empty
  orchestration::SkillScopes* scopes = nullptr;  ///< null: no skill narrows
};

/// Whether there is such an agent and such a model; "" is the default of either. kNotFound, kUsage.
Result<void> check_agent(const Settings& settings, ModelSet& models, std::string_view agent,
                         const std::string& model);

/// One agent's turns as a workflow step: the step's prompt, only the step's tools, an answer of its
/// schema. A step that ends on a denied call fails with it; one that ran out of turns or budget
/// fails with resource_exhausted. What it used is in the result whatever happened.
Task<Result<workflow::StepResult>> run_agent_step(AgentStepParts parts,
                                                  workflow::StepRequest request);

}  // namespace oap::platform
