#pragma once

#include <string>

#include "shell/script.hpp"

namespace oap::permission {

/// Why this call can run commands that its words do not show as calls (a wrapper that is not
/// unwrapped, an option that takes a command, an interpreter's code or input); "" where it cannot,
/// as far as is known. Only a rule that names the program itself may allow such a call. `hazard` is
/// the call's call_hazard(). Pure.
std::string launch_doubt(const shell::SimpleCommand& command, const std::string& hazard);

}  // namespace oap::permission
