#include "mcp/client/watches.hpp"

#include <algorithm>
#include <utility>

#include "async/sleep.hpp"
#include "base/log.hpp"
#include "mcp/client/envelope.hpp"

namespace oap::mcp {
namespace {

constexpr Millis kFirstPause{500};
constexpr Millis kLongestPause{30'000};

json::Object uri_params(const std::string& uri) {
  json::Object params;
  params["uri"] = uri;
  return params;
}

}  // namespace

/// One subscriptions/listen under way.
struct Watches::Stream {
  explicit Stream(const Executor& executor) : branch(executor), begun(executor) {}
  async::Branch branch;
  async::Event begun;  ///< acknowledged or ended
  bool acknowledged = false;
  std::optional<Failure> failure;
  json::Object accepted;
};

Watches::Watches(ServerLink& link) : link_(link), lost_(link.executor), scope_(link.executor) {}
Watches::~Watches() = default;

json::Object Watches::wishes() const {
  json::Object wishes;
  const auto want = [&](std::string_view capability, std::string_view name) {
    if (link_.events.on_list_changed && link_.offers(capability, "listChanged")) {
      wishes[name] = true;
    }
  };
  want("tools", "toolsListChanged");
  want("prompts", "promptsListChanged");
  want("resources", "resourcesListChanged");
  json::Array uris;
  for (const auto& [uri, count] : counts_) {
    uris.emplace_back(uri);
  }
  if (!uris.empty()) {
    wishes["resourceSubscriptions"] = std::move(uris);
  }
  return wishes;
}

void Watches::start() {
  if (link_.is_modern() && !wishes().empty() && !std::exchange(keeping_, true)) {
    lost_.notify();
    scope_.spawn(keep_listening());
  }
}

Inquiry Watches::listen_inquiry(const std::shared_ptr<Stream>& stream) {
  Inquiry inquiry;
  inquiry.method = "subscriptions/listen";
  const RequestOptions options;
  put_envelope(inquiry.params, link_.era, link_.spec, options);
  inquiry.params["notifications"] = wishes();
  if (link_.mirrors()) {
    inquiry.headers = standard_headers(inquiry.method, inquiry.params);
  }
  inquiry.ends_by_peer = true;
  inquiry.on_notification = [this, raw = stream.get()](std::string method, json::Object params) {
    if (method == "notifications/subscriptions/acknowledged") {
      raw->acknowledged = true;
      if (const json::Object* accepted = json::find_object(params, "notifications")) {
        raw->accepted = *accepted;
      }
      raw->begun.notify();
    } else {
      link_.dispatch(std::move(method), std::move(params));
    }
  };
  return inquiry;
}

Task<void> Watches::listen(std::shared_ptr<Stream> stream) {
  auto ended = co_await link_.connection->request(listen_inquiry(stream));
  stream->failure = ended ? Failure{Error(Code::kUnavailable, "the server ended the subscription")}
                          : std::move(ended).error();
  stream->begun.notify();
  if (stream_ == stream && !closing_) {
    lost_.notify();
  }
}

Task<void> Watches::end(std::shared_ptr<Stream> stream) {
  stream->branch.cancel();
  co_await stream->branch.settle_shielded();
}

/// A stream with the present wishes in the place of the one before, which ends only when the new
/// one has begun, so that nothing is missed.
Task<Answer<json::Object>> Watches::open_stream() {
  auto next = std::make_shared<Stream>(link_.executor);
  next->branch.start(listen(next));
  const Deadline patience = Deadline::after(link_.spec.call_timeout);
  co_await next->begun.wait(patience);
  if (!next->acknowledged || next->failure) {
    co_await end(next);
    co_return failed(next->failure.value_or(
        Failure{Error(Code::kDeadlineExceeded, "the server did not acknowledge a subscription")}));
  }
  if (const auto old = std::exchange(stream_, next)) {
    co_await end(old);
  }
  co_return next->accepted;
}

/// Opens the stream anew when it has broken, after a pause that grows.
Task<void> Watches::keep_listening() {
  Millis pause = kFirstPause;
  const Deadline never = Deadline::never();
  while (!closing_ && co_await lost_.wait(never) != async::Event::Wake::kCancelled) {
    lost_.reset();
    auto permit = co_await turn_.acquire(never);
    if (!permit || closing_ || wishes().empty()) {
      continue;
    }
    auto opened = co_await open_stream();
    permit->release();
    if (opened) {
      pause = kFirstPause;
      continue;
    }
    if (opened.error().error.code() == Code::kUnimplemented || !link_.connection->alive()) {
      continue;
    }
    log::info("mcp", "a subscription could not be opened; it is tried again",
              {{"server", link_.spec.name}, {"error", opened.error().error.to_string()}});
    if (!co_await async::sleep_for(pause)) {
      co_return;
    }
    pause = std::min(pause * 2, kLongestPause);
    lost_.notify();
  }
}

Task<Answer<json::Object>> Watches::ask(std::string method, json::Object params) {
  RequestOptions options;
  options.owner = "";
  co_return co_await link_.request(std::move(method), std::move(params), std::move(options));
}

Task<Answer<json::Object>> Watches::watch(std::string uri) {
  const Deadline patience = Deadline::after(link_.spec.call_hard_timeout);
  auto permit = co_await turn_.acquire(patience);
  if (!permit) {
    co_return failed(std::move(permit).error());
  }
  if (++counts_[uri] > 1) {
    co_return json::Object{};
  }
  Answer<json::Object> answer = json::Object{};
  if (link_.is_modern()) {
    answer = co_await open_stream();
    if (answer && !std::exchange(keeping_, true)) {
      scope_.spawn(keep_listening());
    }
    const json::Array* uris = answer ? json::find_array(*answer, "resourceSubscriptions") : nullptr;
    const bool accepted =
        uris != nullptr && std::find(uris->begin(), uris->end(), json::Value(uri)) != uris->end();
    if (answer && !accepted) {
      answer = refused(jsonrpc::kInvalidParams, "the server does not tell of changes of " + uri);
    } else if (answer) {
      answer = json::Object{};
    }
  } else {
    answer = co_await ask("resources/subscribe", uri_params(uri));
  }
  if (!answer) {
    counts_.erase(uri);
  }
  co_return answer;
}

Task<void> Watches::unwatch(std::string uri) {
  const Deadline patience = Deadline::after(link_.spec.call_hard_timeout);
  const auto permit = co_await turn_.acquire(patience);
  const auto at = counts_.find(uri);
  if (!permit || at == counts_.end() || --at->second > 0) {
    co_return;
  }
  counts_.erase(at);
  if (!link_.connection->alive()) {
    co_return;
  }
  if (!link_.is_modern()) {
    co_await ask("resources/unsubscribe", uri_params(uri));
  } else if (!wishes().empty()) {
    co_await open_stream();
  } else if (const auto old = std::exchange(stream_, nullptr)) {
    co_await end(old);
  }
}

Task<Answer<json::Object>> Watches::set_log_level(std::string level) {
  if (link_.is_modern() || !link_.offers("logging", "")) {
    co_return json::Object{};
  }
  log_level_ = level;
  json::Object params;
  params["level"] = level;
  co_return co_await ask("logging/setLevel", std::move(params));
}

void Watches::renew() {
  if (!closing_) {
    scope_.spawn(tell_again());
  }
}

Task<void> Watches::tell_again() {
  const Deadline patience = Deadline::after(link_.spec.call_hard_timeout);
  const auto permit = co_await turn_.acquire(patience);
  if (!permit) {
    co_return;
  }
  if (!log_level_.empty()) {
    json::Object params;
    params["level"] = log_level_;
    co_await ask("logging/setLevel", std::move(params));
  }
  const auto counts = counts_;
  for (const auto& [uri, count] : counts) {
    auto answer = co_await ask("resources/subscribe", uri_params(uri));
    if (!answer) {
      log::warn("mcp", "a resource is no longer followed after a new session",
                {{"server", link_.spec.name}, {"error", answer.error().error.to_string()}});
    }
  }
  if (link_.events.on_list_changed) {
    link_.events.on_list_changed(ClientEvents::List::kTools);
    link_.events.on_list_changed(ClientEvents::List::kPrompts);
    link_.events.on_list_changed(ClientEvents::List::kResources);
  }
}

Task<void> Watches::close() {
  closing_ = true;
  if (const auto old = std::exchange(stream_, nullptr)) {
    co_await end(old);
  }
  scope_.cancel();
  co_await scope_.join();
}

}  // namespace oap::mcp
