#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "async/task.hpp"
#include "mcp/client/client.hpp"
#include "net/http_client.hpp"
#include "net/sse.hpp"

namespace oap::mcp {

/// HTTP requests to one server, with the headers and credentials that it wants. Owns copies of what
/// it needs of the spec; borrows its client and credentials.
class Endpoint {
 public:
  explicit Endpoint(const ServerSpec& spec);

  /// A request with the spec's own headers and no limit on the time between two bytes.
  net::HttpRequest prepare(std::string_view method, const std::string& url) const;
  /// Sends it. A 401 or 403 is told to the credentials, at most once each, and the request made
  /// again where they have got others. Until the server has once answered well, a 307 or 308 to a
  /// URL of the same origin is followed and remembered. Any other status is an answer.
  Task<Result<net::HttpResponse>> send(net::HttpRequest request, net::HttpClient::OnBody on_body);
  /// What a status outside 2xx means.
  Error refusal(const net::HttpResponse& response) const;

  const std::string& name() const { return name_; }
  const std::string& url() const { return url_; }
  std::size_t max_message_bytes() const { return max_message_bytes_; }

 private:
  bool follow(const net::HttpResponse& response);
  Task<Result<net::HttpResponse>> send_authorized(net::HttpRequest request,
                                                  net::HttpClient::OnBody on_body);
  Task<Result<net::HttpResponse>> send_once(net::HttpRequest request, net::HeaderList credentials,
                                            net::HttpClient::OnBody on_body);

  std::string name_;
  std::string url_;
  net::HeaderList headers_;
  Credentials* credentials_;
  net::HttpClient* http_;
  std::size_t max_message_bytes_;
  bool answered_ = false;
  int redirects_ = 0;
};

/// Takes the body of an answer apart: one JSON text or a stream of events, as the head says.
class BodyReader {
 public:
  /// Gets each event with data, or the whole of another body as an event of type "".
  using Sink = std::function<void(const net::SseEvent& event)>;

  BodyReader(Sink sink, std::size_t max_message_bytes);

  Result<void> head(int status, const net::HeaderList& headers);
  /// kResourceExhausted where a message is over the limit.
  Result<void> feed(std::string_view piece);
  /// The answer ended well.
  void finish();

  bool is_stream() const { return is_stream_; }
  bool got_events() const { return got_events_; }
  const std::string& content_type() const { return content_type_; }
  const std::string& last_event_id() const { return parser_.last_event_id(); }
  std::optional<Millis> retry() const { return parser_.retry(); }

 private:
  Sink sink_;
  std::size_t limit_;
  net::SseParser parser_;
  std::string text_;
  std::string content_type_;
  bool is_stream_ = false;
  bool got_events_ = false;
};

}  // namespace oap::mcp
