#pragma once

#include <string>

#include "base/result.hpp"

namespace oap::store {

/// Whether the SQLite file at `path`, which exists, can be read and is whole. Reads all of it and
/// changes nothing in it. kDataLoss: damaged, the message says what to do.
Result<void> check(const std::string& path);

}  // namespace oap::store
