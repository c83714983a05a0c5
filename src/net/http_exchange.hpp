#pragma once

#include <functional>
#include <string>

#include "base/result.hpp"
#include "net/headers.hpp"
#include "net/http_head.hpp"

namespace oap::net {

/// A whole answer. The server adds Content-Length, Date and, where it must, Connection; what the
/// handler gives for Content-Length and Transfer-Encoding is dropped. `Connection: close` is
/// heeded.
struct HttpReply {
  int status = 200;
  HeaderList headers;
  std::string body;
};

/// One HTTP request and its answer, which is either whole (`respond`) or a stream (`start_stream`,
/// `write`…, `finish`). Shared: it may outlive the handler and, harmlessly, the server. When the
/// last reference goes before a stream is finished, the client sees it broken off. Belongs to the
/// server's executor thread. (RFC 9110, RFC 9112)
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;

  virtual const RequestHead& head() const = 0;
  /// The whole body, chunk framing taken off.
  virtual const std::string& body() const = 0;
  virtual std::string take_body() = 0;
  /// "127.0.0.1:53122", "[::1]:53122"
  virtual const std::string& peer() const = 0;

  /// Sends the whole answer and returns at once. Counts once: after another answer, or after the
  /// client has gone, it does nothing. A header that could split the message is answered with 500.
  virtual void respond(HttpReply reply) = 0;

  /// Begins an answer whose end is not known yet: chunked, for HTTP/1.0 ended by the connection's
  /// end. To HEAD only the head is sent and the exchange has ended.
  virtual void start_stream(int status, HeaderList headers) = 0;
  /// Queues bytes of the stream; what is written in one turn of the loop leaves together. Errors:
  /// kResourceExhausted where the client does not read and `Options::max_queued_bytes` wait already
  /// (nothing of these bytes is sent, the stream stays open), kUnavailable after the end,
  /// kFailedPrecondition before `start_stream`.
  virtual Result<void> write(std::string bytes) = 0;
  virtual void finish() = 0;

  /// Answered whole, or the client has gone.
  virtual bool ended() const = 0;
  /// Calls `gone` once, from the loop, when the client leaves (closes, half-closes, resets, reads
  /// nothing for `Options::write_timeout`) or the server drops it before the exchange has ended;
  /// soon, where it has left already. Replaces an earlier one. A half-closed client of a request
  /// under way counts as gone, yet an answer by `respond` is still sent to it.
  virtual void on_disconnect(std::function<void()> gone) = 0;
};

}  // namespace oap::net
