#pragma once

#include <string>

#include "base/result.hpp"
#include "config/paths.hpp"

namespace oap::config {

/// `Paths::state_root` alone, for who needs no workspace. `home` is empty where there is none.
/// kUsage for a relative $OPENCODE_DATA_PATH, kConfiguration where there is no place for it.
Result<std::string> find_state_root(const Env& env, const std::string& home);
/// $HOME, else the password database; empty where there is neither.
std::string find_home(const Env& env);

}  // namespace oap::config
