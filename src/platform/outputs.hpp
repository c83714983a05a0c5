#pragma once

#include <string>

#include "platform/settings.hpp"

namespace oap::platform {

/// Where results that were cut are kept whole, in the workspace's state.
std::string outputs_dir(const Settings& settings);
/// Removes those of a session.
void remove_outputs(const Settings& settings, const std::string& session_id);

}  // namespace oap::platform
