#include "mcp/client/endpoint.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "json/uri.hpp"
#include "mcp/oauth/challenge.hpp"
#include "net/url.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::mcp {
namespace {

constexpr std::size_t kShownBody = 300;
constexpr int kMostRedirects = 3;

Code code_of(int status) {
  switch (status) {
    case 401:
      return Code::kUnauthenticated;
    case 403:
      return Code::kPermissionDenied;
    case 404:
    case 405:
    case 410:
      return Code::kNotFound;
    case 413:
      return Code::kResourceExhausted;
    case 408:
    case 429:
    case 502:
    case 503:
    case 504:
      return Code::kUnavailable;
    default:
      return Code::kUpstream;
  }
}

std::string_view advice(int status) {
  if (status == 401) {
    return "; configure credentials for it";
  }
  if (status == 403) {
    return "; the credentials that it was given do not suffice";
  }
  if (code_of(status) == Code::kNotFound) {
    return "; there may be no MCP endpoint at this URL";
  }
  return status >= 300 && status < 400 ? "; configure the URL that it redirects to" : "";
}

}  // namespace

Endpoint::Endpoint(const ServerSpec& spec)
    : name_(spec.name),
      url_(spec.url),
      headers_(spec.headers),
      credentials_(spec.credentials),
      http_(spec.http),
      max_message_bytes_(spec.max_message_bytes) {}

net::HttpRequest Endpoint::prepare(std::string_view method, const std::string& url) const {
  net::HttpRequest request;
  request.method = method;
  request.url = url;
  request.headers = headers_;
  request.stall_timeout = Millis(0);
  request.max_body = SIZE_MAX;  // a stream may live for ever; each message of it has its limit
  return request;
}

Task<Result<net::HttpResponse>> Endpoint::send_once(net::HttpRequest request,
                                                    net::HeaderList credentials,
                                                    net::HttpClient::OnBody on_body) {
  for (auto& header : credentials) {
    request.headers.push_back(std::move(header));
  }
  co_return co_await http_->stream(std::move(request), std::move(on_body));
}

bool Endpoint::follow(const net::HttpResponse& response) {
  const std::string* location = response.header("Location");
  if ((response.status != 307 && response.status != 308) || location == nullptr ||
      redirects_ >= kMostRedirects) {
    return false;
  }
  std::string target = json::resolve_uri(url_, *location);
  const auto here = net::parse_url(url_);
  const auto there = net::parse_url(target);
  if (!here || !there || here->origin() != there->origin()) {
    return false;
  }
  ++redirects_;
  url_ = std::move(target);
  return true;
}

Task<Result<net::HttpResponse>> Endpoint::send(net::HttpRequest request,
                                               net::HttpClient::OnBody on_body) {
  if (http_ == nullptr) {
    co_return fail(Code::kInternal, "'{}' was given no HTTP client", name_);
  }
  while (!answered_ && request.url == url_) {
    auto response = co_await send_authorized(request, on_body);
    if (!response || !follow(*response)) {
      answered_ = answered_ || (response && response->is_success());
      co_return response;
    }
    request.url = url_;
  }
  co_return co_await send_authorized(std::move(request), std::move(on_body));
}

Task<Result<net::HttpResponse>> Endpoint::send_authorized(net::HttpRequest request,
                                                          net::HttpClient::OnBody on_body) {
  if (credentials_ == nullptr) {
    co_return co_await http_->stream(std::move(request), std::move(on_body));
  }
  bool told_401 = false;
  bool told_403 = false;
  while (true) {
    OAP_CO_TRY(net::HeaderList sent, co_await credentials_->headers(request.url));
    auto response = co_await send_once(request, sent, on_body);
    if (!response || (response->status != 401 && response->status != 403)) {
      co_return response;
    }
    bool& told = response->status == 401 ? told_401 : told_403;
    if (std::exchange(told, true)) {
      co_return response;
    }
    std::string said = oauth::all_challenges(response->headers);
    auto renewed = co_await credentials_->refused(request.url, response->status, std::move(said),
                                                  std::move(sent));
    if (!renewed) {
      co_return fail(std::move(renewed).error());
    }
    if (!*renewed) {
      co_return response;
    }
  }
}

Error Endpoint::refusal(const net::HttpResponse& response) const {
  const std::string body =
      text::escape_visible(text::truncate_utf8(text::trim(response.body), kShownBody));
  const auto url = net::parse_url(url_);
  return {code_of(response.status),
          fmt::format("the MCP server '{}' at {} answered HTTP {}{}{}{}", name_,
                      url ? url->origin() : "its URL", response.status, body.empty() ? "" : ": ",
                      body, advice(response.status))};
}

BodyReader::BodyReader(Sink sink, std::size_t max_message_bytes)
    : sink_(std::move(sink)),
      limit_(max_message_bytes),
      parser_(net::SseParser::Limits{max_message_bytes + 64, max_message_bytes}) {}

Result<void> BodyReader::head(int /*status*/, const net::HeaderList& headers) {
  const std::string* type = net::find_header(headers, "Content-Type");
  const std::string_view whole = type == nullptr ? std::string_view() : std::string_view(*type);
  content_type_ = text::lower_ascii(text::trim(whole.substr(0, whole.find(';'))));
  is_stream_ = content_type_ == "text/event-stream";
  return {};
}

Result<void> BodyReader::feed(std::string_view piece) {
  if (!is_stream_) {
    if (text_.size() + piece.size() > limit_) {
      text_.clear();
      return fail(Code::kResourceExhausted, "the answer has more than {} bytes", limit_);
    }
    text_ += piece;
    return {};
  }
  std::vector<net::SseEvent> events;
  auto fed = parser_.feed(piece, events);
  for (const net::SseEvent& event : events) {
    got_events_ = true;
    if (!event.data.empty()) {
      sink_(event);
    }
  }
  return fed;
}

void BodyReader::finish() {
  if (!is_stream_ && !text_.empty()) {
    net::SseEvent whole;
    whole.type.clear();
    whole.data = std::exchange(text_, {});
    sink_(whole);
  }
}

}  // namespace oap::mcp
