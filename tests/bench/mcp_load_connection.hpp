#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <unistd.h>

#include "base/result.hpp"
#include "mcp_load_wire.hpp"

namespace oap::bench {

/// A socket with the call that is under way on it; closes the socket at its end.
struct Connection {
  int fd = -1;
  bool wants_write = false;
  bool busy = false;
  bool answered = false;
  std::size_t sent = 0;
  std::uint64_t id = 0;
  std::uint64_t began = 0;
  std::string session;
  Template request;
  ResponseReader reader;

  Connection() = default;
  Connection(Connection&& other) noexcept
      : fd(std::exchange(other.fd, -1)),
        wants_write(other.wants_write),
        busy(other.busy),
        answered(other.answered),
        sent(other.sent),
        id(other.id),
        began(other.began),
        session(std::move(other.session)),
        request(std::move(other.request)),
        reader(std::move(other.reader)) {}
  Connection& operator=(Connection&&) = delete;
  ~Connection() { close_socket(); }

  void close_socket() {
    if (fd >= 0) {
      ::close(std::exchange(fd, -1));
    }
  }
};

/// A connected, non-blocking socket.
Result<int> open_socket(const Target& target);

/// One request and the whole response, waiting; with `until_message` only its first message.
Result<void> exchange(Connection& connection, std::string_view request, int deadline_s,
                      bool until_message = false);

/// Connects; in the legacy era also initializes a session.
Result<void> greet(Connection& connection, const Target& target, int deadline_s);

}  // namespace oap::bench
