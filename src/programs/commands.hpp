#pragma once

#include <string>

#include "programs/hook_set.hpp"

namespace oap::programs {

/// Of all that decides what a handler does: what it says, and the programs of the workspace that
/// its command names, as they are now. Reads them, blocking, bounded.
std::string digest_of(const Handler& handler, const std::string& workspace);

}  // namespace oap::programs
