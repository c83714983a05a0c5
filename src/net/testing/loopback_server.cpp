#include "net/testing/loopback_server.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http_head.hpp"

namespace oap::net::testing {
namespace {

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void reset(int socket) {
  const linger at_once{1, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void wait_for_peer_to_leave(int socket) {
  char byte = 0;
  while (::recv(socket, &byte, 1, 0) > 0) {
  }
}

}  // namespace

Reply answer(int status, std::string_view body, std::string_view headers) {
  return {{fmt::format("HTTP/1.1 {} Status\r\nContent-Type: application/json\r\n{}"
                       "Content-Length: {}\r\n\r\n{}",
                       status, headers, body.size(), body)},
          Reply::End::kKeep};
}

Reply event_stream(std::string_view events, std::size_t chunk, Reply::End end) {
  Reply reply{{"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
               "Transfer-Encoding: chunked\r\n\r\n"},
              end};
  while (!events.empty()) {
    const std::string_view piece = events.substr(0, chunk);
    reply.pieces.push_back(fmt::format("{:x}\r\n{}\r\n", piece.size(), piece));
    events.remove_prefix(piece.size());
  }
  if (end == Reply::End::kKeep) {
    reply.pieces.emplace_back("0\r\n\r\n");
  }
  return reply;
}

LoopbackServer::LoopbackServer(std::vector<Reply> replies) : replies_(std::move(replies)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof address;
  if (::bind(listener_, generic, length) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, generic, &length) != 0) {
    std::abort();
  }
  url_ = fmt::format("http://127.0.0.1:{}", ntohs(address.sin_port));
  acceptor_ = std::thread([this] { accept_loop(); });
}

LoopbackServer::~LoopbackServer() {
  std::vector<std::thread> threads;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    for (const int socket : sockets_) {
      ::shutdown(socket, SHUT_RDWR);
    }
  }
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const MutexLock lock(mutex_);
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  ::close(listener_);
}

std::vector<LoopbackServer::Request> LoopbackServer::requests() const {
  const MutexLock lock(mutex_);
  return requests_;
}

int LoopbackServer::connections() const {
  const MutexLock lock(mutex_);
  return static_cast<int>(threads_.size());
}

bool LoopbackServer::wait_for_ended(int count) const {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  mutex_.lock();
  while (ended_ < count && std::chrono::steady_clock::now() < until) {
    changed_.wait_until(mutex_, until);
  }
  const bool reached = ended_ >= count;
  mutex_.unlock();
  return reached;
}

void LoopbackServer::accept_loop() {
  while (true) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const MutexLock lock(mutex_);
    if (socket < 0 || stopping_) {
      if (socket >= 0) {
        ::close(socket);
      }
      return;
    }
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockets_.push_back(socket);
    threads_.emplace_back([this, socket] { serve(socket); });
  }
}

void LoopbackServer::serve(int socket) {
  std::string held;
  Request request;
  while (read_request(socket, held, request)) {
    const Reply reply = next_reply(std::move(request));
    const bool sent =
        std::all_of(reply.pieces.begin(), reply.pieces.end(),
                    [&](const std::string& piece) { return send_all(socket, piece); });
    if (reply.end == Reply::End::kStall) {
      wait_for_peer_to_leave(socket);
    } else if (reply.end == Reply::End::kReset) {
      reset(socket);
    }
    if (!sent || reply.end != Reply::End::kKeep) {
      break;
    }
  }
  const MutexLock lock(mutex_);
  std::erase(sockets_, socket);
  ::close(socket);
  ++ended_;
  changed_.notify_all();
}

bool LoopbackServer::read_request(int socket, std::string& held, Request& request) {
  RequestReader reader({64U << 10U, 64U << 20U});
  std::string seen = held;
  bool ok = reader.feed(held).has_value();
  std::vector<char> buffer(64U << 10U);
  while (ok && !reader.is_done()) {
    const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (got <= 0) {
      return false;
    }
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
    seen += bytes;
    ok = reader.feed(bytes).has_value();
  }
  if (ok) {
    request = {seen.substr(0, seen.find("\r\n\r\n")), reader.body()};
    held = reader.take_rest();
  }
  return ok;
}

Reply LoopbackServer::next_reply(Request request) {
  const MutexLock lock(mutex_);
  requests_.push_back(std::move(request));
  if (requests_.size() > replies_.size()) {
    return answer(500, "{\"error\":{\"message\":\"the test has no reply left\"}}");
  }
  return replies_[requests_.size() - 1];
}

}  // namespace oap::net::testing
