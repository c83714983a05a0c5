#pragma once

#include "platform/settings.hpp"
#include "session/session_manager.hpp"

namespace oap::platform {

/// Where runs note what they use until it is stored with their session.
std::string used_folder(const Settings& settings);

/// Adds to their sessions what runs had used whose processes were killed.
void adopt_usage(const Settings& settings, session::SessionManager& sessions);

}  // namespace oap::platform
