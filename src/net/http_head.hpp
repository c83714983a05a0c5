#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "net/headers.hpp"

namespace oap::net {

/// What an HTTP/1.1 client sent before the body.
struct RequestHead {
  std::string method;
  std::string target;  ///< as sent, e.g. "/mcp?x=1"
  int version = 11;    ///< 10 or 11
  HeaderList headers;
  bool keep_alive = true;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;

  const std::string* header(std::string_view name) const { return find_header(headers, name); }
};

/// Reads one HTTP/1.x request (RFC 9112) from bytes in whatever pieces they come. Strict where
/// leniency is how requests are smuggled: two lengths, a length beside chunks, another transfer
/// coding than chunked, two Hosts or none, a control character in a field are refused.
/// Errors: kInvalidArgument (answer 400 and close), kResourceExhausted (431 or 413 and close).
/// After an error the reader stays failed. Pure; not thread-safe.
class RequestReader {
 public:
  struct Limits {
    std::uint32_t head = 32U << 10U;  ///< bytes up to the empty line
    std::uint64_t body = 8U << 20U;   ///< bytes, chunk framing not counted
  };

  RequestReader() : RequestReader(Limits{}) {}
  explicit RequestReader(Limits limits);
  ~RequestReader();
  RequestReader(RequestReader&&) noexcept;
  RequestReader& operator=(RequestReader&&) noexcept;

  /// Takes bytes up to the end of this request; what follows it is kept for `rest`.
  Result<void> feed(std::string_view bytes);

  bool has_head() const;
  bool is_done() const;
  /// True where nothing of a request has come yet, so that the peer may close here.
  bool is_empty() const;
  /// The client waits for `100 Continue` before it sends the body.
  bool expects_continue() const;
  /// Only once `has_head`.
  const RequestHead& head() const;
  /// The body so far; whole once `is_done`.
  const std::string& body() const;
  /// Both leave the reader without them. Only once `is_done`.
  RequestHead take_head();
  std::string take_body();
  /// Bytes of the body that have come so far.
  std::size_t body_bytes() const;
  /// After an error the status to answer with: 400, 413 or 431; 0 before.
  int refusal() const;
  /// Bytes after the end of this request, for the reader of the next. Only once `is_done`.
  std::string take_rest();

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace oap::net
