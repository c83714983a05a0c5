#include "net/http_head.hpp"

#include <algorithm>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::net {
namespace http = boost::beast::http;

namespace {

using Parser = http::request_parser<http::string_body>;

/// "0\r\n\r\n": so much is always still to come in a chunked body, and Beast asserts that it gets
/// as much at once.
constexpr std::size_t kShortestChunkedEnd = 5;
constexpr std::size_t kUsualHeaders = 12;

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

RequestHead read_head(const Parser& parser) {
  const auto& message = parser.get();
  RequestHead head;
  head.method = view(message.method_string());
  head.target = view(message.target());
  head.version = static_cast<int>(message.version());
  head.keep_alive = message.keep_alive();
  head.chunked = parser.chunked();
  head.headers.reserve(kUsualHeaders);
  for (const auto& field : message) {
    head.headers.emplace_back(view(field.name_string()), view(field.value()));
  }
  if (const auto length = parser.content_length()) {
    head.content_length = *length;
  }
  return head;
}

Result<void> check_head(const RequestHead& head) {
  for (const auto& [name, value] : head.headers) {
    if (!is_field_value(value)) {
      return fail(Code::kInvalidArgument, "HTTP header {} holds a control character", name);
    }
  }
  const std::size_t lengths = count_headers(head.headers, "Content-Length");
  const std::size_t codings = count_headers(head.headers, "Transfer-Encoding");
  if (lengths + codings > 1) {
    return fail(Code::kInvalidArgument, "the HTTP request states the length of its body twice");
  }
  const std::string* length = head.header("Content-Length");
  if (length != nullptr && !std::all_of(length->begin(), length->end(), text::is_digit)) {
    return fail(Code::kInvalidArgument, "the HTTP request's Content-Length is no number");
  }
  if (codings == 1 && !text::equals_ci(*head.header("Transfer-Encoding"), "chunked")) {
    return fail(Code::kInvalidArgument, "the HTTP request has a transfer coding besides chunked");
  }
  const std::size_t hosts = count_headers(head.headers, "Host");
  if (hosts > 1 || (hosts == 0 && head.version >= 11)) {
    return fail(Code::kInvalidArgument, "the HTTP request must have one Host header, it has {}",
                hosts);
  }
  return {};
}

}  // namespace

struct RequestReader::Body {
  Limits limits;
  Parser parser;
  std::string pending;  ///< bytes that the parser wants to see again with what follows
  RequestHead head;
  std::size_t head_bytes = 0;  ///< taken by the parser so far
  bool has_head = false;
  bool begun = false;
  std::optional<Error> error;
  int refusal = 0;

  Result<void> refuse(int status, std::string why) {
    refusal = status;
    error.emplace(status == 400 ? Code::kInvalidArgument : Code::kResourceExhausted,
                  std::move(why));
    return fail(*error);
  }
  Result<void> refuse(const boost::system::error_code& code);
  Result<std::size_t> put(std::string_view bytes);
};

Result<void> RequestReader::Body::refuse(const boost::system::error_code& code) {
  if (code == http::error::body_limit) {
    return refuse(413, fmt::format("the HTTP request's body is longer than {} bytes", limits.body));
  }
  if (code == http::error::header_limit || code == http::error::buffer_overflow) {
    return refuse(431, fmt::format("the HTTP request's head is longer than {} bytes", limits.head));
  }
  return refuse(400, "the HTTP request is not acceptable: " + code.message());
}

/// How many of the bytes the parser took; it wants to see the others again with what follows.
Result<std::size_t> RequestReader::Body::put(std::string_view bytes) {
  const std::size_t given = bytes.size();
  while (!bytes.empty() && !parser.is_done()) {
    if (has_head && head.chunked && bytes.size() < kShortestChunkedEnd) {
      break;
    }
    boost::system::error_code code;
    const std::size_t taken =
        parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), code);
    if (code && code != http::error::need_more) {
      OAP_CHECK_OK(refuse(code));
    }
    bytes.remove_prefix(taken);
    if (!has_head) {
      head_bytes += taken;
      const std::size_t unread = parser.is_header_done() ? 0 : bytes.size();
      if (head_bytes + unread > limits.head) {
        OAP_CHECK_OK(refuse(http::error::header_limit));
      }
    }
    if (parser.is_header_done() && !has_head) {
      head = read_head(parser);
      has_head = true;
      parser.eager(true);
      if (auto checked = check_head(head); !checked) {
        OAP_CHECK_OK(refuse(400, checked.error().message()));
      }
    }
    if (taken == 0 || code == http::error::need_more) {
      break;
    }
  }
  return given - bytes.size();
}

RequestReader::RequestReader(Limits limits) : body_(std::make_unique<Body>()) {
  body_->limits = limits;
  body_->parser.eager(false);  // the head on its own: trailers must not count as headers
  body_->parser.header_limit(UINT32_MAX);  // Beast's own is inexact; ours is below
  body_->parser.body_limit(limits.body);
}

RequestReader::~RequestReader() = default;
RequestReader::RequestReader(RequestReader&&) noexcept = default;
RequestReader& RequestReader::operator=(RequestReader&&) noexcept = default;

Result<void> RequestReader::feed(std::string_view bytes) {
  if (body_->error) {
    return fail(*body_->error);
  }
  body_->begun = body_->begun || !bytes.empty();
  if (body_->pending.empty()) {
    OAP_TRY(const std::size_t taken, body_->put(bytes));
    body_->pending = bytes.substr(taken);
    return {};
  }
  body_->pending += bytes;
  OAP_TRY(const std::size_t taken, body_->put(body_->pending));
  body_->pending.erase(0, taken);
  return {};
}

bool RequestReader::has_head() const { return body_->has_head && !body_->error; }
bool RequestReader::is_done() const { return has_head() && body_->parser.is_done(); }
bool RequestReader::is_empty() const { return !body_->begun; }
const RequestHead& RequestReader::head() const { return body_->head; }
const std::string& RequestReader::body() const { return body_->parser.get().body(); }

bool RequestReader::expects_continue() const {
  const std::string* expect = has_head() ? head().header("Expect") : nullptr;
  return expect != nullptr && text::equals_ci(*expect, "100-continue") && !is_done() &&
         head().version >= 11;
}

RequestHead RequestReader::take_head() { return std::exchange(body_->head, {}); }
std::string RequestReader::take_body() { return std::move(body_->parser.get().body()); }
std::size_t RequestReader::body_bytes() const {
  return body().size() + (body_->has_head ? body_->pending.size() : 0);
}
int RequestReader::refusal() const { return body_->refusal; }
std::string RequestReader::take_rest() { return std::exchange(body_->pending, {}); }

}  // namespace oap::net
