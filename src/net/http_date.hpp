#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace oap::net {

/// An HTTP date in any of the three forms of RFC 9110 §5.6.7; nothing where the text is none.
std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace oap::net
