#pragma once

#include <cstddef>
#include <string>

#include "base/result.hpp"

namespace oap::cli {

/// Standard input up to its end. kUsage where it cannot be read or is larger than `max_bytes`.
/// Blocks; for use before the event loop runs.
Result<std::string> read_stdin(std::size_t max_bytes);

}  // namespace oap::cli
