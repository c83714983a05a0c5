#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/log.hpp"
#include "mcp/client/connection.hpp"
#include "mcp/client/pending.hpp"
#include "mcp/era.hpp"
#include "text/utf8.hpp"

namespace oap::mcp {
namespace {

constexpr std::uint64_t kLoggedFaults = 20;

std::string excerpt(std::string_view text) {
  constexpr std::size_t kShown = 200;
  return text::escape_visible(text::truncate_utf8(text, kShown));
}

/// The number of a request of ours, 0 where the id is none.
RequestId number_of(const json::Value& id) {
  if (id.is_int64()) {
    return id.get_int64();
  }
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (id.is_double() && std::abs(id.get_double()) <= kExact &&
      std::trunc(id.get_double()) == id.get_double()) {
    return static_cast<RequestId>(id.get_double());
  }
  return 0;
}

RequestId number_at(const json::Object& object, std::string_view key) {
  const json::Value* value = json::find(object, key);
  return value == nullptr ? 0 : number_of(*value);
}

}  // namespace

void Connection::on_message(std::string_view text, RequestId about) {
  if (text.empty()) {
    return;
  }
  auto decoded = jsonrpc::decode(text);
  if (!decoded) {
    take_garbage(text, decoded.error(), about);
    return;
  }
  if (auto* response = std::get_if<jsonrpc::Response>(&*decoded)) {
    take_answer(std::move(*response), about);
    return;
  }
  auto& request = std::get<jsonrpc::Request>(*decoded);
  if (request.is_notification) {
    take_notification(std::move(request), about);
  } else {
    take_question(std::move(request), about);
  }
}

void Connection::take_garbage(std::string_view text, const jsonrpc::Rejected& why,
                              RequestId about) {
  ++faults_.garbage;
  if (faults_.garbage <= kLoggedFaults) {
    log::warn("mcp", "a line that is no message was skipped",
              {{"server", peer_name_}, {"why", why.message}, {"line", excerpt(text)}});
  }
  if (!text.starts_with('{')) {
    return;
  }
  const Traits traits = guess_traits(text, text);
  if (!traits.response) {
    return;
  }
  Pending* pending = traits.id ? find(number_of(*traits.id)) : find(about);
  if (pending != nullptr) {
    settle(*pending,
           failed(Error(Code::kUpstream, fmt::format("'{}' gave an answer that cannot be read: {}",
                                                     peer_name_, why.message))));
  }
}

void Connection::on_oversize(const Oversize& message, RequestId about) {
  ++faults_.oversize;
  const Traits traits = guess_traits(message.head, message.tail);
  log::warn("mcp", "a message over the size limit was thrown away",
            {{"server", peer_name_}, {"bytes", fmt::to_string(message.bytes)}});
  const Error reason(Code::kResourceExhausted,
                     fmt::format("'{}' answered with {} bytes, which is over the limit; ask for "
                                 "less at once",
                                 peer_name_, message.bytes));
  Pending* const pending =
      traits.response ? find(traits.id ? number_of(*traits.id) : about) : nullptr;
  if (pending != nullptr) {
    settle(*pending, failed(reason));
  } else if (traits.response && !traits.id && message.head.starts_with('{')) {
    fail_all(reason);
  }
}

void Connection::take_unknown_answer() {
  ++faults_.unknown_answers;
  if (faults_.unknown_answers <= kLoggedFaults) {
    log::info("mcp", "an answer to no open request was dropped", {{"server", peer_name_}});
  }
}

void Connection::take_answer(jsonrpc::Response response, RequestId about) {
  const bool nameless = response.error && response.id.is_null();
  Pending* const pending = find(nameless ? about : number_of(response.id));
  if (pending == nullptr && nameless) {
    log::warn("mcp", "the server reports an error about no request",
              {{"server", peer_name_}, {"error", excerpt(response.error->message)}});
    return;
  }
  if (pending == nullptr && dropped_.erase(number_of(response.id)) == 0) {
    take_unknown_answer();
  }
  if (pending == nullptr) {
    return;
  }
  if (response.error) {
    settle(*pending, failed(failure_of(*std::move(response.error))));
  } else if (response.result->is_object()) {
    settle(*pending, std::move(response.result->get_object()));
  } else {
    settle(*pending, failed(Error(Code::kUpstream,
                                  fmt::format("the result of {} of '{}' must be an object, not {}",
                                              pending->inquiry.method, peer_name_,
                                              json::type_name(*response.result)))));
  }
}

Failure Connection::failure_of(jsonrpc::ErrorObject error) const {
  const Code code = error.code == jsonrpc::kInvalidParams    ? Code::kInvalidArgument
                    : error.code == jsonrpc::kMethodNotFound ? Code::kUnimplemented
                                                             : Code::kUpstream;
  Error said(code, fmt::format("'{}' answered with error {}: {}", peer_name_, error.code,
                               text::truncate_utf8(error.message, 4096)));
  return Failure{std::move(said), std::move(error)};
}

/// The request that a notification belongs to: that of its stream, or of its subscription.
Connection::Pending* Connection::subject_of(const json::Object& params, RequestId about) {
  if (about != 0) {
    return find(about);
  }
  const json::Object* meta = json::find_object(params, "_meta");
  return meta == nullptr ? nullptr : find(number_at(*meta, kMetaSubscription));
}

/// The newest of the open requests that a nameless question or notification may be about, where all
/// of them have one owner.
Connection::Pending* Connection::common_owner() {
  Pending* newest = nullptr;
  for (const auto& [id, pending] : pending_) {
    if (!pending->inquiry.may_be_asked) {
      continue;
    }
    if (newest != nullptr && newest->inquiry.owner != pending->inquiry.owner) {
      return nullptr;
    }
    if (newest == nullptr || newest->id < id) {
      newest = pending;
    }
  }
  return newest;
}

/// The one that a nameless question is about: as above, or the newest of those that do not wait for
/// an answer, where these are of one owner and all are of one party.
Connection::Pending* Connection::asking_request() {
  if (Pending* const only = common_owner(); only != nullptr && only->open_questions == 0) {
    return only;
  }
  Pending* found = nullptr;
  Pending* newest = nullptr;
  bool one_owner = true;
  for (const auto& [id, pending] : pending_) {
    const Inquiry& inquiry = pending->inquiry;
    if (!inquiry.may_be_asked) {
      continue;
    }
    if (newest != nullptr && newest->inquiry.party != inquiry.party) {
      return common_owner();
    }
    newest = newest == nullptr || newest->id < id ? pending : newest;
    if (pending->open_questions > 0) {
      continue;
    }
    one_owner = one_owner && (found == nullptr || found->inquiry.owner == inquiry.owner);
    found = found == nullptr || found->id < id ? pending : found;
  }
  const bool sure = found != nullptr && one_owner && !found->inquiry.party.empty();
  return sure ? found : common_owner();
}

void Connection::take_notification(jsonrpc::Request notification, RequestId about) {
  if (notification.method == "notifications/progress") {
    take_progress(std::move(notification.params));
    return;
  }
  if (notification.method == "notifications/cancelled") {
    take_cancellation(notification.params);
    return;
  }
  Pending* pending = subject_of(notification.params, about);
  if (pending == nullptr && (notification.method == "notifications/message" ||
                             notification.method == "notifications/elicitation/complete")) {
    pending = common_owner();
  }
  if (pending != nullptr && pending->inquiry.on_notification) {
    pending->inquiry.on_notification(std::move(notification.method),
                                     std::move(notification.params));
  } else if (on_notification_) {
    on_notification_(std::move(notification.method), std::move(notification.params));
  }
}

void Connection::take_progress(json::Object params) {
  Pending* const pending = find(number_at(params, "progressToken"));
  if (pending == nullptr) {
    return;
  }
  pending->last_sign = std::chrono::steady_clock::now();
  if (pending->inquiry.on_progress) {
    params.erase("progressToken");
    pending->inquiry.on_progress(std::move(params));
  }
}

void Connection::take_cancellation(const json::Object& params) {
  const json::Value* id = json::find(params, "requestId");
  if (id == nullptr) {
    return;
  }
  if (const auto it = asked_.find(jsonrpc::id_key(*id)); it != asked_.end()) {
    it->second->withdrawn = true;
    it->second->branch.cancel();
    return;
  }
  Pending* const pending = find(number_of(*id));
  if (pending != nullptr && pending->inquiry.ends_by_peer) {
    settle(*pending, failed(Error(Code::kUnavailable, fmt::format("'{}' ended {}", peer_name_,
                                                                  pending->inquiry.method))));
  }
}

}  // namespace oap::mcp
