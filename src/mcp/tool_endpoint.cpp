#include "mcp/tool_endpoint.hpp"

#include <utility>

#include <fmt/format.h>

#include "mcp/protocol.hpp"
#include "text/nearest.hpp"

namespace oap::mcp {

ToolEndpoint::ToolEndpoint(Executor executor, std::vector<std::unique_ptr<Tool>> tools,
                           ServerIdentity identity, Send send)
    : executor_(executor),
      identity_(std::move(identity)),
      send_(std::move(send)),
      scope_(executor),
      all_done_(executor) {
  for (std::unique_ptr<Tool>& tool : tools) {
    const json::Value* name = json::find(tool->definition(), "name");
    std::string text(name != nullptr && name->is_string() ? json::view(name->get_string()) : "");
    order_.push_back(text);
    tools_[std::move(text)].tool = std::move(tool);
  }
}

void ToolEndpoint::send(jsonrpc::Response response) { send_(jsonrpc::print(std::move(response))); }

void ToolEndpoint::fail_request(const json::Value& id, int code, std::string message) {
  send(jsonrpc::Response::failure(id, code, std::move(message)));
}

void ToolEndpoint::reject(const jsonrpc::Rejected& rejected) {
  if (!rejected.response) {
    fail_request(rejected.id, rejected.code, rejected.message);
  }
}

void ToolEndpoint::receive(std::string_view text) {
  if (text.find_first_not_of(" \t\r") == std::string_view::npos) {
    return;
  }
  const auto decoded = jsonrpc::decode(text);
  if (!decoded) {
    reject(decoded.error());
    return;
  }
  const auto* request = std::get_if<jsonrpc::Request>(&*decoded);
  if (request == nullptr) {
    return;  // we ask the client nothing, so no answer can be ours
  }
  if (request->is_notification) {
    take_notification(*request);
  } else {
    answer(*request);
  }
}

void ToolEndpoint::receive_oversize(const Oversize& message) {
  const Traits traits = guess_traits(message.head, message.tail);
  fail_request(traits.id.value_or(nullptr), jsonrpc::kInvalidRequest,
               fmt::format("the message has {} bytes, which is over the limit", message.bytes));
}

void ToolEndpoint::take_notification(const jsonrpc::Request& notification) {
  if (notification.method != "notifications/cancelled") {
    return;
  }
  const json::Value* id = json::find(notification.params, "requestId");
  const auto it = id == nullptr ? calls_.end() : calls_.find(jsonrpc::id_key(*id));
  if (it != calls_.end()) {
    const std::shared_ptr<Call> call = it->second;
    call->stop.request_stop();
    call->cancel.request();
  }
}

void ToolEndpoint::answer(const jsonrpc::Request& request) {
  if (calls_.contains(jsonrpc::id_key(request.id))) {
    fail_request(request.id, jsonrpc::kInvalidRequest, "a request with this id is still under way");
  } else if (request.method == "initialize") {
    send(jsonrpc::Response::success(request.id, handshake(json::Value(request.params))));
  } else if (request.method == "ping") {
    send(jsonrpc::Response::success(request.id, json::Object{}));
  } else if (request.method == "tools/list") {
    list(request);
  } else if (request.method == "tools/call") {
    start_call(request);
  } else {
    fail_request(request.id, jsonrpc::kMethodNotFound,
                 fmt::format("this server does not know the method {}", request.method));
  }
}

json::Value ToolEndpoint::handshake(const json::Value& params) const {
  json::Object result;
  result["protocolVersion"] = negotiate(json::get_string(params, "protocolVersion"));
  json::Object tools;
  tools["listChanged"] = false;
  json::Object capabilities;
  capabilities["tools"] = std::move(tools);
  result["capabilities"] = std::move(capabilities);
  json::Object info;
  info["name"] = identity_.name;
  if (!identity_.title.empty()) {
    info["title"] = identity_.title;
  }
  info["version"] = program_version();
  result["serverInfo"] = std::move(info);
  if (!identity_.instructions.empty()) {
    result["instructions"] = identity_.instructions;
  }
  return result;
}

void ToolEndpoint::list(const jsonrpc::Request& request) {
  const json::Value* cursor = json::find(request.params, "cursor");
  if (cursor != nullptr && !(cursor->is_string() && cursor->get_string().empty())) {
    fail_request(request.id, jsonrpc::kInvalidParams,
                 "this cursor was not given out: all tools are on one page");
    return;
  }
  json::Array tools;
  for (const std::string& name : order_) {
    tools.push_back(tools_.find(name)->second.tool->definition());
  }
  json::Object result;
  result["tools"] = std::move(tools);
  send(jsonrpc::Response::success(request.id, std::move(result)));
}

void ToolEndpoint::start_call(const jsonrpc::Request& request) {
  const json::Value* name = json::find(request.params, "name");
  const json::Value* arguments = json::find(request.params, "arguments");
  const json::Value* meta = json::find(request.params, "_meta");
  if (name == nullptr || !name->is_string()) {
    fail_request(request.id, jsonrpc::kInvalidParams, "tools/call needs the tool's name");
    return;
  }
  if (arguments != nullptr && !arguments->is_object()) {
    fail_request(request.id, jsonrpc::kInvalidParams,
                 fmt::format("arguments must be an object, not {}", json::type_name(*arguments)));
    return;
  }
  const std::string tool(json::view(name->get_string()));
  if (!tools_.contains(tool)) {
    fail_request(request.id, jsonrpc::kInvalidParams,
                 fmt::format("unknown tool '{}'{}", tool, text::did_you_mean(tool, order_)));
    return;
  }
  if (calls_.size() >= identity_.max_concurrent_calls) {
    fail_request(
        request.id, jsonrpc::kInternalError,
        fmt::format("{} calls are running already; try again when one has ended", calls_.size()));
    return;
  }
  auto call = std::make_shared<Call>();
  calls_.emplace(jsonrpc::id_key(request.id), call);
  scope_.spawn(run_call(
      request.id, tool, arguments != nullptr ? arguments->get_object() : json::Object{},
      meta != nullptr && meta->is_object() ? meta->get_object() : json::Object{}, std::move(call)));
}

Task<void> ToolEndpoint::run_call(json::Value id, std::string tool, json::Object arguments,
                                  json::Object meta, std::shared_ptr<Call> call) {
  CallContext context;
  context.executor = executor_;
  context.stop = call->stop.get_token();
  if (const json::Value* key = json::find(meta, "oap/idempotencyKey");
      key != nullptr && key->is_string()) {
    context.idempotency_key = json::view(key->get_string());
  }
  const json::Value* token = json::find(meta, "progressToken");
  const bool wanted = token != nullptr && jsonrpc::is_valid_id(*token);
  const json::Value progress_token = wanted ? *token : json::Value(nullptr);
  context.progress = [this, progress_token](double progress, std::optional<double> total,
                                            std::string_view message) {
    report_progress(progress_token, progress, total, message);
  };
  Offered& offered = tools_.find(tool)->second;
  auto result = co_await async::cancellable(
      call->cancel.token(), run_tool(offered, std::move(arguments), std::move(context)));
  const std::string key = jsonrpc::id_key(id);
  calls_.erase(key);
  if (calls_.empty()) {
    all_done_.notify();
  }
  if (call->cancel.requested()) {
    co_return;  // a cancelled request is not answered
  }
  if (result) {
    send(jsonrpc::Response::success(std::move(id), to_json(*std::move(result))));
  } else {
    fail_request(id, jsonrpc::kInternalError, result.error().to_string());
  }
}

Task<Result<ToolResult>> ToolEndpoint::run_tool(Offered& offered, json::Object arguments,
                                                CallContext context) {
  if (auto wrong = check(offered, arguments)) {
    co_return *std::move(wrong);
  }
  ToolResult result = co_await offered.tool->call(std::move(arguments), std::move(context));
  co_return result;
}

std::optional<ToolResult> ToolEndpoint::check(Offered& offered, const json::Object& arguments) {
  if (!offered.schema) {
    const json::Value* schema = json::find(offered.tool->definition(), "inputSchema");
    auto compiled = json::Schema::compile(schema != nullptr ? *schema : json::Value(true));
    if (!compiled) {
      return ToolResult::text("this tool's inputSchema is broken: " + compiled.error().message(),
                              true);
    }
    offered.schema = *std::move(compiled);
  }
  const std::vector<json::Violation> violations = offered.schema->validate(json::Value(arguments));
  if (violations.empty()) {
    return std::nullopt;
  }
  std::string text = "the arguments do not fit the tool's inputSchema; nothing was run:";
  for (const json::Violation& violation : violations) {
    text += fmt::format("\n- {}: {}",
                        violation.instance_path.empty() ? "arguments" : violation.instance_path,
                        violation.message);
  }
  return ToolResult::text(text, true);
}

void ToolEndpoint::report_progress(const json::Value& token, double progress,
                                   std::optional<double> total, std::string_view message) {
  if (token.is_null()) {
    return;
  }
  jsonrpc::Request notification;
  notification.method = "notifications/progress";
  notification.is_notification = true;
  notification.params["progressToken"] = token;
  notification.params["progress"] = progress;
  if (total) {
    notification.params["total"] = *total;
  }
  if (!message.empty()) {
    notification.params["message"] = message;
  }
  send_(jsonrpc::print(std::move(notification)));
}

Task<void> ToolEndpoint::finish(Deadline patience) {
  if (!calls_.empty()) {
    all_done_.reset();
    co_await all_done_.wait(patience);
  }
  const auto left = calls_;
  for (const auto& [key, call] : left) {
    call->stop.request_stop();
    call->cancel.request();
  }
  co_await scope_.join();
}

}  // namespace oap::mcp
