#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "async/promise.hpp"
#include "async/stream.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"
#include "jsonrpc/message.hpp"
#include "mcp/framing.hpp"
#include "mcp/outbox.hpp"

namespace oap::acp {

/// How much one client may make us keep.
struct WireLimits {
  std::size_t max_line = 32U << 20U;     ///< bytes of one message
  std::size_t max_queued = 256U << 20U;  ///< bytes that it has not read yet
  std::size_t max_requests = 64;         ///< its requests under way
};

/// What the client sends, in its order. Every request is answered once with `Wire::answer`.
class Receiver {
 public:
  virtual ~Receiver() = default;
  virtual void on_request(jsonrpc::Request request) = 0;
  virtual void on_notification(std::string method, json::Object params) = 0;
};

/// One connection to an editor: JSON-RPC 2.0 messages, one a line, both ways at once. What is no
/// message, too long, or uses an id that is under way is answered with an error and changes
/// nothing. Belongs to the executor's thread.
/// Source: agentclientprotocol.com/protocol/v1/transports; JSON-RPC 2.0.
class Wire {
 public:
  Wire(Executor executor, WireLimits limits);

  /// Reads until the end of input, until it fails, or until the client has left too much unread;
  /// `receiver` outlives it.
  Task<void> read(async::ReadPipe& in, Receiver& receiver);
  /// Writes what is sent until hang_up(), or until the reader is gone.
  Task<Result<void>> write(async::WritePipe& out);
  /// Every open ask() ends with kUnavailable, and nothing more is sent.
  void hang_up();
  /// The client has gone: every open ask() ends with kUnavailable, later ones at once.
  void peer_left();

  void answer(const json::Value& id, Result<json::Object> result);
  void notify(std::string method, json::Object params);
  /// Asks the client. kDeadlineExceeded, kCancelled (both tell it with `$/cancel_request`),
  /// kUnimplemented (it does not know the method), kUpstream (it answered with an error),
  /// kUnavailable.
  Task<Result<json::Object>> ask(std::string method, json::Object params, Deadline deadline);

  /// One line as if it had been read.
  void receive(std::string_view line, Receiver& receiver);

 private:
  using Answer = Result<json::Object>;
  void receive_oversize(const mcp::Oversize& line);
  void receive_answer(jsonrpc::Response response);
  void reject(const json::Value& id, int code, std::string message);
  void settle(const std::string& key, Answer answer);
  void send(std::string line);

  WireLimits limits_;
  mcp::Outbox outbox_;
  async::ReadPipe* reading_ = nullptr;  // while read() is under way
  bool peer_left_ = false;
  std::int64_t last_id_ = 0;
  std::set<std::string> under_way_;  // ids of the client's requests
  std::map<std::string, async::Promise<Answer>> asked_;
};

/// The JSON-RPC code that the protocol has for an error.
int error_code(const Error& error);

}  // namespace oap::acp
