#include "mcp/server/legacy_session.hpp"

#include <utility>

#include <fmt/format.h>

#include "base/ids.hpp"
#include "json/print.hpp"
#include "mcp/protocol.hpp"
#include "mcp/server/listening.hpp"
#include "mcp/server/modern_desk.hpp"

namespace oap::mcp {
namespace {

constexpr std::size_t kMaxUris = 1000;  // followed by one session
constexpr std::size_t kMaxHandshake = 64U << 10U;

Rejection rejection(int code, std::string message) {
  return Rejection{200, jsonrpc::ErrorObject{code, std::move(message)}};
}

bool has_flag(const json::Object& capabilities, std::string_view area, std::string_view flag) {
  const json::Object* object = json::find_object(capabilities, area);
  return object != nullptr && json::get_bool(*object, flag);
}

void answer_with(Outlet& outlet, json::Value id, json::Object result) {
  outlet.answer(jsonrpc::print(jsonrpc::Response::success(std::move(id), std::move(result))), 200);
}

}  // namespace

LegacySession::LegacySession(Core& core, Principal principal, std::string holder, Aside aside)
    : core_(core),
      holder_(std::move(holder)),
      aside_(std::move(aside)),
      caller_(std::make_shared<Caller>()) {
  caller_->era = Era::kLegacy;
  caller_->protocol_version = kLatestVersion;
  caller_->principal = std::move(principal);
  caller_->session_id = new_id("ses_");
  who_ = core_.knows_callers() ? name_of(caller_->principal) : caller_->session_id;
}

void LegacySession::take(jsonrpc::Request request, std::shared_ptr<Outlet> outlet) {
  const std::string& method = request.method;
  if (calls_.contains(jsonrpc::id_key(request.id))) {
    refuse(*outlet, std::move(request.id),
           rejection(jsonrpc::kInvalidRequest, "a request with this id is still under way"));
  } else if (method == "initialize") {
    core_.start(shake_hands(shared_from_this(), std::move(request), std::move(outlet)));
  } else if (method == "ping") {
    answer_with(*outlet, std::move(request.id), {});
  } else if (method == "logging/setLevel") {
    set_level(std::move(request), *outlet);
  } else if (method == "resources/subscribe" || method == "resources/unsubscribe") {
    core_.start(follow(shared_from_this(), std::move(request), std::move(outlet)));
  } else if (!may_be_legacy(method)) {
    refuse(*outlet, std::move(request.id),
           rejection(jsonrpc::kMethodNotFound,
                     fmt::format("this server does not know the method {}", method)));
  } else if (!core_.has_room(who_)) {
    refuse(*outlet, std::move(request.id), too_busy());
  } else {
    std::string key = jsonrpc::id_key(request.id);
    auto call = std::make_shared<LegacyCall>(core_, shared_from_this(), request, std::move(outlet));
    calls_.emplace(std::move(key), call);
    LegacyCall::start(std::move(call), std::move(request));
  }
}

std::optional<Rejection> LegacySession::check_handshake(const jsonrpc::Request& request) {
  const json::Value* version = json::find(request.params, "protocolVersion");
  if (version == nullptr || !version->is_string()) {
    return rejection(jsonrpc::kInvalidParams, "initialize needs the string protocolVersion");
  }
  std::size_t kept = 0;
  for (const std::string_view member : {"clientInfo", "capabilities"}) {
    const json::Value* value = json::find(request.params, member);
    kept += value == nullptr ? 0 : json::print(*value).size();
  }
  if (kept > kMaxHandshake) {
    return rejection(
        jsonrpc::kInvalidParams,
        fmt::format("clientInfo and capabilities may have {} bytes together", kMaxHandshake));
  }
  return std::nullopt;
}

Task<void> LegacySession::shake_hands(std::shared_ptr<LegacySession> session,
                                      jsonrpc::Request request, std::shared_ptr<Outlet> outlet) {
  if (auto wrong = check_handshake(request)) {
    refuse(*outlet, std::move(request.id), *std::move(wrong));
    co_return;
  }
  auto caller = std::make_shared<Caller>(*session->caller_);
  caller->protocol_version = negotiate(json::get_string(request.params, "protocolVersion"));
  if (const json::Object* info = json::find_object(request.params, "clientInfo")) {
    caller->info = *info;
  }
  if (const json::Object* capabilities = json::find_object(request.params, "capabilities")) {
    caller->capabilities = *capabilities;
  }
  session->caller_ = caller;
  const Core::Running running(session->core_, session->who_);
  Face face = co_await session->core_.service().face(*caller);
  session->core_.set_server_info(face.info);
  session->capabilities_ = face.capabilities;
  json::Object result;
  result["protocolVersion"] = caller->protocol_version;
  result["capabilities"] = std::move(face.capabilities);
  result["serverInfo"] = std::move(face.info);
  if (!face.instructions.empty()) {
    result["instructions"] = face.instructions;
  }
  answer_with(*outlet, std::move(request.id), std::move(result));
}

void LegacySession::set_level(jsonrpc::Request request, Outlet& outlet) {
  if (json::find(capabilities_, "logging") == nullptr) {
    refuse(outlet, std::move(request.id),
           rejection(jsonrpc::kMethodNotFound, "this server has no log messages to send"));
    return;
  }
  const auto level = log_level(json::get_string(request.params, "level"));
  if (!level) {
    refuse(outlet, std::move(request.id),
           rejection(jsonrpc::kInvalidParams,
                     "level must be one of debug, info, notice, warning, "
                     "error, critical, alert, emergency"));
    return;
  }
  level_ = level;
  answer_with(outlet, std::move(request.id), {});
}

Task<void> LegacySession::follow(std::shared_ptr<LegacySession> session, jsonrpc::Request request,
                                 std::shared_ptr<Outlet> outlet) {
  const std::string uri(json::get_string(request.params, "uri"));
  if (uri.empty()) {
    refuse(*outlet, std::move(request.id),
           rejection(jsonrpc::kInvalidParams, request.method + " needs the string uri"));
    co_return;
  }
  const Core::Running running(session->core_, session->who_);
  Service& service = session->core_.service();
  Caller caller = *session->caller_;
  if (request.method == "resources/unsubscribe") {
    if (session->uris_.erase(uri) > 0) {
      co_await service.unwatch(uri, std::move(caller));
    }
    answer_with(*outlet, std::move(request.id), {});
    co_return;
  }
  if (session->uris_.contains(uri)) {
    answer_with(*outlet, std::move(request.id), {});
    co_return;
  }
  if (auto refused = session->claim(uri)) {
    refuse(*outlet, std::move(request.id), *std::move(refused));
    co_return;
  }
  auto watched = co_await service.watch(uri, caller);
  if (!watched) {
    session->uris_.erase(uri);
    refuse(*outlet, std::move(request.id), Rejection{200, to_rpc(watched.error())});
    co_return;
  }
  if (session->ended_ && session->uris_.erase(uri) > 0) {
    co_await service.unwatch(uri, std::move(caller));
  }
  answer_with(*outlet, std::move(request.id), std::move(*watched));
}

/// A place for one more resource, or why there is none.
std::optional<Rejection> LegacySession::claim(const std::string& uri) {
  if (uri.size() > kMaxUriBytes) {
    return rejection(jsonrpc::kInvalidParams,
                     fmt::format("a uri that is followed may have {} bytes", kMaxUriBytes));
  }
  if (uris_.size() >= kMaxUris) {
    return Rejection{
        429, jsonrpc::ErrorObject{kTooBusy, fmt::format("one session may follow {} resources; "
                                                        "unsubscribe from some",
                                                        kMaxUris)}};
  }
  auto place = core_.watched().take(holder_);
  if (!place) {
    return no_place(std::move(place).error());
  }
  uris_.emplace(uri, *std::move(place));
  return std::nullopt;
}

void LegacySession::notice(const jsonrpc::Request& notification) {
  if (notification.method == "notifications/roots/list_changed") {
    core_.service().roots_changed(*caller_);
    return;
  }
  if (notification.method != "notifications/cancelled") {
    return;
  }
  const json::Value* id = json::find(notification.params, "requestId");
  const auto it = id == nullptr ? calls_.end() : calls_.find(jsonrpc::id_key(*id));
  if (it != calls_.end()) {
    const auto call = it->second;
    call->cancel();
  }
}

void LegacySession::take(jsonrpc::Response response) {
  const auto it = questions_.find(jsonrpc::id_key(response.id));
  if (it == questions_.end()) {
    return;
  }
  Question question = it->second;
  questions_.erase(it);
  question.set(answer_of(std::move(response)));
}

bool LegacySession::announces(const Change& change) const {
  switch (change.kind) {
    case Change::Kind::kTools:
      return has_flag(capabilities_, "tools", "listChanged");
    case Change::Kind::kPrompts:
      return has_flag(capabilities_, "prompts", "listChanged");
    case Change::Kind::kResources:
      return has_flag(capabilities_, "resources", "listChanged");
    case Change::Kind::kResource:
      return uris_.contains(change.uri);
  }
  return false;
}

void LegacySession::changed(const Change& change) {
  if (ended_ || !announces(change)) {
    return;
  }
  jsonrpc::Request notification;
  notification.method = method_of(change);
  notification.params = params_of(change);
  notification.is_notification = true;
  aside_(jsonrpc::print(std::move(notification)));
}

Task<void> LegacySession::unfollow_all(Core& core, Followed uris, Caller caller) {
  for (const auto& [uri, place] : uris) {
    co_await core.service().unwatch(uri, caller);
  }
  core.service().session_ended(caller);
}

void LegacySession::end() {
  if (std::exchange(ended_, true)) {
    return;
  }
  const auto calls = calls_;
  for (const auto& [key, call] : calls) {
    call->cancel();
  }
  questions_.clear();
  core_.start(unfollow_all(core_, std::exchange(uris_, {}), *caller_));
}

LegacyCall::LegacyCall(Core& core, std::shared_ptr<LegacySession> session,
                       const jsonrpc::Request& request, std::shared_ptr<Outlet> outlet)
    : Call(core, session->caller_), session_(std::move(session)) {
  id_ = request.id;
  set_progress_token(request.params);
  outlet_ = std::move(outlet);
}

void LegacyCall::start(std::shared_ptr<LegacyCall> call, jsonrpc::Request request) {
  Core& core = call->core_;
  call->branch_ = core.start(run(call, std::move(request.method), std::move(request.params)));
}

Task<void> LegacyCall::run(std::shared_ptr<LegacyCall> call, std::string method,
                           json::Object params) {
  const Core::Running running(call->core_, call->session_->who_);
  auto answer = co_await handle(call->core_.service(), std::move(method), std::move(params), *call);
  call->conclude(std::move(answer));
}

Task<Answer<json::Object>> LegacyCall::ask(std::string method, json::Object params) {
  if (auto required = missing_capability(method, params, caller_->capabilities)) {
    co_return undeclared(*std::move(required));
  }
  if (outlet_ == nullptr || !outlet_->can_send()) {
    co_return failed(
        Error(Code::kFailedPrecondition, "the client cannot be asked: it takes no event stream"));
  }
  jsonrpc::Request question;
  question.id = fmt::format("oap-{}", ++session_->last_question_);
  question.method = std::move(method);
  question.params = std::move(params);
  const json::Value id = question.id;
  const std::string key = jsonrpc::id_key(id);
  LegacySession::Question promise;
  session_->questions_.emplace(key, promise);
  outlet_->send(jsonrpc::print(std::move(question)));
  const Deadline deadline = Deadline::after(core_.limits().input_timeout);
  auto answer = co_await promise.get(deadline);
  session_->questions_.erase(key);
  if (!answer) {
    json::Object given_up;
    given_up["requestId"] = id;
    send("notifications/cancelled", std::move(given_up));
    co_return failed(Error(answer.error().code(), "the client did not answer a question"));
  }
  co_return *std::move(answer);
}

void LegacyCall::cancel() {
  cancelled_ = true;
  if (branch_) {
    branch_->cancel();
  }
}

void LegacyCall::conclude(Answer<json::Object> answer) {
  session_->calls_.erase(jsonrpc::id_key(id_));
  const auto outlet = std::exchange(outlet_, nullptr);
  if (cancelled_) {
    outlet->abandon();
  } else if (answer && json::get_string(*answer, "resultType") != "input_required") {
    answer_with(*outlet, std::move(id_), std::move(*answer));
  } else {
    refuse(*outlet, std::move(id_),
           answer ? rejection(jsonrpc::kInternalError,
                              "the server asks for input in a way this client does not know")
                  : Rejection{200, to_rpc(answer.error())});
  }
}

}  // namespace oap::mcp
