#include "mcp/client/connection.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/log.hpp"
#include "json/print.hpp"
#include "mcp/client/pending.hpp"
#include "text/utf8.hpp"

namespace oap::mcp {
namespace {

std::string seconds(Millis time) {
  return fmt::format("{:g} s", static_cast<double>(time.count()) / 1000.0);
}

SteadyTime now() { return std::chrono::steady_clock::now(); }

}  // namespace

/// A request in the table for as long as its coroutine lives.
class Connection::Entry {
 public:
  Entry(std::unordered_map<RequestId, Pending*>& table, Pending& pending)
      : table_(table), id_(pending.id) {
    table_.emplace(id_, &pending);
  }
  ~Entry() { table_.erase(id_); }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

 private:
  std::unordered_map<RequestId, Pending*>& table_;
  RequestId id_;
};

Connection::Connection(Executor executor, std::string peer_name,
                       std::unique_ptr<Transport> transport)
    : executor_(executor),
      peer_name_(std::move(peer_name)),
      transport_(std::move(transport)),
      scope_(executor),
      alarm_(executor) {}

Connection::~Connection() = default;

Task<Result<void>> Connection::open() {
  scope_.spawn(watch_time());
  auto opened = co_await transport_->open(*this);
  if (!opened) {
    co_await close();
  }
  co_return opened;
}

Outgoing Connection::print_request(RequestId id, Inquiry& inquiry) const {
  jsonrpc::Request request;
  request.id = id;
  request.method = inquiry.method;
  request.params = std::move(inquiry.params);
  if (inquiry.method != "initialize") {
    json::Value& meta = request.params["_meta"];
    if (!meta.is_object()) {
      meta = json::Object{};
    }
    meta.get_object()["progressToken"] = id;
  }
  Outgoing message;
  message.id = id;
  message.method = inquiry.method;
  message.headers = std::move(inquiry.headers);
  message.text = jsonrpc::print(std::move(request));
  return message;
}

Task<Answer<json::Object>> Connection::request(Inquiry inquiry) {
  if (ended_) {
    co_return failed(*ended_);
  }
  const RequestId id = next_id_++;
  Pending pending(executor_, id, std::move(inquiry));
  Outgoing message = print_request(id, pending.inquiry);
  const Entry entry(pending_, pending);
  if (auto sent = transport_->send(std::move(message)); !sent) {
    co_return failed(std::move(sent).error());
  }
  pending.last_sign = now();
  if (const SteadyTime when = due(pending); when < armed_for_) {
    armed_for_ = when;
    alarm_.notify();
  }
  const Deadline never = Deadline::never();
  const async::Event::Wake wake = co_await pending.answered.wait(never);
  if (wake == async::Event::Wake::kCancelled && !pending.answer) {
    give_up(pending, "the caller cancelled the request");
    pending.answer =
        failed(Error(Code::kCancelled, fmt::format("the request {} to '{}' was "
                                                   "cancelled",
                                                   pending.inquiry.method, peer_name_)));
  }
  if (!pending.asked.empty()) {
    co_await end_questions(std::move(pending.asked));
  }
  co_return *std::move(pending.answer);
}

Result<Outgoing> Connection::print_notification(std::string method, json::Object params) const {
  if (ended_) {
    return fail(*ended_);
  }
  jsonrpc::Request notification;
  notification.method = method;
  notification.params = std::move(params);
  notification.is_notification = true;
  Outgoing message;
  message.method = std::move(method);
  message.text = jsonrpc::print(std::move(notification));
  return message;
}

Task<Result<void>> Connection::tell(std::string method, json::Object params) {
  OAP_CO_TRY(Outgoing message, print_notification(std::move(method), std::move(params)));
  co_return co_await transport_->deliver(std::move(message));
}

Result<void> Connection::notify(std::string method, json::Object params) {
  OAP_TRY(Outgoing message, print_notification(std::move(method), std::move(params)));
  return transport_->send(std::move(message));
}

SteadyTime Connection::due(const Pending& pending) const {
  const Patience& patience = pending.inquiry.patience;
  SteadyTime when = patience.hard.time().value_or(SteadyTime::max());
  if (patience.idle && pending.open_questions == 0) {
    when = std::min(when, pending.last_sign + *patience.idle);
  }
  return when;
}

/// One timer for all requests: it is set anew only where a request is due before all others.
Task<void> Connection::watch_time() {
  while (true) {
    const Deadline next =
        armed_for_ == SteadyTime::max() ? Deadline::never() : Deadline::at(armed_for_);
    if (co_await alarm_.wait(next) == async::Event::Wake::kCancelled) {
      co_return;
    }
    alarm_.reset();
    armed_for_ = SteadyTime::max();
    std::vector<Pending*> late;
    for (const auto& [id, pending] : pending_) {
      const SteadyTime when = due(*pending);
      if (!pending->answer && when <= now()) {
        late.push_back(pending);
      } else if (!pending->answer) {
        armed_for_ = std::min(armed_for_, when);
      }
    }
    for (Pending* const pending : late) {
      expire(*pending);
    }
  }
}

void Connection::expire(Pending& pending) {
  const Inquiry& inquiry = pending.inquiry;
  if (inquiry.patience.hard.passed()) {
    give_up(pending, "the caller's time is up");
    settle(pending, failed(Error(Code::kDeadlineExceeded,
                                 fmt::format("'{}' did not answer {} within the time that the "
                                             "call was given",
                                             peer_name_, inquiry.method))));
    return;
  }
  give_up(pending, "no answer and no progress in time");
  settle(pending, failed(Error(Code::kDeadlineExceeded,
                               fmt::format("'{}' did not answer {} within {}", peer_name_,
                                           inquiry.method, seconds(*inquiry.patience.idle)))));
}

void Connection::give_up(const Pending& pending, std::string_view reason) {
  const Inquiry& inquiry = pending.inquiry;
  if (ended_) {
    return;
  }
  const bool wordless = inquiry.method == "initialize" || inquiry.quiet;
  if (wordless) {
    dropped_.insert(pending.id);
  }
  if (!wordless && transport_->cancels_by_message()) {
    json::Object params;
    params["requestId"] = pending.id;
    params["reason"] = reason;
    if (auto sent = notify("notifications/cancelled", std::move(params)); !sent) {
      log::debug("mcp", "a cancellation was not sent",
                 {{"server", peer_name_}, {"error", sent.error().message()}});
    }
  }
  transport_->abandon(pending.id);
}

/// The first answer counts; from here on the request is none of those that are open.
void Connection::settle(Pending& pending, Answer<json::Object> answer) {
  pending_.erase(pending.id);
  if (!pending.answer) {
    pending.answer = std::move(answer);
    pending.answered.notify();
  }
}

void Connection::fail_all(const Error& reason) {
  const auto open = std::exchange(pending_, {});
  for (const auto& [id, pending] : open) {
    settle(*pending, failed(reason));
  }
}

Task<void> Connection::close() {
  const Error reason(Code::kUnavailable, fmt::format("the link to '{}' was closed", peer_name_));
  if (!ended_) {
    ended_ = reason;
  }
  fail_all(reason);
  std::vector<std::shared_ptr<Asked>> open;
  for (const auto& [key, asked] : asked_) {
    open.push_back(asked);
  }
  co_await end_questions(std::move(open));
  co_await transport_->close();
  scope_.cancel();
  co_await scope_.join();
}

void Connection::on_closed(const Error& reason) {
  if (!ended_) {
    ended_ = reason;
  }
  fail_all(*ended_);
}

void Connection::on_failed(RequestId id, Failure why) {
  if (Pending* const pending = find(id)) {
    settle(*pending, failed(std::move(why)));
  }
}

void Connection::on_renewed() {
  if (on_renewal_) {
    on_renewal_();
  }
}

Connection::Pending* Connection::find(RequestId id) {
  const auto it = pending_.find(id);
  return it == pending_.end() ? nullptr : it->second;
}

}  // namespace oap::mcp
