#pragma once

#include <string>

#include "config/paths.hpp"

namespace oap::platform {

/// The state directory of all workspaces, and where its daemon listens.
struct DaemonPlace {
  std::string state_root;
  std::string socket;
};
/// kConfiguration where there is no state directory, or its name is relative.
Result<DaemonPlace> daemon_place(const config::Env& env);

}  // namespace oap::platform
