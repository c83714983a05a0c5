#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "mcp/server/service.hpp"
#include "net/http_server.hpp"
#include "os/fd.hpp"

namespace oap::mcp {

/// Limits of a front, whichever the transport. Sessions, streams, parked calls and followed
/// resources are shared fairly among principals (see Quota).
struct FrontLimits {
  std::size_t max_message_bytes = 16U << 20U;
  std::size_t max_requests = 1024;          ///< under way at once, of one session or principal
  std::size_t max_sessions = 10'000;        ///< legacy sessions at once
  Millis session_idle{3'600'000};           ///< a legacy session without a request or open stream
  std::size_t max_kept_events = 1000;       ///< of one session, for resuming its streams
  std::size_t max_kept_bytes = 32U << 20U;  ///< likewise, of all sessions together
  Millis kept_for{300'000};                 ///< likewise
  Millis keep_alive{20'000};                ///< between comments on an idle event stream
  Millis input_timeout{600'000};            ///< how long a client may take over a question
  std::size_t max_parked = 1000;            ///< modern requests waiting for the client's input
  std::size_t max_streams = 15'000;         ///< event streams that wait for changes
  std::size_t max_watched = 50'000;         ///< resources followed, counted for each stream
};

/// Says who sends an HTTP request. An implementation answers from the headers alone, fast.
struct Refusal {
  int status = 401;            ///< 400, 401 or 403
  std::string challenge = {};  ///< WWW-Authenticate, "" where none
  std::string message = {};
};
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  virtual Task<tl::expected<Principal, Refusal>> authenticate(net::RequestHead head) = 0;
};

/// A request that was not let in: of a foreign Host or Origin, or without sufficient credentials.
struct TurnedAway {
  std::string_view peer;  ///< "ADDRESS:PORT"
  std::string_view method;
  std::string_view target;
  int status = 403;
  std::string_view why;  ///< holds nothing secret
};
using OnTurnedAway = std::function<void(const TurnedAway&)>;

struct HttpFrontOptions {
  std::string path = "/mcp";
  /// Host header values (without port) that are served beside the loopback names: the bind address,
  /// public names.
  std::vector<std::string> allowed_hosts;
  /// Origins, letter for letter, that may call beside those of the host that Host names; "*" is
  /// none of them. An Origin that may call is answered with CORS headers.
  std::vector<std::string> allowed_origins;
  FrontLimits limits;
  Principal anonymous;                     ///< the principal where there is no authenticator
  Authenticator* authenticator = nullptr;  ///< borrowed
  OnTurnedAway on_turned_away;             ///< may be empty; must not wait
};

/// MCP over Streamable HTTP, both eras on one path (MCP 2025-11-25 and 2026-07-28, transports).
/// Fed by a net::HttpServer's handler. Belongs to the executor's thread; `close()` before
/// destruction.
class HttpFront {
 public:
  HttpFront(Executor executor, Service& service, HttpFrontOptions options);
  ~HttpFront();
  HttpFront(const HttpFront&) = delete;
  HttpFront& operator=(const HttpFront&) = delete;

  /// Answers one HTTP request to `options.path`; the answer may still stream when this returns.
  Task<void> serve(std::shared_ptr<net::HttpExchange> http);
  /// Whether Host and Origin may use this server (DNS rebinding): for its other paths too.
  bool is_trusted_origin(const net::RequestHead& head) const;
  /// Tells of a request that one of the other paths has not let in.
  void turned_away(const net::HttpExchange& http, int status, std::string_view why) const;
  struct Counts {
    std::size_t sessions = 0;
    std::size_t streams = 0;
    std::size_t requests = 0;
    std::size_t parked = 0;
  };
  Counts counts() const;
  /// Ends streams gracefully, cancels what still runs at the deadline.
  Task<void> close(Deadline grace);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// MCP over a pair of pipes, one message a line, both eras (the first message decides, and each
/// modern request says so itself). Writes nothing but messages to `out`.
class StdioFront {
 public:
  StdioFront(Executor executor, Service& service, FrontLimits limits, Principal principal);
  ~StdioFront();

  /// Serves until the input ends or the reader of `out` is gone; then running calls get `eof_grace`
  /// and are cancelled. Call it once.
  Task<Result<void>> serve(os::UniqueFd in, os::UniqueFd out, Millis eof_grace);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace oap::mcp
