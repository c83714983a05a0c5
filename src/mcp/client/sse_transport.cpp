#include "mcp/client/sse_transport.hpp"

#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/log.hpp"
#include "json/uri.hpp"
#include "net/url.hpp"

namespace oap::mcp {

SseTransport::SseTransport(Executor executor, const ServerSpec& spec)
    : executor_(executor),
      endpoint_(spec),
      start_timeout_(spec.start_timeout),
      ready_(executor),
      scope_(executor) {}

SseTransport::~SseTransport() = default;

Task<Result<void>> SseTransport::open(Receiver& receiver) {
  receiver_ = &receiver;
  scope_.spawn(read());
  const Deadline patience = Deadline::after(start_timeout_);
  const async::Event::Wake wake = co_await ready_.wait(patience);
  if (wake != async::Event::Wake::kNotified) {
    co_return fail(
        wake == async::Event::Wake::kCancelled ? Code::kCancelled : Code::kDeadlineExceeded,
        "the MCP server '{}' did not say where messages are to be sent", endpoint_.name());
  }
  if (ended_) {
    co_return fail(*ended_);
  }
  co_return Result<void>();
}

Task<void> SseTransport::read() {
  net::HttpRequest request = endpoint_.prepare("GET", endpoint_.url());
  request.headers.emplace_back("Accept", "text/event-stream");
  const auto sink = [this](const net::SseEvent& event) { take(event); };
  auto body = std::make_shared<BodyReader>(sink, endpoint_.max_message_bytes());
  request.on_head = [body](int status, const net::HeaderList& headers) {
    return body->head(status, headers);
  };
  request.is_complete = [this] { return ended_.has_value(); };
  const net::HttpClient::OnBody on_body = [body](std::string_view piece) {
    return body->feed(piece);
  };
  auto response = co_await endpoint_.send(std::move(request), on_body);
  if (!response) {
    end(std::move(response).error());
  } else if (!response->is_success()) {
    end(endpoint_.refusal(*response));
  } else if (!body->is_stream()) {
    end(Error(Code::kUpstream, fmt::format("the MCP server '{}' answered GET with '{}', not with "
                                           "an event stream",
                                           endpoint_.name(), body->content_type())));
  } else {
    end(Error(Code::kUnavailable,
              fmt::format("the MCP server '{}' ended its event stream", endpoint_.name())));
  }
}

void SseTransport::take(const net::SseEvent& event) {
  if (event.type == "endpoint") {
    take_endpoint(event.data);
  } else if (event.type == "message" && !ended_) {
    receiver_->on_message(event.data, 0);
  }
}

void SseTransport::take_endpoint(const std::string& reference) {
  if (!post_url_.empty()) {
    return;
  }
  const std::string target = json::resolve_uri(endpoint_.url(), reference);
  const auto here = net::parse_url(endpoint_.url());
  const auto there = net::parse_url(target);
  if (!here || !there || here->origin() != there->origin()) {
    end(Error(Code::kUpstream,
              fmt::format("the MCP server '{}' wants messages sent to another origin ({}); that is "
                          "refused",
                          endpoint_.name(), there ? there->origin() : "no URL")));
    return;
  }
  post_url_ = target;
  ready_.notify();
}

void SseTransport::end(Error why) {
  if (ended_) {
    return;
  }
  ended_ = why;
  ready_.notify();
  if (!closing_) {
    receiver_->on_closed(why);
  }
}

Result<void> SseTransport::send(Outgoing message) {
  if (!alive()) {
    return fail(ended_.value_or(Error(Code::kUnavailable, "the link was closed")));
  }
  scope_.spawn(run(std::move(message)));
  return {};
}

Task<Result<void>> SseTransport::deliver(Outgoing message) { return post(std::move(message)); }

Task<void> SseTransport::run(Outgoing message) {
  const RequestId id = message.id;
  auto sent = co_await post(std::move(message));
  if (!sent && id != 0 && !ended_) {
    receiver_->on_failed(id, Failure{std::move(sent).error()});
  }
}

Task<Result<void>> SseTransport::post(Outgoing message) {
  net::HttpRequest request = endpoint_.prepare("POST", post_url_);
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = std::move(message.text);
  const net::HttpClient::OnBody ignore = [](std::string_view) -> Result<void> { return {}; };
  auto response = co_await endpoint_.send(std::move(request), ignore);
  if (!response) {
    co_return fail(std::move(response).error());
  }
  if (!response->is_success()) {
    co_return fail(endpoint_.refusal(*response));
  }
  co_return Result<void>();
}

Task<void> SseTransport::close() {
  closing_ = true;
  scope_.cancel();
  co_await scope_.join();
}

}  // namespace oap::mcp
