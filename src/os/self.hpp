#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace oap::os {

/// The path of the running program's own file (/proc/self/exe).
Result<std::string> self_path();

/// The most memory that this process has had resident so far, in bytes.
std::uint64_t peak_rss_bytes();

}  // namespace oap::os
