#pragma once

#include <string>

#include "orchestration/orchestrator.hpp"
#include "platform/models.hpp"
#include "platform/settings.hpp"

namespace oap::platform {

/// The four agents: provider and model, prompt (embedded, or overridden by
/// agents.<role>.system_prompt_file or .opencode/prompts/<agent>.md of a trusted folder), and the
/// context files of the workspace and the user. `model` is --model, or empty.
Result<orchestration::AgentSet> make_agents(const Settings& settings, ModelSet& models,
                                            const std::string& model);

orchestration::OrchestratorOptions orchestrator_options(const config::Config& config);

}  // namespace oap::platform
