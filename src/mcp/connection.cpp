#include "mcp/connection.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/log.hpp"
#include "json/print.hpp"
#include "text/utf8.hpp"

namespace oap::mcp {
namespace {

constexpr std::uint64_t kLoggedFaults = 20;

std::string excerpt(std::string_view text) {
  constexpr std::size_t kShown = 200;
  return text::escape_visible(text::truncate_utf8(text, kShown));
}

std::string seconds(Millis time) {
  return fmt::format("{:g} s", static_cast<double>(time.count()) / 1000.0);
}

}  // namespace

Connection::Connection(Executor executor, std::string peer_name,
                       std::unique_ptr<Transport> transport)
    : executor_(std::move(executor)),
      peer_name_(std::move(peer_name)),
      transport_(std::move(transport)) {}

Task<Result<void>> Connection::open() { return transport_->open(*this); }

Result<void> Connection::notify(std::string method, json::Object params) {
  if (ended_) {
    return fail(*ended_);
  }
  jsonrpc::Request notification;
  notification.method = std::move(method);
  notification.params = std::move(params);
  notification.is_notification = true;
  Outgoing message;
  message.text = jsonrpc::print(std::move(notification));
  return transport_->send(std::move(message));
}

Task<Result<json::Value>> Connection::request(std::string method, json::Object params,
                                              Patience patience, ProgressSink progress) {
  if (ended_) {
    co_return fail(*ended_);
  }
  const std::int64_t id = next_id_++;
  jsonrpc::Request request;
  request.id = id;
  request.method = method;
  request.params = std::move(params);
  if (progress) {
    json::Value& meta = request.params["_meta"];
    if (!meta.is_object()) {
      meta = json::Object{};
    }
    meta.get_object()["progressToken"] = id;
  }
  auto pending = std::make_shared<Pending>(executor_);
  pending->progress = std::move(progress);
  pending->last_sign = std::chrono::steady_clock::now();

  Outgoing message;
  message.request_key = jsonrpc::id_key(request.id);
  message.text = jsonrpc::print(std::move(request));
  pending_.emplace(message.request_key, pending);
  const std::string key = message.request_key;
  if (auto sent = transport_->send(std::move(message)); !sent) {
    pending_.erase(key);
    co_return fail(std::move(sent).error());
  }
  Result<json::Value> answer =
      co_await wait_for(id, std::move(pending), std::move(method), patience);
  pending_.erase(key);
  co_return answer;
}

Task<Result<json::Value>> Connection::wait_for(std::int64_t id, std::shared_ptr<Pending> pending,
                                               std::string method, Patience patience) {
  while (true) {
    const Deadline idle = Deadline::at(pending->last_sign + patience.idle);
    const Deadline next = patience.hard.sooner(idle);
    const async::Event::Wake wake = co_await pending->answered.wait(next);
    if (wake == async::Event::Wake::kNotified) {
      co_return *std::move(pending->answer);
    }
    if (wake == async::Event::Wake::kCancelled) {
      give_up(id, method, "the caller cancelled the request");
      co_return fail(Code::kCancelled, "the request {} to '{}' was cancelled", method, peer_name_);
    }
    if (patience.hard.passed()) {
      give_up(id, method, "the caller's time is up");
      co_return fail(Code::kDeadlineExceeded,
                     "'{}' did not answer {} within the time that the call was given", peer_name_,
                     method);
    }
    if (pending->last_sign + patience.idle <= std::chrono::steady_clock::now()) {
      give_up(id, method, "no answer and no progress in time");
      co_return fail(Code::kDeadlineExceeded, "'{}' did not answer {} within {}", peer_name_,
                     method, seconds(patience.idle));
    }
  }
}

void Connection::give_up(std::int64_t id, const std::string& method, std::string_view reason) {
  pending_.erase(jsonrpc::id_key(json::Value(id)));
  if (method == "initialize" || ended_) {
    return;
  }
  json::Object params;
  params["requestId"] = id;
  params["reason"] = reason;
  if (auto sent = notify("notifications/cancelled", std::move(params)); !sent) {
    log::debug("mcp", "a cancellation was not sent",
               {{"server", peer_name_}, {"error", sent.error().message()}});
  }
}

void Connection::settle(const std::string& key, Result<json::Value> answer) {
  const auto it = pending_.find(key);
  if (it == pending_.end()) {
    ++faults_.unknown_answers;
    if (faults_.unknown_answers <= kLoggedFaults) {
      log::info("mcp", "an answer to no open request was dropped", {{"server", peer_name_}});
    }
    return;
  }
  const std::shared_ptr<Pending> pending = it->second;
  pending_.erase(it);
  pending->answer = std::move(answer);
  pending->answered.notify();
}

void Connection::fail_all(const Error& reason) {
  const auto open = std::exchange(pending_, {});
  for (const auto& [key, pending] : open) {
    pending->answer = fail(reason);
    pending->answered.notify();
  }
}

Task<void> Connection::close() {
  const Error reason(Code::kUnavailable, fmt::format("the link to '{}' was closed", peer_name_));
  if (!ended_) {
    ended_ = reason;
  }
  fail_all(reason);
  co_await transport_->close();
}

void Connection::on_closed(const Error& reason) {
  if (!ended_) {
    ended_ = reason;
  }
  fail_all(*ended_);
}

void Connection::on_message(std::string_view text) {
  if (text.empty()) {
    return;
  }
  auto decoded = jsonrpc::decode(text);
  if (!decoded) {
    take_garbage(text, decoded.error().message);
    return;
  }
  if (auto* response = std::get_if<jsonrpc::Response>(&*decoded)) {
    take_answer(std::move(*response));
  } else {
    take_request(std::get<jsonrpc::Request>(*decoded));
  }
}

void Connection::take_garbage(std::string_view text, const std::string& why) {
  ++faults_.garbage;
  if (faults_.garbage <= kLoggedFaults) {
    log::warn("mcp", "a line that is no message was skipped",
              {{"server", peer_name_}, {"why", why}, {"line", excerpt(text)}});
  }
  if (!text.starts_with('{')) {
    return;
  }
  const Traits traits = guess_traits(text, text);
  const std::string key = traits.id ? jsonrpc::id_key(*traits.id) : "";
  if (traits.response && pending_.contains(key)) {
    settle(key,
           fail(Code::kUpstream, "'{}' gave an answer that cannot be read: {}", peer_name_, why));
  }
}

void Connection::on_oversize(const Oversize& message) {
  ++faults_.oversize;
  const Traits traits = guess_traits(message.head, message.tail);
  log::warn("mcp", "a message over the size limit was thrown away",
            {{"server", peer_name_}, {"bytes", fmt::to_string(message.bytes)}});
  const Error reason(Code::kResourceExhausted,
                     fmt::format("'{}' answered with {} bytes, which is over the limit; ask for "
                                 "less at once",
                                 peer_name_, message.bytes));
  const std::string key = traits.id ? jsonrpc::id_key(*traits.id) : "";
  if (traits.response && pending_.contains(key)) {
    settle(key, fail(reason));
  } else if (traits.response && !traits.id && message.head.starts_with('{')) {
    fail_all(reason);
  }
}

void Connection::take_answer(jsonrpc::Response response) {
  const std::string key = jsonrpc::id_key(response.id);
  if (response.error && response.id.is_null()) {
    log::warn("mcp", "the server reports an error about no request",
              {{"server", peer_name_}, {"error", excerpt(response.error->message)}});
    return;
  }
  if (response.error) {
    settle(key, fail(error_of(*response.error)));
  } else {
    settle(key, *std::move(response.result));
  }
}

Error Connection::error_of(const jsonrpc::ErrorObject& error) const {
  const Code code = error.code == jsonrpc::kInvalidParams    ? Code::kInvalidArgument
                    : error.code == jsonrpc::kMethodNotFound ? Code::kUnimplemented
                                                             : Code::kUpstream;
  return {code, fmt::format("'{}' answered with error {}: {}", peer_name_, error.code,
                            text::truncate_utf8(error.message, 4096))};
}

void Connection::take_request(const jsonrpc::Request& request) {
  if (request.is_notification) {
    if (request.method == "notifications/progress") {
      take_progress(json::Value(request.params));
    }
    if (on_notification_) {
      on_notification_(request);
    }
    return;
  }
  if (request.method == "ping") {
    send_response(jsonrpc::Response::success(request.id, json::Object{}));
    return;
  }
  const Result<json::Value> answer =
      on_request_
          ? on_request_(request)
          : fail(Code::kUnimplemented, "this client does not know the method {}", request.method);
  if (answer) {
    send_response(jsonrpc::Response::success(request.id, *answer));
  } else {
    send_response(jsonrpc::Response::failure(request.id, jsonrpc_code(answer.error().code()),
                                             answer.error().message()));
  }
}

void Connection::send_response(jsonrpc::Response response) {
  Outgoing message;
  message.text = jsonrpc::print(std::move(response));
  if (auto sent = transport_->send(std::move(message)); !sent) {
    log::debug("mcp", "an answer was not sent",
               {{"server", peer_name_}, {"error", sent.error().message()}});
  }
}

void Connection::take_progress(const json::Value& params) {
  const json::Value* token = json::find(params, "progressToken");
  const auto it = token == nullptr ? pending_.end() : pending_.find(jsonrpc::id_key(*token));
  if (it == pending_.end() || !it->second->progress) {
    return;
  }
  const std::shared_ptr<Pending> pending = it->second;
  pending->last_sign = std::chrono::steady_clock::now();
  std::optional<double> total;
  if (const json::Value* value = json::find(params, "total"); value && value->is_number()) {
    total = json::get_double(params, "total");
  }
  pending->progress(json::get_double(params, "progress"), total,
                    json::get_string(params, "message"));
}

}  // namespace oap::mcp
