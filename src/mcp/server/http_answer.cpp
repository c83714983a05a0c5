#include "mcp/server/http_answer.hpp"

#include <utility>

#include "text/strings.hpp"

namespace oap::mcp {

HttpAccept accept_of(const net::RequestHead& head) {
  if (head.header("Accept") == nullptr) {
    return {};
  }
  HttpAccept accept{false, false};
  for (const auto& [name, value] : head.headers) {
    if (!text::equals_ci(name, "Accept")) {
      continue;
    }
    for (const std::string_view each : text::split(value, ',')) {
      const std::string_view type = text::trim(each.substr(0, each.find(';')));
      const bool all = type == "*/*";
      accept.json = accept.json || all || text::equals_ci(type, "application/json") ||
                    text::equals_ci(type, "application/*");
      accept.stream = accept.stream || all || text::equals_ci(type, "text/event-stream") ||
                      text::equals_ci(type, "text/*");
    }
  }
  return accept;
}

HttpAnswer::HttpAnswer(Executor executor, std::shared_ptr<net::HttpExchange> http)
    : executor_(std::move(executor)), http_(std::move(http)), accept_(accept_of(http_->head())) {}

std::shared_ptr<HttpAnswer> HttpAnswer::make(Executor executor,
                                             std::shared_ptr<net::HttpExchange> http) {
  auto answer = std::make_shared<HttpAnswer>(std::move(executor), std::move(http));
  answer->http_->on_disconnect([weak = std::weak_ptr(answer)] {
    if (const auto alive = weak.lock()) {
      alive->leave();
    }
  });
  return answer;
}

void HttpAnswer::add_header(std::string name, std::string value) {
  headers_.emplace_back(std::move(name), std::move(value));
}

void HttpAnswer::settle() {
  settled_ = true;
  if (waiter_) {
    waiter_->notify();
  }
}

void HttpAnswer::leave() {
  if (over_) {
    return;
  }
  over_ = true;
  place_ = {};
  settle();
  if (const auto gone = std::exchange(gone_, nullptr)) {
    gone();
  }
}

void HttpAnswer::start_stream() {
  if (over_ || streaming_) {
    return;
  }
  streaming_ = true;
  headers_.emplace_back("Content-Type", "text/event-stream");
  headers_.emplace_back("Cache-Control", "no-cache");
  headers_.emplace_back("X-Accel-Buffering", "no");
  http_->start_stream(200, std::exchange(headers_, {}));
  settle();
}

void HttpAnswer::write(std::string bytes) {
  if (over_ || !streaming_) {
    return;
  }
  if (!http_->write(std::move(bytes))) {
    http_->finish();
    leave();
  }
}

void HttpAnswer::respond(int status, std::string body) {
  if (over_ || streaming_) {
    return;
  }
  over_ = true;
  if (!body.empty()) {
    headers_.emplace_back("Content-Type", "application/json");
  }
  if (status == 429 || status == 503) {
    headers_.emplace_back("Retry-After", "1");
  }
  http_->respond({status, std::exchange(headers_, {}), std::move(body)});
  gone_ = nullptr;
  settle();
}

void HttpAnswer::finish() {
  if (over_ || !streaming_) {
    return;
  }
  over_ = true;
  place_ = {};
  gone_ = nullptr;
  http_->finish();
}

Task<void> HttpAnswer::settled(std::shared_ptr<HttpAnswer> answer) {
  if (answer->settled_) {
    co_return;
  }
  answer->waiter_.emplace(answer->executor_);
  const Deadline never = Deadline::never();
  if (co_await answer->waiter_->wait(never) == async::Event::Wake::kCancelled) {
    answer->leave();
  }
}

std::string event_of(std::string_view message) {
  std::string event;
  event.reserve(message.size() + 8);
  event += "data: ";
  event += message;
  event += "\n\n";
  return event;
}

void HttpOutlet::send(std::string message) {
  if (!can_send()) {
    return;
  }
  answer_->start_stream();
  answer_->write(event_of(message));
}

void HttpOutlet::answer(std::string message, int status) {
  if (!answer_->is_streaming() && (answer_->accept().json || status != 200)) {
    answer_->respond(status, std::move(message));
    return;
  }
  answer_->start_stream();
  answer_->write(event_of(message));
  answer_->finish();
}

void HttpOutlet::abandon() {
  answer_->respond(202, "");
  answer_->finish();
}

void HttpOutlet::beat() {
  constexpr Millis kPatience{1000};
  if (!answer_->is_streaming() &&
      (!can_send() || std::chrono::steady_clock::now() - since_ < kPatience)) {
    return;
  }
  answer_->start_stream();
  answer_->write(kKeepAlive);
}

}  // namespace oap::mcp
