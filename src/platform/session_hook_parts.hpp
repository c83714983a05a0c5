#pragma once

#include <functional>
#include <memory>
#include <string>

#include "platform/hook_table.hpp"
#include "platform/settings.hpp"
#include "session/session_manager.hpp"

namespace oap::platform {

/// What the hooks around a session's conversation work with, as this workspace is set up. `model`
/// is --model, or empty. `sessions` is asked only when a hook runs.
std::unique_ptr<SessionHookParts> session_hook_parts(
    const Settings& settings, const std::string& model,
    const std::function<session::SessionManager&()>& sessions);

}  // namespace oap::platform
