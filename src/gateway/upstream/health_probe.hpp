#pragma once

#include <memory>
#include <string>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "gateway/upstream/link.hpp"
#include "net/http_client.hpp"

namespace oap::gateway {

/// How it is found out whether a server still serves. Data.
struct ProbeOptions {
  std::string url;          ///< health_check_url; "" = a cheap request to the server itself
  Millis interval{30'000};  ///< between probes, only while the server is used
  Millis again{5'000};      ///< after a probe that missed
  Millis timeout{5'000};
  int misses = 3;  ///< so many in a row: degraded, and restarted once no call is open
};

/// One probe. With a URL: a 2xx answer. Else any answer, also a refusal, to `ping` (legacy) or
/// `server/discover` (modern). An error says what was wrong. `http` is borrowed; needed for a URL.
Task<Result<void>> probe(std::shared_ptr<Connection> connection, ProbeOptions options,
                         net::HttpClient* http);

}  // namespace oap::gateway
