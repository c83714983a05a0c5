#include "mcp/server/modern_call.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "crypto/hash.hpp"
#include "json/print.hpp"
#include "jsonrpc/message.hpp"

namespace oap::mcp {
namespace {

void refuse(Outlet& outlet, json::Value id, int code, std::string message, int status) {
  outlet.answer(jsonrpc::print(jsonrpc::Response::failure(std::move(id), code, std::move(message))),
                status);
}

/// What makes two requests the same one: the method, and all of params but what a retry changes.
std::string digest_of(std::string_view method, json::Object params) {
  for (const std::string_view member : {"inputResponses", "requestState", "_meta"}) {
    params.erase(member);
  }
  std::string text(method);
  text += '\0';
  text += json::canonical(json::Value(std::move(params)));
  return std::string(crypto::as_bytes(crypto::sha256(text)));
}

std::string bind_to(const Principal& principal, const std::string& digest) {
  return name_of(principal) + '\0' + digest;
}

json::Object meta_with_server_info(const Core& core) {
  json::Object meta;
  meta[kMetaServerInfo] = core.server_info();
  return meta;
}

}  // namespace

std::shared_ptr<const Caller> caller_of(Envelope envelope, Principal principal,
                                        std::string session_id) {
  auto caller = std::make_shared<Caller>();
  caller->era = Era::kModern;
  caller->protocol_version = std::move(envelope.version);
  caller->info = std::move(envelope.info);
  caller->capabilities = std::move(envelope.capabilities);
  caller->principal = std::move(principal);
  caller->session_id = std::move(session_id);
  return caller;
}

ModernCall::ModernCall(Core& core, Parking& parking, const ModernRequest& request)
    : Call(core, nullptr), parking_(parking), method_(request.method) {}

void ModernCall::start(Core& core, Parking& parking, ModernRequest request,
                       std::shared_ptr<Outlet> outlet) {
  auto call = std::make_shared<ModernCall>(core, parking, request);
  if (may_require_input(request.method) && !request.caller->capabilities.empty()) {
    call->raw_ = std::move(request.raw);
  }
  if (request.method == "resources/read") {
    call->subject_ = json::get_string(request.params, "uri");
  }
  call->attach(request, std::move(outlet));
  call->branch_ = core.start(run(call, std::move(request.method), std::move(request.params)));
}

void ModernCall::attach(ModernRequest& request, std::shared_ptr<Outlet> outlet) {
  id_ = std::move(request.id);
  set_progress_token(request.params);
  log_level_ = request.log_level;
  caller_ = std::move(request.caller);
  outlet_ = std::move(outlet);
  outlet_->on_gone([weak = weak_from_this(), of = outlet_.get()] {
    const auto call = weak.lock();
    if (call && call->outlet_.get() == of) {
      call->cancel();
    }
  });
}

void ModernCall::resume(Parking& parking, ModernRequest request, std::shared_ptr<Outlet> outlet) {
  const std::string state(json::get_string(request.params, "requestState"));
  const std::string binding =
      bind_to(request.caller->principal, digest_of(request.method, request.params));
  const auto ticket = parking.seal().open(state, binding);
  if (!ticket) {
    refuse(*outlet, std::move(request.id), jsonrpc::kInvalidParams,
           "requestState was not issued for this request", 200);
    return;
  }
  const auto call = parking.find(ticket->call);
  const bool current = call && call->is_parked() && call->round_ == ticket->round;
  if (!current || std::chrono::steady_clock::now() >= ticket->expires) {
    refuse(*outlet, std::move(request.id), jsonrpc::kInvalidParams,
           "requestState has expired or was used already; make the request anew without it", 200);
    return;
  }
  const json::Value* responses = json::find(request.params, "inputResponses");
  if (responses != nullptr && !responses->is_object()) {
    refuse(*outlet, std::move(request.id), jsonrpc::kInvalidParams,
           "inputResponses must be an object", 200);
    return;
  }
  call->attach(request, std::move(outlet));
  call->take_input(request.params);
}

void ModernCall::take_input(const json::Object& params) {
  if (kept_) {
    place_.reset();
    deliver(*std::exchange(kept_, std::nullopt));
    parking_.remove(name_);
    return;
  }
  static const json::Object kNone;
  const json::Object* given = json::find_object(params, "inputResponses");
  const json::Object& responses = given == nullptr ? kNone : *given;
  std::erase_if(questions_, [&](Question& question) {
    const json::Value* input = json::find(responses, question.key);
    if (input == nullptr || !is_valid_input(question.method, *input)) {
      return false;
    }
    question.answer.set(Answer<json::Object>(input->get_object()));
    return true;
  });
  flush_later();
}

Task<void> ModernCall::run(std::shared_ptr<ModernCall> call, std::string method,
                           json::Object params) {
  Core& core = call->core_;
  const Core::Running running(core, name_of(call->caller().principal));
  if (!core.knows_server_info()) {
    Caller caller = call->caller();
    co_await Core::learn_server_info(core, std::move(caller));
  }
  auto answer = co_await handle(core.service(), std::move(method), std::move(params), *call);
  call->conclude(std::move(answer));
}

Task<Answer<json::Object>> ModernCall::ask(std::string method, json::Object params) {
  const auto self = shared_from_this();
  if (auto required = missing_capability(method, params, caller_->capabilities)) {
    co_return undeclared(*std::move(required));
  }
  if (!may_require_input(method_)) {
    co_return failed(
        Error(Code::kFailedPrecondition, "a client cannot be asked for input during " + method_));
  }
  if (!place_) {
    auto place = parking_.take_place(core_.holder(caller_->principal, outlet_->peer()));
    if (!place) {
      co_return failed(Error(Code::kResourceExhausted, std::move(place.error().message)));
    }
    place_ = *std::move(place);
  }
  const std::string key = fmt::format("input-{}", ++asked_);
  async::Promise<Answer<json::Object>> promise;
  questions_.push_back({key, std::move(method), std::move(params), promise});
  flush_later();
  const Deadline deadline = Deadline::after(core_.limits().input_timeout);
  auto answer = co_await promise.get(deadline);
  forget(key);
  if (!answer) {
    if (is_parked()) {
      cancel();
    }
    co_return failed(Error(answer.error().code(), "the client did not come back with its input"));
  }
  co_return *std::move(answer);
}

void ModernCall::forget(const std::string& key) {
  std::erase_if(questions_, [&](const Question& question) { return question.key == key; });
}

void ModernCall::flush_later() {
  if (flush_posted_) {
    return;
  }
  flush_posted_ = true;
  boost::asio::post(core_.executor(), [weak = weak_from_this()] {
    if (const auto call = weak.lock()) {
      call->flush();
    }
  });
}

std::string ModernCall::binding() {
  if (digest_.empty()) {
    auto message = jsonrpc::decode(raw_);
    digest_ = digest_of(
        method_, message ? std::move(std::get<jsonrpc::Request>(*message).params) : json::Object());
    raw_ = std::string();
  }
  return bind_to(caller_->principal, digest_);
}

void ModernCall::flush() {
  flush_posted_ = false;
  if (questions_.empty() || is_parked() || cancelled_) {
    return;
  }
  if (name_.empty()) {
    name_ = crypto::random_bytes(16);
    parking_.add(name_, shared_from_this());
  }
  json::Object asked;
  for (const Question& question : questions_) {
    json::Object& request = asked[question.key].emplace_object();
    request["method"] = question.method;
    request["params"] = question.params;
  }
  parked_until_ = std::chrono::steady_clock::now() + core_.limits().input_timeout;
  json::Object result;
  result["resultType"] = "input_required";
  result["inputRequests"] = std::move(asked);
  result["requestState"] = parking_.seal().seal({name_, ++round_, parked_until_}, binding());
  result["_meta"] = meta_with_server_info(core_);
  const auto outlet = std::exchange(outlet_, nullptr);
  outlet->answer(jsonrpc::print(jsonrpc::Response::success(std::move(id_), std::move(result))),
                 200);
}

void ModernCall::cancel() {
  cancelled_ = true;
  if (branch_) {
    branch_->cancel();
  }
}

void ModernCall::conclude(Answer<json::Object> answer) {
  questions_.clear();
  const bool waits_on = !cancelled_ && is_parked();
  if (!waits_on) {
    place_.reset();
  }
  if (cancelled_) {
    if (!is_parked()) {
      std::exchange(outlet_, nullptr)->abandon();
    }
    parking_.remove(name_);
  } else if (waits_on) {
    kept_ = std::move(answer);
  } else {
    deliver(std::move(answer));
    parking_.remove(name_);
  }
}

void ModernCall::deliver(Answer<json::Object> answer) {
  const auto outlet = std::exchange(outlet_, nullptr);
  if (answer && json::get_string(*answer, "resultType") == "input_required" &&
      !may_require_input(method_)) {
    answer = failed(Error(Code::kUpstream, "the server asks for input where it must not"));
  }
  if (answer) {
    complete_result(method_, core_.server_info(), *answer);
    outlet->answer(jsonrpc::print(jsonrpc::Response::success(std::move(id_), std::move(*answer))),
                   200);
    return;
  }
  jsonrpc::Response response;
  response.id = std::move(id_);
  response.error = modern_error(to_rpc(answer.error()));
  if (!subject_.empty() && response.error->code == jsonrpc::kInvalidParams &&
      !response.error->data) {
    json::Object data;
    data["uri"] = subject_;
    response.error->data = std::move(data);
  }
  const int status = http_status_of(*response.error);
  outlet->answer(jsonrpc::print(std::move(response)), status);
}

}  // namespace oap::mcp
