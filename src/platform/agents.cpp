#include "platform/agents.hpp"

#include "base/log.hpp"
#include "orchestration/embedded.hpp"
#include "os/file.hpp"
#include "session/context.hpp"

namespace oap::platform {
namespace {

constexpr std::size_t kPromptBytes = 256U << 10U;

Result<std::string> prompt_of(const Settings& settings, const std::string& agent,
                              const config::AgentConfig& config) {
  if (!config.system_prompt_file.empty()) {
    auto text = os::read_file(config.system_prompt_file, kPromptBytes);
    if (!text) {
      return fail(Code::kConfiguration, "agents.{}.system_prompt_file: {}",
                  agent == "worker" ? "executor" : agent, text.error().to_string());
    }
    return text;
  }
  const std::string path = settings.paths.project_dir + "/prompts/" + agent + ".md";
  if (os::exists(path)) {
    if (settings.config.trusted) {
      return os::read_file(path, kPromptBytes);
    }
    log::warn("platform", "prompt left out: the folder is not trusted", {{"file", path}});
  }
  return std::string(orchestration::embedded(agent + ".md"));
}

}  // namespace

Result<orchestration::AgentSet> make_agents(const Settings& settings, ModelSet& models,
                                            const std::string& model) {
  session::ContextOptions options;
  options.home = settings.paths.home;
  options.user_config = settings.paths.user_dir;
  const session::Context context = session::collect_context(settings.paths.workspace, options);
  for (const std::string& warning : context.warnings) {
    log::warn("platform", warning);
  }
  const std::string context_text = session::render(context);
  const auto make = [&](const std::string& name,
                        const config::AgentConfig& config) -> Result<orchestration::AgentProfile> {
    orchestration::AgentProfile profile;
    profile.name = name;
    OAP_TRY(const ModelSet::Choice choice, models.choose(models.reference_for(config, model)));
    profile.provider = choice.provider;
    profile.model = choice.model;
    profile.max_tokens = config.max_tokens;
    profile.temperature = config.temperature;
    OAP_TRY(profile.system, prompt_of(settings, name, config));
    profile.system +=
        "\nThe workspace is " + settings.paths.workspace + "; paths are relative to it.\n";
    if (!context_text.empty()) {
      profile.system += "\n" + context_text;
    }
    return profile;
  };
  const config::Agents& agents = settings.config.agents;
  orchestration::AgentSet set;
  OAP_TRY(set.commander, make("commander", agents.commander));
  OAP_TRY(set.planner, make("planner", agents.planner));
  OAP_TRY(set.worker, make("worker", agents.executor));
  OAP_TRY(set.reviewer, make("reviewer", agents.reviewer));
  return set;
}

orchestration::OrchestratorOptions orchestrator_options(const config::Config& config) {
  orchestration::OrchestratorOptions options;
  const config::Routing& routing = config.routing;
  options.routing.fast_path_threshold = routing.fast_path_threshold;
  options.routing.complexity_threshold = routing.complexity_threshold;
  options.routing.max_tokens = routing.fast_path_rules.max_tokens;
  options.routing.max_tools = routing.fast_path_rules.max_tools;
  options.routing.max_files = routing.fast_path_rules.max_files;
  options.routing.no_external_deps = routing.fast_path_rules.no_external_deps;
  options.agent_timeout = routing.agent_timeout;
  options.max_planning_depth = routing.max_planning_depth;
  options.retry_attempts = config.agents.executor.retry_attempts;
  options.quality_threshold = config.agents.reviewer.quality_threshold;
  return options;
}

}  // namespace oap::platform
