#include <array>
#include <cstdio>
#include <utility>

#include <arpa/inet.h>
#include <errno.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "json/print.hpp"
#include "mcp_load_run.hpp"

namespace oap::bench {

namespace {

constexpr std::size_t kReadSize = 256U * 1024U;

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

/// One request and the whole response (or, with `head_only`, the response's beginning), blocking.
Result<void> exchange(Connection& connection, std::string_view request, int deadline_s,
                      bool until_message = false) {
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

/// Connects; in the legacy era also initializes a session.
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

class HttpLoad {
 public:
  explicit HttpLoad(const Load& load)
      : load_(load), epoll_(::epoll_create1(EPOLL_CLOEXEC)), buffer_(kReadSize, '\0') {}
  ~HttpLoad() { ::close(epoll_); }
  HttpLoad(const HttpLoad&) = delete;
  HttpLoad& operator=(const HttpLoad&) = delete;

  Result<void> connect() {
    connections_.reserve(load_.connections);
    for (std::size_t i = 0; i < load_.connections; ++i) {
      Connection connection;
      OAP_CHECK_OK(greet(connection, load_.target, load_.deadline_s));
      connection.request = call_request(load_.target, connection.session);
      connections_.push_back(std::move(connection));
      watch(i, EPOLL_CTL_ADD);
    }
    return {};
  }

  Result<void> run(std::size_t calls, Stats& stats) {
    stats_ = &stats;
    to_start_ = to_finish_ = calls;
    stats.latencies.reserve(calls);
    const std::uint64_t began = now_ns();
    const double cpu_began = cpu_us();
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      start(i);
    }
    std::array<epoll_event, 64> events{};
    while (to_finish_ > 0 && stats.error_count <= load_.max_errors) {
      const int n = ::epoll_wait(epoll_, events.data(), events.size(), load_.deadline_s * 1000);
      if (n == 0) {
        return fail(Code::kDeadlineExceeded, "no progress for {} s, {} calls open",
                    load_.deadline_s, to_finish_);
      }
      for (int i = 0; i < n; ++i) {
        handle(events[static_cast<std::size_t>(i)].data.u64,
               events[static_cast<std::size_t>(i)].events);
      }
    }
    stats.seconds = static_cast<double>(now_ns() - began) / 1e9;
    stats.cpu_us = cpu_us() - cpu_began;
    return {};
  }

 private:
  void watch(std::size_t i, int operation) {
    Connection& connection = connections_[i];
    epoll_event event{};
    event.events = connection.wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
    event.data.u64 = i;
    ::epoll_ctl(epoll_, operation, connection.fd, &event);
  }

  void start(std::size_t i) {
    Connection& connection = connections_[i];
    if (to_start_ == 0 || connection.fd < 0 || connection.busy) {
      return;
    }
    --to_start_;
    connection.id = next_id_++;
    connection.request.set_id(connection.id);
    connection.sent = 0;
    connection.busy = true;
    connection.answered = false;
    connection.reader.reset();
    connection.began = now_ns();
    write(i);
  }

  void write(std::size_t i) {
    Connection& connection = connections_[i];
    const std::string& text = connection.request.text;
    while (connection.sent < text.size()) {
      const ssize_t n = ::send(connection.fd, text.data() + connection.sent,
                               text.size() - connection.sent, MSG_NOSIGNAL);
      if (n < 0) {
        if (errno != EAGAIN) {
          connection.sent = text.size();  // what the server said may still be read
        }
        break;
      }
      connection.sent += static_cast<std::size_t>(n);
    }
    const bool wants_write = connection.sent < text.size();
    if (wants_write != connection.wants_write) {
      connection.wants_write = wants_write;
      watch(i, EPOLL_CTL_MOD);
    }
  }

  void handle(std::size_t i, std::uint32_t events) {
    Connection& connection = connections_[i];
    if ((events & EPOLLOUT) != 0 && connection.wants_write) {
      write(i);
    }
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) {
      return;
    }
    const ssize_t n = ::recv(connection.fd, buffer_.data(), buffer_.size(), 0);
    if (n < 0 && errno == EAGAIN) {
      return;
    }
    if (n <= 0) {
      finish(i, n == 0 ? "the server closed the connection" : strerror(errno), false);
      return;
    }
    if (!connection.busy) {
      return;  // a close notice or a late keep-alive comment
    }
    std::string_view in(buffer_.data(), static_cast<std::size_t>(n));
    const bool complete = connection.reader.feed(in);
    while (!connection.answered) {
      const std::string_view message = connection.reader.next_message();
      if (message.empty()) {
        break;
      }
      if (connection.reader.status() == 200 && is_answer(message, connection.id)) {
        connection.answered = true;
        stats_->latencies.push_back(now_ns() - connection.began);
      } else if (complete) {
        last_message_ = message.substr(0, 200);
      }
    }
    if (complete) {
      const int status = connection.reader.status();
      const bool whole = connection.sent == connection.request.text.size();
      std::string problem;
      if (!connection.answered) {
        problem = fmt::format("status {}: {}", status, last_message_);
      }
      finish(i, std::move(problem), connection.reader.keeps_alive() && whole);
    }
  }

  void finish(std::size_t i, std::string problem, bool keep) {
    Connection& connection = connections_[i];
    if (connection.busy) {
      connection.busy = false;
      --to_finish_;
      if (!connection.answered) {
        stats_->add_error(std::move(problem));
      }
    }
    if (!keep) {
      connection.close_socket();
      connection.wants_write = false;
      ++stats_->reconnects;
      auto fd = open_socket(load_.target);
      if (!fd) {
        stats_->add_error(fd.error().message());
        stats_->error_count += load_.max_errors;
        return;
      }
      connection.fd = *fd;
      watch(i, EPOLL_CTL_ADD);
    }
    start(i);
  }

  const Load& load_;
  int epoll_;
  std::string buffer_;
  std::string last_message_;
  std::vector<Connection> connections_;
  Stats* stats_ = nullptr;
  std::size_t to_start_ = 0;
  std::size_t to_finish_ = 0;
  std::uint64_t next_id_ = kFirstId;
};

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

Result<Stats> run_http(const Load& load) {
  HttpLoad http(load);
  OAP_CHECK_OK(http.connect());
  Stats stats;
  if (load.warmup > 0) {
    OAP_CHECK_OK(http.run(load.warmup, stats));
    if (stats.error_count > load.max_errors) {
      return stats;
    }
    stats = {};
  }
  OAP_CHECK_OK(http.run(load.calls, stats));
  return stats;
}

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
