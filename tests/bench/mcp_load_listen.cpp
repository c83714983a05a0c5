#include <array>
#include <cstdio>

#include <errno.h>
#include <fmt/format.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "json/print.hpp"
#include "mcp_load_connection.hpp"
#include "mcp_load_run.hpp"

namespace oap::bench {

namespace {

Result<void> open_stream(Connection& connection, const Target& target, int deadline_s) {
  OAP_CHECK_OK(greet(connection, target, deadline_s));
  if (target.era == Era::kModern) {
    OAP_CHECK_OK(exchange(connection,
                          post(target, {}, listen_message(), "subscriptions/listen", {}),
                          deadline_s, true));
  } else {
    // A legacy stream may stay silent: its head is the sign that it is open.
    connection.reader.reset();
    const std::string request = get_stream(target, connection.session);
    if (::send(connection.fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) {
      return fail(Code::kUnavailable, "send: {}", strerror(errno));
    }
    pollfd wait{connection.fd, POLLIN, 0};
    std::string buffer(16384, '\0');
    while (!connection.reader.has_head()) {
      if (::poll(&wait, 1, deadline_s * 1000) != 1) {
        return fail(Code::kDeadlineExceeded, "no response to GET within {} s", deadline_s);
      }
      const ssize_t n = ::recv(connection.fd, buffer.data(), buffer.size(), 0);
      if (n <= 0) {
        return fail(Code::kUnavailable, "the server closed the connection on GET");
      }
      std::string_view in(buffer.data(), static_cast<std::size_t>(n));
      connection.reader.feed(in);
    }
  }
  if (connection.reader.status() != 200 || connection.reader.is_complete()) {
    return fail(Code::kUnavailable, "the listen stream was answered with {}",
                connection.reader.status());
  }
  return {};
}

std::size_t count_alive(std::vector<Connection>& connections) {
  std::size_t alive = 0;
  std::string buffer(65536, '\0');
  for (Connection& connection : connections) {
    ssize_t n = 1;
    while (n > 0) {
      n = ::recv(connection.fd, buffer.data(), buffer.size(), 0);
    }
    alive += n < 0 && errno == EAGAIN ? 1 : 0;
  }
  return alive;
}

}  // namespace

Result<void> run_listen(const Target& target, std::size_t streams, int deadline_s) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const std::uint64_t began = now_ns();
  std::vector<Connection> connections;
  connections.reserve(streams);
  std::string problem;
  for (std::size_t i = 0; i < streams; ++i) {
    Connection connection;
    if (auto opened = open_stream(connection, target, deadline_s); !opened) {
      problem = opened.error().message();
      break;
    }
    connections.push_back(std::move(connection));
  }
  fmt::print("{{\"open\":{},\"seconds\":{:.3f},\"problem\":{}}}\n", connections.size(),
             static_cast<double>(now_ns() - began) / 1e9, json::quote(problem));
  std::fflush(stdout);
  std::array<char, 64> line{};
  while (::read(STDIN_FILENO, line.data(), line.size()) > 0) {
  }
  fmt::print("{{\"alive\":{}}}\n", count_alive(connections));
  return {};
}

}  // namespace oap::bench
