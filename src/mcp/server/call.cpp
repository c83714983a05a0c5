#include "mcp/server/call.hpp"

#include <exception>
#include <utility>

#include "async/bug.hpp"
#include "jsonrpc/message.hpp"

namespace oap::mcp {

Call::Call(Core& core, std::shared_ptr<const Caller> caller)
    : core_(core), caller_(std::move(caller)) {}

void Call::set_progress_token(const json::Object& params) {
  progress_token_ = nullptr;
  const json::Object* meta = json::find_object(params, "_meta");
  const json::Value* token = meta == nullptr ? nullptr : json::find(*meta, "progressToken");
  if (token != nullptr && jsonrpc::is_valid_id(*token)) {
    progress_token_ = *token;
  }
}

void Call::send(std::string method, json::Object params) {
  if (outlet_ == nullptr) {
    return;
  }
  jsonrpc::Request notification;
  notification.method = std::move(method);
  notification.params = std::move(params);
  notification.is_notification = true;
  outlet_->send(jsonrpc::print(std::move(notification)));
}

void Call::progress(json::Object params) {
  if (wants_progress()) {
    params["progressToken"] = progress_token_;
    send("notifications/progress", std::move(params));
  }
}

void Call::notify(std::string method, json::Object params) {
  if (method == "notifications/message") {
    const auto level = log_level(json::get_string(params, "level"));
    if (!level || !wants_log(*level)) {
      return;
    }
  }
  send(std::move(method), std::move(params));
}

bool Call::can_ask(std::string_view method, const json::Object& params) const {
  return !missing_capability(method, params, caller_->capabilities);
}

void Call::close_stream(Millis retry) {
  if (outlet_ != nullptr) {
    outlet_->close_stream(retry);
  }
}

Task<Answer<json::Object>> handle(Service& service, std::string method, json::Object params,
                                  Exchange& exchange) {
  try {
    co_return co_await service.handle(std::move(method), std::move(params), exchange);
  } catch (const std::exception&) {
    async::report_bug("an MCP service threw", std::current_exception());
  }
  co_return failed(Error(Code::kInternal, "the server failed while it worked on this request"));
}

Answer<json::Object> answer_of(jsonrpc::Response response) {
  if (response.error) {
    Error error(Code::kUpstream, "the client answered: " + response.error->message);
    return failed(Failure{std::move(error), std::move(response.error)});
  }
  if (!response.result || !response.result->is_object()) {
    return failed(Error(Code::kUpstream, "the client's answer is not an object"));
  }
  return std::move(response.result->get_object());
}

}  // namespace oap::mcp
