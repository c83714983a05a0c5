#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "net/http_exchange.hpp"

namespace oap::net {

class ServerCore;

/// An HTTP/1.1 and 1.0 server (RFC 9112). Keep-alive; pipelined requests are handled one after the
/// other; a handler sees only whole, well-formed requests. Everything else the server answers
/// itself, with a JSON-RPC error body, and closes: 400 malformed, 408 too slow, 413 body or 431
/// head too long. A handler that throws, or returns without having answered or started a stream, is
/// answered with 500. An open stream holds no coroutine and no buffer. Belongs to the executor's
/// thread, of which there must be one.
class HttpServer {
 public:
  struct Options {
    std::string address = "127.0.0.1";  ///< an IPv4 or IPv6 address, or localhost; "::" is both
    std::uint16_t port = 0;             ///< 0 = any free one
    RequestReader::Limits limits;
    Millis head_timeout{10'000};   ///< from a request's first byte to the end of its head
    Millis body_timeout{30'000};   ///< for the body, plus one second for each 16 KiB of it
    Millis idle_timeout{120'000};  ///< between requests
    Millis write_timeout{60'000};  ///< longest time in which the client takes no byte of an answer
    std::size_t max_connections = 20'000;       ///< beyond it the longest idle one makes room
    std::size_t max_queued_bytes = 64U << 20U;  ///< of one stream
  };
  /// Runs once a request. Not cancelled when the client leaves (see `on_disconnect`), only when the
  /// server drops it. The function object lives as long as the server.
  using Handler = std::function<Task<void>(std::shared_ptr<HttpExchange>)>;

  /// Binds and listens. kInvalidArgument (address), kFailedPrecondition (port in use, not allowed).
  static Result<std::unique_ptr<HttpServer>> listen(Executor executor, Options options,
                                                    Handler handler);
  /// `serve` must have ended, where it was begun.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;
  /// Connections open now.
  std::size_t connections() const;

  /// Accepts and handles until `close` or cancellation, and until all handlers have ended. Running
  /// out of descriptors ends idle connections and delays new ones, nothing else.
  Task<void> serve();

  /// Stops accepting, ends idle connections, gives open exchanges until `grace`, then cancels their
  /// handlers and drops them. A second call while the first waits drops at once.
  Task<void> close(Deadline grace);

 private:
  explicit HttpServer(std::shared_ptr<ServerCore> core);
  std::shared_ptr<ServerCore> core_;  // shared with connections that still end
};

}  // namespace oap::net
