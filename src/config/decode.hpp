#pragma once

#include <vector>

#include "config/config.hpp"
#include "config/merge.hpp"
#include "config/paths.hpp"
#include "config/problem.hpp"

namespace oap::config {

/// The typed form of merged, checked settings whose defaults are filled in, and the faults that
/// only show when several keys are seen together (a remote server without url, a provider without
/// type).
Config decode(const Merged& merged, const Paths& paths, const Env& env,
              std::vector<Problem>& problems);

/// True for `[python, -m, mcp_sandbox]` (also python3, python3.x, with or without a folder).
bool is_sandbox_command(const std::vector<std::string>& command);

}  // namespace oap::config
