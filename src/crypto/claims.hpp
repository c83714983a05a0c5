#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::crypto {

/// What a token must say to count (RFC 7519 §4.1). Empty expectations match nothing.
struct Expected {
  std::string issuer;                  ///< `iss`, byte by byte
  std::vector<std::string> audiences;  ///< one of them must be in `aud`
  Millis leeway{60'000};               ///< for clocks that differ
  std::optional<Millis> max_age;       ///< since `iat`, which must then be there
};

struct Claims {
  std::string issuer;
  std::string subject;  ///< empty: none
  std::vector<std::string> audience;
  WallTime expires;
  std::optional<WallTime> issued;
  json::Object all;
};

/// Checks a verified token's payload against what is expected at `now`. kUnauthenticated says which
/// claim is missing, malformed, past or not yet valid; a token without `exp` is refused. Pure.
Result<Claims> check_claims(std::string_view payload, const Expected& expected, WallTime now);

}  // namespace oap::crypto
