#pragma once

#include <string>
#include <string_view>

#include "async/task.hpp"
#include "base/result.hpp"
#include "mcp/framing.hpp"

namespace oap::mcp {

/// What a transport tells its user. Called on the executor's thread, never after on_closed.
class Receiver {
 public:
  virtual ~Receiver() = default;
  virtual void on_message(std::string_view text) = 0;
  /// A message over the size limit came and was thrown away; the link goes on.
  virtual void on_oversize(const Oversize& message) = 0;
  /// The link has ended for good; `reason` says why in a sentence.
  virtual void on_closed(const Error& reason) = 0;
};

/// One JSON-RPC message on its way out, with what a transport may need to know of it.
struct Outgoing {
  std::string text;         ///< one line without its end
  std::string request_key;  ///< jsonrpc::id_key of a request, else ""
};

/// A way to one peer: a child's pipes, a Streamable HTTP endpoint. Belongs to the executor's
/// thread. Open at most once; closed before it is destroyed.
class Transport {
 public:
  virtual ~Transport() = default;
  /// Connects; the receiver outlives the transport. What arrives is given to it from then on.
  virtual Task<Result<void>> open(Receiver& receiver) = 0;
  /// Queues a message; never waits. kResourceExhausted where the peer does not take what is queued,
  /// kUnavailable where the link has ended.
  virtual Result<void> send(Outgoing message) = 0;
  virtual bool alive() const = 0;
  /// What the peer wrote for people last (a child's stderr); may be "".
  virtual std::string diagnostics() const = 0;
  /// Ends the link and everything behind it. Safe to call twice; not ended by cancellation.
  virtual Task<void> close() = 0;
};

}  // namespace oap::mcp
