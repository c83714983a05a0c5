#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "platform/settings.hpp"
#include "session/agent_files.hpp"

namespace oap::platform {

/// The four that are built in.
inline constexpr std::string_view kRoles[] = {"commander", "planner", "worker", "reviewer"};
bool is_role(std::string_view name);

/// The agents' files as they count here.
session::AgentListing agent_files(const Settings& settings);

/// The agents of one's own, of files and of `agents:` in the configuration, as they count here.
std::vector<std::string> own_names(const Settings& settings, const session::AgentListing& files);
std::vector<std::string> own_agents(const Settings& settings);

}  // namespace oap::platform
