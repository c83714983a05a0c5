#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "os/fd.hpp"
#include "sandbox/allow_list.hpp"

namespace oap::sandbox {

/// One connection that a child asked for, when it is over or was refused.
struct Contact {
  std::string host;
  std::uint16_t port = 0;
  std::string address;  ///< that was connected to, or ""
  std::string refusal;  ///< why it was refused or failed, or ""
  std::uint64_t bytes_out = 0;
  std::uint64_t bytes_in = 0;
};
using ContactSink = std::function<void(const Contact&)>;

struct ProxyOptions {
  Millis ask_time{10'000};      ///< for the request
  Millis connect_time{15'000};  ///< for the name and the connection
  Millis idle_time{300'000};    ///< without a byte either way
  std::size_t most_connections = 256;
};

/// Serves Child::listener() until it is cancelled: HTTP CONNECT, plain HTTP and SOCKS5, to the
/// hosts of the list alone. A name is resolved here, each of its addresses judged, and one of those
/// connected to (so that it cannot change in between); addresses that are not public only where the
/// list names the address itself, and link-local ones (metadata services) never.
Task<void> serve_proxy(Executor executor, os::UniqueFd listener, AllowList allowed,
                       ContactSink sink, ProxyOptions options);

}  // namespace oap::sandbox
