#include "platform/session_hook_parts.hpp"

#include "base/log.hpp"
#include "platform/agents.hpp"
#include "platform/outputs.hpp"
#include "platform/skill_settings.hpp"
#include "session/output_files.hpp"

namespace oap::platform {
namespace {

constexpr std::size_t kMostResultWithoutModel = 256U << 10U;

session::SystemMessages system_messages(const Settings& settings) {
  std::vector<std::string> problems;
  auto messages = session::SystemMessages::load(
      settings.config.trusted ? settings.paths.project_dir + "/prompts" : std::string(), problems);
  for (const std::string& problem : problems) {
    log::warn("platform", problem);
  }
  return messages;
}

/// Agents' files may narrow the tools of their role.
void narrow_roles(const Settings& settings, orchestration::SkillScopes& scopes) {
  for (const session::AgentDefinition& agent : agent_files(settings).agents) {
    if (agent.tools || !agent.disallowed_tools.empty()) {
      scopes.set_role(agent.name == "executor" ? "worker" : agent.name,
                      {agent.tools.value_or(std::vector<std::string>()), agent.disallowed_tools});
    }
  }
}

std::size_t most_result(const Settings& settings, const std::string& model) {
  const std::string worker = reference_for(settings.config.agents.executor, model, settings.env);
  return worker == "offline" ? kMostResultWithoutModel
                             : std::size_t{settings.config.context.max_result};
}

}  // namespace

std::unique_ptr<SessionHookParts> session_hook_parts(
    const Settings& settings, const std::string& model,
    const std::function<session::SessionManager&()>& sessions) {
  orchestration::ContextLimits limits;
  limits.share = settings.config.context.compact_at;
  auto made = std::make_unique<SessionHookParts>(limits, system_clock());
  made->control.set_open_items(
      [path = settings.paths.project_dir + "/todo.md"] { return open_items_of(path); });
  made->control.set_messages(system_messages(settings));
  made->keep = [folder = outputs_dir(settings)](const std::string& session_id,
                                                std::string_view text) {
    return session::OutputFiles(folder).keep(session_id, text);
  };
  made->anomalies = {[sessions](const std::string& id) { return sessions().record_anomaly(id); },
                     [sessions](const std::string& id) { return sessions().reset_anomaly(id); }};
  made->on_task = [sessions](const std::string& id, std::string task) {
    if (const auto noted = sessions().update_current_task(id, std::move(task)); !noted) {
      log::warn("platform", "the current task was not noted", {{"why", noted.error().to_string()}});
    }
  };
  made->skills = skill_sources(settings);
  made->governing = {settings.config.sandbox.protect, settings.config.sandbox.unprotect};
  made->roles = role_matrix(settings);
  narrow_roles(settings, made->scopes);
  made->max_result = most_result(settings, model);
  return made;
}

}  // namespace oap::platform
