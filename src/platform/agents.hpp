#pragma once

#include <string>
#include <vector>

#include "orchestration/mission/mission_tools.hpp"
#include "orchestration/orchestrator.hpp"
#include "platform/models.hpp"
#include "platform/own_agents.hpp"
#include "platform/settings.hpp"
#include "security/role_matrix.hpp"
#include "session/agent_files.hpp"

namespace oap::platform {

/// The four agents: provider and model, prompt (embedded, or overridden by
/// agents.<role>.system_prompt_file, .opencode/agents/<agent>.md or .opencode/prompts/<agent>.md of
/// a trusted folder), what the skills there are, and the context files of the workspace and the
/// user. `model` is --model, or empty. `with_own`: also those of one's own that tasks may be
/// delegated to; one whose model cannot be used is left out with a line in the log.
Result<orchestration::AgentSet> make_agents(const Settings& settings, ModelSet& models,
                                            const std::string& model, bool with_own = false);

/// An agent of `.opencode/agents/*.md` (or one of the four) ready for turns. kNotFound names the
/// nearest.
Result<orchestration::AgentProfile> make_agent(const Settings& settings, ModelSet& models,
                                               const std::string& model, const std::string& name);

/// The role matrix: built-in rows, changed by `agents.<role>.may`, and a row for each agent's file.
/// A row that cannot be understood is as narrow as can be.
security::RoleMatrix role_matrix(const Settings& settings);

/// What an agent may use at most, and whoever it delegates to: its row; of the Commander, what the
/// configuration has taken from its row. An agent without a row may use nothing.
orchestration::Rights rights_of(const security::RoleMatrix& matrix, std::string_view agent);

/// One agent as `oap agents` shows it.
struct AgentView {
  std::string name;
  std::string description;
  std::string origin;  ///< built-in, or a file
  std::string model;   ///< as it would be chosen
  std::string prompt;
  std::optional<int> max_turns;
  std::optional<double> temperature;
  security::RoleRow rights;
  std::vector<std::string> patterns;  ///< not empty: only commands that fit one, "Bash(git log *)"
  std::vector<std::string> remarks;
};
std::vector<AgentView> agent_views(const Settings& settings, const std::string& model);

/// The open items of a todo.md, a line each, at most 40; empty where there is none. Blocking.
std::string open_items_of(const std::string& path);

orchestration::OrchestratorOptions orchestrator_options(const config::Config& config);

}  // namespace oap::platform
