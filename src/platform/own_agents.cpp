#include "platform/own_agents.hpp"

#include <algorithm>
#include <iterator>

namespace oap::platform {

bool is_role(std::string_view name) {
  return std::find(std::begin(kRoles), std::end(kRoles), name) != std::end(kRoles);
}

std::vector<std::string> own_names(const Settings& settings, const session::AgentListing& files) {
  std::vector<std::string> names;
  for (const session::AgentDefinition& file : files.agents) {
    if (!is_role(file.name) && file.name != "executor" && file.name != "user") {
      names.push_back(file.name);
    }
  }
  for (const auto& [name, config] : settings.config.agents.others) {
    if (files.find(name) == nullptr && !is_role(name)) {
      names.push_back(name);
    }
  }
  return names;
}

session::AgentListing agent_files(const Settings& settings) {
  return session::find_agents({settings.paths.workspace, settings.paths.project_dir,
                               settings.paths.user_dir, settings.paths.home,
                               settings.config.trusted});
}

std::vector<std::string> own_agents(const Settings& settings) {
  return own_names(settings, agent_files(settings));
}

}  // namespace oap::platform
