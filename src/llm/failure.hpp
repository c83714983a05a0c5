#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "json/value.hpp"
#include "net/headers.hpp"

namespace oap::llm {

/// One failed attempt at a model call, and whether another one may go better.
struct Failure {
  Error error;
  bool retryable = false;
  bool stalled = false;
  std::optional<Millis> retry_after;  ///< the server's own wish
  int status = 0;                     ///< of the HTTP answer, 0 where none came
  std::string detail;                 ///< what the server said, for `Dialect::adapt`
};

template <class T>
using Attempt = tl::expected<T, Failure>;

/// At most 200 bytes of a foreign text, every control and invisible character escaped.
std::string excerpt(std::string_view text);

/// An HTTP answer other than 2xx. Retryable are 408, 409, 429 and 5xx, but for an exhausted quota;
/// `x-should-retry` overrides; `retry-after-ms`, then `retry-after` (seconds or a date) are read.
Failure http_failure(std::string_view provider, int status, const net::HeaderList& headers,
                     std::string_view body, WallTime now);

/// The transport gave up: connections and garbage are retryable, a stall is marked as one.
Failure transport_failure(Error error);

/// An error object that a stream or a 200 answer carried: {type, code, message}.
Failure stated_failure(std::string_view provider, const json::Value& error);

/// Something that is not the wire dialect. Retryable, as a broken connection is.
Failure garbage_failure(std::string_view provider, std::string_view what, std::string_view data);

/// The stream ended before the answer did. Retryable.
Failure cut_failure(std::string_view provider);

}  // namespace oap::llm
