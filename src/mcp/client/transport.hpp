#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "async/task.hpp"
#include "base/result.hpp"
#include "mcp/answer.hpp"
#include "mcp/framing.hpp"
#include "net/headers.hpp"

namespace oap::mcp {

/// The number of a request of ours; 0 = none.
using RequestId = std::int64_t;

/// What a transport tells its user. Called on the executor's thread, never after on_closed.
class Receiver {
 public:
  virtual ~Receiver() = default;
  /// `about`: the request on whose own stream it came, 0 where the link has but one stream.
  virtual void on_message(std::string_view text, RequestId about) = 0;
  /// A message over the size limit came and was thrown away; the link goes on.
  virtual void on_oversize(const Oversize& message, RequestId about) = 0;
  /// This one request comes to nothing; the link goes on.
  virtual void on_failed(RequestId id, Failure why) = 0;
  /// Whether the request still waits for its answer.
  virtual bool is_open(RequestId id) const = 0;
  /// The server had forgotten us and a new session was begun: what it was told before, it no longer
  /// knows.
  virtual void on_renewed() = 0;
  /// The link has ended for good; `reason` says why in a sentence.
  virtual void on_closed(const Error& reason) = 0;
};

/// One JSON-RPC message on its way out, with what a transport may need to know of it.
struct Outgoing {
  std::string text;              ///< one line without its end
  RequestId id = 0;              ///< of a request
  std::string method = {};       ///< "" of an answer
  net::HeaderList headers = {};  ///< for HTTP only
};

/// A way to one server: a child's pipes, an HTTP endpoint. Belongs to the executor's thread. Open
/// at most once; closed before it is destroyed.
class Transport {
 public:
  virtual ~Transport() = default;
  /// Connects; the receiver outlives the transport. What arrives is given to it from then on.
  virtual Task<Result<void>> open(Receiver& receiver) = 0;
  /// Queues a message; never waits. kResourceExhausted where the peer does not take what is queued,
  /// kUnavailable where the link has ended. What becomes of a request is told to the receiver.
  virtual Result<void> send(Outgoing message) = 0;
  /// The same, and waits until the server has the message, where that can be known.
  virtual Task<Result<void>> deliver(Outgoing message) = 0;
  /// Nobody waits for the request any more.
  virtual void abandon(RequestId id) = 0;
  /// Whether the server learns of a given-up request by `notifications/cancelled`.
  virtual bool cancels_by_message() const = 0;
  virtual bool alive() const = 0;
  virtual std::optional<int> pid() const { return {}; }
  /// What the peer wrote for people last (a child's stderr); may be "".
  virtual std::string diagnostics() const { return {}; }
  /// Ends the link and everything behind it. Safe to call twice; not ended by cancellation.
  virtual Task<void> close() = 0;
};

}  // namespace oap::mcp
