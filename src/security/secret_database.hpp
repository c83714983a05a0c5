#pragma once

#include <string_view>

namespace oap::security {

/// What the build compiled of token_types() and mark_patterns(), as Vectorscan reads it.
std::string_view secret_database();

}  // namespace oap::security
