#pragma once

#include <string_view>

namespace oap::security {

/// What the build compiled of token_types() and mark_patterns(): a Vectorscan database as it lies
/// in memory, at a multiple of 64. The runtime that is linked is the one that laid it out.
std::string_view secret_database();

}  // namespace oap::security
