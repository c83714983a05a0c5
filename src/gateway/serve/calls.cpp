#include "base/ids.hpp"
#include "crypto/hash.hpp"
#include "gateway/serve/elicitation_approver.hpp"
#include "gateway/serve/mcp_service.hpp"
#include "gateway/serve/relay.hpp"
#include "json/print.hpp"
#include "mcp/protocol.hpp"

namespace oap::gateway {
namespace {

using mcp::Answer;
using mcp::Caller;
using mcp::Exchange;
using mcp::refused;

constexpr std::string_view kState = "requestState";

/// What the state of a multi-round request belongs to: retries must be of the same request.
std::string purpose_of(const ToolCall& call) {
  return call.server + '\n' + call.tool + '\n' +
         crypto::sha256_hex(json::canonical(json::Value(call.arguments)));
}

}  // namespace

std::string McpService::version_for(const Principal& principal) const {
  return fmt::format("{} {}:{} {}:{} {}", catalog_.version(), principal.tenant.size(),
                     principal.tenant, principal.role.size(), principal.role, principal.user_id);
}

Task<Answer<json::Object>> McpService::search(json::Object params, Caller caller) {
  const json::Object* arguments = json::find_object(params, "arguments");
  const std::vector<ToolSpec> tools = co_await visible_tools(caller.principal);
  auto written = co_await audit_.listed(caller, std::string(kSearchTools), tools.size());
  if (!written) {
    co_return mcp::failed(std::move(written).error());
  }
  co_return mcp::to_json(finder_.search(arguments == nullptr ? json::Object{} : *arguments, tools,
                                        version_for(caller.principal)));
}

Task<Answer<json::Object>> McpService::call_tool(json::Object params, Exchange& exchange) {
  json::Value* name = params.if_contains("name");
  if (name == nullptr || !name->is_string()) {
    co_return refused(jsonrpc::kInvalidParams, "tools/call needs the tool's name");
  }
  json::Value* arguments = params.if_contains("arguments");
  if (arguments != nullptr && !arguments->is_object()) {
    co_return refused(jsonrpc::kInvalidParams, fmt::format("arguments must be an object, not {}",
                                                           json::type_name(*arguments)));
  }
  std::string wanted(json::view(name->get_string()));
  const bool own = wanted == kSearchTools || wanted == kCallTool;
  auto found = own ? Result<Catalog::Name>(fail(Code::kNotFound, "Unknown tool: {}", wanted))
                   : catalog_.parse_name(wanted);
  if (!found) {
    const std::vector<ToolSpec> tools = co_await visible_tools(exchange.caller().principal);
    const bool collapsed = finder_.is_collapsed(tools);
    if (collapsed && wanted == kSearchTools) {
      co_return co_await search(std::move(params), exchange.caller());
    }
    if (collapsed && wanted == kCallTool) {
      auto inner =
          call_request(arguments == nullptr ? json::Object{} : std::move(arguments->get_object()));
      if (!inner) {
        co_return mcp::to_json(ToolResult::text(inner.error().message(), true));
      }
      wanted = std::move(inner->name);
      params["arguments"] = std::move(inner->arguments);
    }
    found = catalog_.parse_name(wanted);
  }
  if (!found) {
    std::string why = found.error().message();
    auto written = co_await audit_.unknown(exchange.caller(), std::move(wanted), why);
    co_return written ? Reply(refused(jsonrpc::kInvalidParams, std::move(why)))
                      : Reply(mcp::failed(std::move(written).error()));
  }
  Target target{std::move(found->server), std::move(found->tool)};
  co_return co_await run_tool(std::move(target), std::move(params), exchange);
}

Task<Answer<json::Object>> McpService::run_tool(Target target, json::Object params,
                                                Exchange& exchange) {
  ToolCall call;
  call.server = std::move(target.server);
  call.tool = std::move(target.name);
  if (json::Value* arguments = params.if_contains("arguments")) {
    call.arguments = std::move(arguments->get_object());
  }
  params.erase("name");
  params.erase("arguments");
  call.extra = std::move(params);
  co_return co_await invoke(std::move(call), exchange);
}

Task<Answer<json::Object>> McpService::forward(std::string server, std::string method,
                                               json::Object params, Exchange& exchange) {
  ToolCall call;
  call.server = std::move(server);
  call.tool = std::string(kMethodPrefix) + method;
  for (const std::string_view key : {"_meta", "inputResponses", "requestState"}) {
    if (json::Value* value = params.if_contains(key)) {
      call.extra[key] = std::move(*value);
      params.erase(key);
    }
  }
  call.arguments = std::move(params);
  co_return co_await invoke(std::move(call), exchange);
}

Task<Answer<json::Object>> McpService::invoke(ToolCall call, Exchange& exchange) {
  Caller caller;  // the exchange's own may be another once the client has been asked
  caller.era = exchange.caller().era;
  caller.principal = exchange.caller().principal;
  call.id = new_id("call_");
  call.principal = caller.principal;
  call.session_id = exchange.caller().session_id;
  call.origin = Origin::kMcpClient;
  const bool modern = caller.era == mcp::Era::kModern;
  const std::string purpose = modern ? purpose_of(call) : std::string();
  if (json::Value* state = call.extra.if_contains(kState); state != nullptr && modern) {
    const std::string_view sealed =
        state->is_string() ? json::view(state->get_string()) : std::string_view();
    auto opened = seal_.open(sealed, caller.principal, purpose);
    if (!opened) {
      co_return refused(jsonrpc::kInvalidParams, "requestState: " + opened.error().message());
    }
    *state = *std::move(opened);
  }
  CallLink link;
  link.request = relay_to(exchange, call.extra);
  ElicitationApprover approver(exchange);
  if (options_.ask_clients) {
    link.approver = &approver;
  }
  ToolCall told;
  told.server = call.server;
  told.tool = call.tool;
  if (!call.method().empty()) {
    told.arguments["uri"] = json::get_string(call.arguments, "uri");
  }
  ToolOutcome outcome = co_await gateway_.invoke(std::move(call), std::move(link));
  auto reply = reply_of(std::move(outcome), told, caller);
  if (reply && modern) {
    if (json::Value* state = reply->if_contains(kState); state != nullptr && state->is_string()) {
      *state = seal_.seal(json::view(state->get_string()), caller.principal, purpose);
    }
  }
  co_return reply;
}

McpService::Reply McpService::reply_of(ToolOutcome outcome, const ToolCall& call,
                                       const Caller& caller) {
  const bool is_tool = call.method().empty();
  if (outcome.result) {
    json::Object result =
        is_tool ? mcp::to_json(*std::move(outcome.result)) : std::move(outcome.result->extra);
    seal_task(result, call.server, caller, seal_);
    return result;
  }
  if (outcome.denial) {
    if (is_tool) {
      return mcp::to_json(ToolResult::text(outcome.text_for_model(), true));
    }
    return refused(jsonrpc_code(Code::kPermissionDenied), outcome.text_for_model());
  }
  const Error error = outcome.error.value_or(Error(Code::kInternal, "no outcome"));
  if (outcome.peer_error) {
    return for_era(peer_failure(error, *outcome.peer_error), call, caller.era);
  }
  if (is_tool && error.code() == Code::kInvalidArgument) {
    return mcp::to_json(ToolResult::text(error.to_string(), true));
  }
  json::Object data{{"server", call.server}, {"reason", to_string(error.code())}};
  return refused(jsonrpc_code(error.code()), error.to_string(), json::Value(std::move(data)));
}

Task<Answer<json::Object>> McpService::use_task(std::string method, json::Object params,
                                                Exchange& exchange) {
  if (exchange.caller().era == mcp::Era::kModern && !declares_tasks(exchange.caller())) {
    co_return needs_tasks();
  }
  json::Value* id = params.if_contains("taskId");
  auto opened = id != nullptr && id->is_string()
                    ? open_task(json::view(id->get_string()), exchange.caller(), seal_)
                    : Result<TaskRef>(fail(Code::kInvalidArgument, "needs a taskId"));
  if (!opened) {
    co_return refused(jsonrpc::kInvalidParams, method + ": unknown task");
  }
  *id = opened->id;
  co_return co_await forward(std::move(opened->server), std::move(method), std::move(params),
                             exchange);
}

}  // namespace oap::gateway
