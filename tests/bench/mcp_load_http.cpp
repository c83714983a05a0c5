#include <array>

#include <errno.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mcp_load_connection.hpp"
#include "mcp_load_run.hpp"

namespace oap::bench {

namespace {

constexpr std::size_t kReadSize = 256U * 1024U;

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

}  // namespace oap::bench
