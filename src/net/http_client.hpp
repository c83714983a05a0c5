#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "net/address_guard.hpp"
#include "net/headers.hpp"

namespace oap::net {

class CurlLoop;

struct HttpRequest {
  std::string method = "GET";
  std::string url;  ///< http or https
  HeaderList headers;
  std::string body;
  Deadline deadline = Deadline::never();  ///< of the whole exchange
  Millis stall_timeout{60'000};       ///< longest time without a byte in either direction; 0 = none
  Millis connect_timeout{10'000};     ///< name look-up, connection and TLS together
  std::size_t max_body = 64U << 20U;  ///< bytes of the answer's body
  /// Asked after each piece of a stream where set: once true, all that matters has come, and
  /// neither a connection that stays open nor one that breaks is an error any more.
  std::function<bool()> is_complete;
  /// Called once with the answer's status and headers where set, before any piece of the body, from
  /// within the awaiting coroutine; an error from it ends the transfer and is returned.
  std::function<Result<void>(int status, const HeaderList& headers)> on_head;
  /// Which addresses may be connected to, judged at the moment of connecting, so that no name that
  /// changes its address gets past. Other than kAnywhere: no proxy is used and no connection
  /// shared.
  Reach reach = Reach::kAnywhere;
};

struct HttpResponse {
  int status = 0;
  HeaderList headers;
  std::string body;

  bool is_success() const { return status >= 200 && status < 300; }
  /// Null where the answer has no such field.
  const std::string* header(std::string_view name) const { return find_header(headers, name); }
};

/// An HTTP/1.1 and HTTP/2 client (RFC 9110) whose connections stay open for the next request.
/// It follows no redirects, asks for no compression, sends no `Expect`, and takes proxies from the
/// environment as curl does, but for loopback addresses never one. A POST is sent once, also where
/// a connection that was kept turns out to be closed. Any status is an answer, not an error.
/// Errors: kInvalidArgument (URL, or a line break in a header), kUnavailable (no connection, or it
/// broke), kUnauthenticated (the server's certificate is not trusted), kUpstream (the answer is no
/// HTTP), kDeadlineExceeded (`deadline`; or "stalled"), kResourceExhausted (`max_body`),
/// kPermissionDenied (`reach`), kCancelled. No message holds headers, bodies, userinfo or queries.
/// Requests may run side by side and be awaited on any executor. Cancelling the awaiting coroutine
/// ends the transfer. Costs nothing until the first request. Must outlive its requests.
class HttpClient {
 public:
  explicit HttpClient(Executor executor);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  Task<Result<HttpResponse>> send(HttpRequest request);

  /// Hands the body of a 2xx answer to `on_body` piece by piece as it arrives, in order, from
  /// within the awaiting coroutine; an error from it ends the transfer and is returned. `body` of
  /// the answer stays empty then. The body of any other status is collected, up to 1 MiB.
  using OnBody = std::function<Result<void>(std::string_view piece)>;
  Task<Result<HttpResponse>> stream(HttpRequest request, OnBody on_body);

 private:
  std::shared_ptr<CurlLoop> loop_;
};

}  // namespace oap::net
