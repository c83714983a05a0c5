#include "mcp/server/tool_service.hpp"

#include <stop_token>
#include <utility>

#include <fmt/format.h>

#include "async/branch.hpp"
#include "jsonrpc/message.hpp"
#include "mcp/protocol.hpp"
#include "text/nearest.hpp"

namespace oap::mcp {
namespace {

Task<void> keep(std::optional<ToolResult>& place, Task<ToolResult> call) {
  ToolResult result = co_await std::move(call);
  place.emplace(std::move(result));
}

CallContext context_of(const Executor& executor, const json::Object& params, Exchange& exchange) {
  CallContext context;
  context.executor = executor;
  if (const json::Object* meta = json::find_object(params, "_meta")) {
    context.idempotency_key = json::get_string(*meta, "oap/idempotencyKey");
    context.separate_stderr = json::get_bool(*meta, "oap/separateStderr");
    context.looks_only = json::get_bool(*meta, "oap/looksOnly");
  }
  context.progress = [&exchange](double progress, std::optional<double> total,
                                 std::string_view message) {
    json::Object told;
    told["progress"] = progress;
    if (total) {
      told["total"] = *total;
    }
    if (!message.empty()) {
      told["message"] = message;
    }
    exchange.progress(std::move(told));
  };
  return context;
}

}  // namespace

ToolService::ToolService(Executor executor, std::vector<std::unique_ptr<Tool>> tools,
                         ServerIdentity identity)
    : executor_(std::move(executor)), identity_(std::move(identity)) {
  for (std::unique_ptr<Tool>& tool : tools) {
    std::string name(json::get_string(tool->definition(), "name"));
    Offered offered;
    if (const json::Object* schema = json::find_object(tool->definition(), "inputSchema")) {
      offered.mirrored = mirrored_params(*schema);
    }
    offered.tool = std::move(tool);
    order_.push_back(name);
    tools_.insert_or_assign(std::move(name), std::move(offered));
  }
}

Task<Face> ToolService::face(Caller /*caller*/) {
  Face face;
  face.info["name"] = identity_.name;
  if (!identity_.title.empty()) {
    face.info["title"] = identity_.title;
  }
  face.info["version"] = program_version();
  face.capabilities["tools"].emplace_object()["listChanged"] = false;
  face.instructions = identity_.instructions;
  co_return face;
}

Task<Answer<json::Object>> ToolService::handle(std::string method, json::Object params,
                                               Exchange& exchange) {
  if (method == "tools/list") {
    co_return list(params);
  }
  if (method == "tools/call") {
    co_return co_await call(std::move(params), exchange);
  }
  co_return refused(jsonrpc::kMethodNotFound,
                    fmt::format("this server does not know the method {}", method));
}

Answer<json::Object> ToolService::list(const json::Object& params) const {
  const json::Value* cursor = json::find(params, "cursor");
  if (cursor != nullptr && !(cursor->is_string() && cursor->get_string().empty())) {
    return refused(jsonrpc::kInvalidParams,
                   "this cursor was not given out: all tools are on one page");
  }
  json::Object result;
  json::Array& tools = result["tools"].emplace_array();
  for (const std::string& name : order_) {
    tools.push_back(tools_.find(name)->second.tool->definition());
  }
  return result;
}

Task<Answer<json::Object>> ToolService::call(json::Object params, Exchange& exchange) {
  const json::Value* name = json::find(params, "name");
  if (name == nullptr || !name->is_string()) {
    co_return refused(jsonrpc::kInvalidParams, "tools/call needs the tool's name");
  }
  json::Value* arguments = params.if_contains("arguments");
  if (arguments != nullptr && !arguments->is_object()) {
    co_return refused(jsonrpc::kInvalidParams, fmt::format("arguments must be an object, not {}",
                                                           json::type_name(*arguments)));
  }
  const auto it = tools_.find(json::view(name->get_string()));
  if (it == tools_.end()) {
    const std::string tool(json::view(name->get_string()));
    co_return refused(jsonrpc::kInvalidParams,
                      fmt::format("unknown tool '{}'{}", tool, text::did_you_mean(tool, order_)));
  }
  CallContext context = context_of(executor_, params, exchange);
  json::Object given;
  if (arguments != nullptr) {
    given = std::move(arguments->get_object());
  }
  ToolResult result = co_await run(it->second, std::move(given), std::move(context));
  co_return to_json(std::move(result));
}

Task<ToolResult> ToolService::run(Offered& offered, json::Object arguments, CallContext context) {
  if (auto wrong = check(offered, arguments)) {
    co_return *std::move(wrong);
  }
  std::stop_source stop;
  context.stop = stop.get_token();
  std::optional<ToolResult> result;
  async::Branch branch(executor_);
  branch.start(keep(result, offered.tool->call(std::move(arguments), std::move(context))));
  const Deadline never = Deadline::never();
  if (co_await branch.wait_end(never) == async::Event::Wake::kCancelled) {
    stop.request_stop();
    co_await branch.settle(never);
  }
  co_return result ? *std::move(result) : ToolResult::text("the tool ended without a result", true);
}

std::optional<ToolResult> ToolService::check(Offered& offered, const json::Object& arguments) {
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

Task<Answer<json::Object>> ToolService::watch(std::string /*uri*/, Caller /*caller*/) {
  co_return refused(jsonrpc::kMethodNotFound, "this server has no resources");
}

Task<void> ToolService::unwatch(std::string /*uri*/, Caller /*caller*/) { co_return; }

const std::vector<MirroredParam>* ToolService::mirrored(std::string_view tool,
                                                        const Caller& /*caller*/) {
  const auto it = tools_.find(tool);
  return it == tools_.end() || it->second.mirrored.empty() ? nullptr : &it->second.mirrored;
}

}  // namespace oap::mcp
