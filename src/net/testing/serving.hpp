#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/http_server.hpp"

namespace oap::net::testing {

/// A real HttpServer on 127.0.0.1 and a port of its own, in a thread and an event loop of its own,
/// so that a test may talk to it with blocking sockets. Handlers run in that thread. For tests
/// only.
class Serving {
 public:
  explicit Serving(HttpServer::Handler handler, HttpServer::Options options = {});
  /// Closes with `grace` and joins the thread.
  ~Serving();
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  void close(Millis grace = Millis(0));
  std::uint16_t port() const;
  std::string url() const;
  std::size_t connections() const;
  /// Waits until so many connections are open; false after five seconds.
  bool wait_for_connections(std::size_t count) const;

 private:
  struct Thread;
  std::unique_ptr<Thread> thread_;
};

/// A blocking TCP client of a server on loopback. Reads give up after five seconds. For tests only.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, const char* address = "127.0.0.1");
  ~RawClient();
  RawClient(RawClient&& other) noexcept;
  RawClient& operator=(RawClient&&) = delete;

  bool is_connected() const { return socket_ >= 0; }
  /// False where the server does not take it all.
  bool send(std::string_view bytes);
  /// Reads on until what was read holds `end`; what was read so far where that does not come.
  std::string read_until(std::string_view end);
  /// One answer with a Content-Length, head and body.
  std::string read_answer(bool with_body = true);
  /// All until the server closes; a reset shows as "<reset>", silence as "<silence>" at the end.
  std::string read_all();
  /// Whether something, or the end, can be read within that time.
  bool has_bytes(Millis wait);
  void end_sending();
  void reset();
  void close();
  void shrink_receive_buffer();

 private:
  int fill();

  int socket_ = -1;
  std::string held_;
};

}  // namespace oap::net::testing
