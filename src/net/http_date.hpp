#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace oap::net {

/// An HTTP date in any of the three forms of RFC 9110 §5.6.7; nothing where the text is none.
std::optional<WallTime> parse_http_date(std::string_view text);

/// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string format_http_date(WallTime at);

}  // namespace oap::net
