#include "net/testing/serving.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <future>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "async/promise.hpp"
#include "async/runtime.hpp"
#include "async/scope.hpp"
#include "async/sleep.hpp"

namespace oap::net::testing {

struct Serving::Thread {
  HttpServer::Handler handler;
  HttpServer::Options options;
  std::promise<std::uint16_t> listening;
  async::Promise<Millis> stop;
  std::atomic<std::size_t> connections{0};
  std::atomic<bool> watching{true};
  std::uint16_t port = 0;
  std::thread thread;

  static Task<void> watch(Thread& self, HttpServer& server) {
    while (self.watching) {
      self.connections = server.connections();
      const auto waited = co_await async::sleep_for(Millis(2));
      if (!waited) {
        co_return;
      }
    }
  }

  static Task<void> main(Thread& self) {
    const Executor executor = co_await boost::asio::this_coro::executor;
    auto server = HttpServer::listen(executor, self.options, self.handler);
    if (!server) {
      std::abort();
    }
    async::Scope scope(executor);
    scope.spawn((*server)->serve());
    scope.spawn(watch(self, **server));
    self.listening.set_value((*server)->port());
    const Deadline never = Deadline::never();
    const auto grace = co_await self.stop.get(never);
    const Deadline until = Deadline::after(grace.value_or(Millis(0)));
    co_await (*server)->close(until);
    self.watching = false;
    co_await scope.join();
    self.connections = (*server)->connections();
  }
};

Serving::Serving(HttpServer::Handler handler, HttpServer::Options options)
    : thread_(std::make_unique<Thread>()) {
  thread_->handler = std::move(handler);
  thread_->options = std::move(options);
  auto port = thread_->listening.get_future();
  thread_->thread = std::thread([&self = *thread_] {
    async::Runtime runtime;
    runtime.run(Thread::main(self));
  });
  thread_->port = port.get();
}

Serving::~Serving() { close(); }

void Serving::close(Millis grace) {
  if (thread_->thread.joinable()) {
    thread_->stop.set(grace);
    thread_->thread.join();
  }
}

std::uint16_t Serving::port() const { return thread_->port; }
std::string Serving::url() const { return fmt::format("http://127.0.0.1:{}", port()); }
std::size_t Serving::connections() const { return thread_->connections; }

bool Serving::wait_for_connections(std::size_t count) const {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (connections() != count && std::chrono::steady_clock::now() < until) {
    std::this_thread::yield();
  }
  return connections() == count;
}

RawClient::RawClient(std::uint16_t port, const char* address) {
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  const bool is_v4 = ::inet_pton(AF_INET, address, &v4.sin_addr) == 1;
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  ::inet_pton(AF_INET6, address, &v6.sin6_addr);
  socket_ = ::socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{5, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const auto* to =
      is_v4 ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6);
  if (::connect(socket_, to, is_v4 ? sizeof v4 : sizeof v6) != 0) {
    close();
  }
}

RawClient::~RawClient() { close(); }
RawClient::RawClient(RawClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), held_(std::move(other.held_)) {}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

/// 1: some bytes; 0: the end; -1: a reset; -2: nothing for too long.
int RawClient::fill() {
  char buffer[16384];
  const ssize_t got = ::recv(socket_, buffer, sizeof buffer, 0);
  if (got > 0) {
    held_.append(buffer, static_cast<std::size_t>(got));
    return 1;
  }
  const bool silent = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  return got == 0 ? 0 : silent ? -2 : -1;
}

std::string RawClient::read_until(std::string_view end) {
  std::size_t found = held_.find(end);
  while (found == std::string::npos && fill() > 0) {
    found = held_.find(end);
  }
  if (found == std::string::npos) {
    return std::exchange(held_, {});
  }
  std::string taken = held_.substr(0, found + end.size());
  held_.erase(0, taken.size());
  return taken;
}

std::string RawClient::read_answer(bool with_body) {
  std::string answer = read_until("\r\n\r\n");
  constexpr std::string_view kLength = "Content-Length: ";
  const std::size_t at = answer.find(kLength);
  std::size_t length = 0;
  if (with_body && at != std::string::npos) {
    std::from_chars(answer.data() + at + kLength.size(), answer.data() + answer.size(), length);
  }
  while (held_.size() < length && fill() > 0) {
  }
  answer += held_.substr(0, length);
  held_.erase(0, std::min(length, held_.size()));
  return answer;
}

std::string RawClient::read_all() {
  int last = 1;
  while (last > 0) {
    last = fill();
  }
  if (last < 0) {
    held_ += last == -1 ? "<reset>" : "<silence>";
  }
  return std::exchange(held_, {});
}

bool RawClient::has_bytes(Millis wait) {
  pollfd poll{socket_, POLLIN, 0};
  return !held_.empty() || ::poll(&poll, 1, static_cast<int>(wait.count())) > 0;
}

void RawClient::end_sending() { ::shutdown(socket_, SHUT_WR); }

void RawClient::reset() {
  const linger at_once{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

void RawClient::close() {
  if (socket_ >= 0) {
    ::close(std::exchange(socket_, -1));
  }
}

void RawClient::shrink_receive_buffer() {
  const int bytes = 4096;
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

}  // namespace oap::net::testing
