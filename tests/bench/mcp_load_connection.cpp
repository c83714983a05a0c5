#include "mcp_load_connection.hpp"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

namespace oap::bench {

Result<int> open_socket(const Target& target) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) {
    return fail(Code::kUnavailable, "socket: {}", strerror(errno));
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(target.port);
  ::inet_pton(AF_INET, target.host.c_str(), &address.sin_addr);
  // NOLINTNEXTLINE: the socket interface wants it
  int rc = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
  if (rc != 0 && errno == EINPROGRESS) {
    pollfd wait{fd, POLLOUT, 0};
    socklen_t size = sizeof rc;
    if (::poll(&wait, 1, 10'000) != 1 || ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &rc, &size) != 0) {
      rc = ETIMEDOUT;
    }
    errno = rc;
  }
  if (rc != 0) {
    const int cause = errno;
    ::close(fd);
    return fail(Code::kUnavailable, "cannot connect to {}:{}: {}", target.host, target.port,
                strerror(cause));
  }
  return fd;
}

Result<void> exchange(Connection& connection, std::string_view request, int deadline_s,
                      bool until_message) {
  connection.reader.reset();
  std::string buffer(16384, '\0');
  const std::uint64_t end = now_ns() + static_cast<std::uint64_t>(deadline_s) * 1'000'000'000U;
  while (now_ns() < end) {
    pollfd wait{connection.fd, static_cast<short>(request.empty() ? POLLIN : POLLIN | POLLOUT), 0};
    if (::poll(&wait, 1, 1000) <= 0) {
      continue;
    }
    if (!request.empty() && (wait.revents & POLLOUT) != 0) {
      const ssize_t n = ::send(connection.fd, request.data(), request.size(), MSG_NOSIGNAL);
      if (n > 0) {
        request.remove_prefix(static_cast<std::size_t>(n));
      }
    }
    if ((wait.revents & (POLLIN | POLLHUP | POLLERR)) == 0) {
      continue;
    }
    const ssize_t n = ::recv(connection.fd, buffer.data(), buffer.size(), 0);
    if (n == 0 || (n < 0 && errno != EAGAIN)) {
      return fail(Code::kUnavailable, "the server closed the connection during the handshake");
    }
    std::string_view in(buffer.data(), n < 0 ? 0 : static_cast<std::size_t>(n));
    const bool complete = connection.reader.feed(in);
    const bool enough =
        until_message && connection.reader.has_head() &&
        (connection.reader.status() != 200 || !connection.reader.next_message().empty());
    if (complete || enough) {
      return {};
    }
  }
  return fail(Code::kDeadlineExceeded, "no answer within {} s during the handshake", deadline_s);
}

Result<void> greet(Connection& connection, const Target& target, int deadline_s) {
  OAP_TRY(connection.fd, open_socket(target));
  if (target.era == Era::kModern) {
    return {};
  }
  OAP_CHECK_OK(
      exchange(connection, post(target, {}, initialize_message(), "initialize", {}), deadline_s));
  const int status = connection.reader.status();
  const std::string_view message = connection.reader.next_message();
  if (status != 200 || !is_answer(message, 1)) {
    return fail(Code::kUnavailable, "initialize was answered with {}: {}", status,
                message.substr(0, 200));
  }
  connection.session = connection.reader.session();
  if (!connection.reader.keeps_alive()) {
    connection.close_socket();
    OAP_TRY(connection.fd, open_socket(target));
  }
  OAP_CHECK_OK(exchange(connection, post(target, connection.session, initialized_message(), {}, {}),
                        deadline_s));
  if (connection.reader.status() / 100 != 2) {
    return fail(Code::kUnavailable, "notifications/initialized was answered with {}",
                connection.reader.status());
  }
  if (!connection.reader.keeps_alive()) {
    connection.close_socket();
    OAP_TRY(connection.fd, open_socket(target));
  }
  return {};
}

}  // namespace oap::bench
