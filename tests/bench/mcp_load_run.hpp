#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "mcp_load_wire.hpp"

/// The loops of the MCP load generator: one thread, raw sockets and pipes, epoll.
namespace oap::bench {

struct Load {
  Target target;
  std::size_t connections = 1;  ///< HTTP; each has a session of its own (legacy)
  std::size_t window = 1;       ///< stdio: calls in flight at once
  std::size_t warmup = 100;     ///< calls before the clock starts
  std::size_t calls = 1000;
  int deadline_s = 60;          ///< without any progress
  std::size_t max_errors = 20;  ///< then the run ends
};

/// Calls over HTTP in a closed loop: each connection sends its next call when the last is answered.
Result<Stats> run_http(const Load& load);

/// The same over the standard streams of `command`, which is ended afterwards.
Result<Stats> run_stdio(const Load& load, const std::vector<std::string>& command);

/// Opens `streams` listen streams (modern: subscriptions/listen POSTs; legacy: a session and a GET
/// each), prints {"open":…} as a line, holds them until stdin ends, prints {"alive":…}.
Result<void> run_listen(const Target& target, std::size_t streams, int deadline_s);

}  // namespace oap::bench
