#pragma once

#include <string>
#include <string_view>

namespace oap {

/// A fresh identifier: the prefix and a lower-case ULID (26 Crockford characters, 48 bits of
/// milliseconds then 80 random bits). Ids made later in one process sort later. Thread-safe.
/// Prefixes in use: ses_ task_ run_ call_ evt_ apr_ mis_.
std::string new_id(std::string_view prefix);

}  // namespace oap
