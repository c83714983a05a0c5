#include "gateway/serve/endpoint_audit.hpp"
#include "gateway/serve/mcp_service.hpp"
#include "gateway/serve/relay.hpp"
#include "jsonrpc/message.hpp"

namespace oap::gateway {

using mcp::Answer;
using mcp::Caller;
using mcp::Exchange;
using mcp::refused;

Task<Result<McpService::Target>> McpService::find_prompt(std::string name, Caller caller) {
  const NameTable::Entry* found = catalog_.prompts().find(name);
  if (found == nullptr) {
    co_await catalog_.load_all(ListKind::kPrompts, Deadline::after(options_.list_patience));
    found = catalog_.prompts().find(name);
  }
  if (found != nullptr) {
    co_return Target{found->server, found->name};
  }
  std::string why = "Unknown prompt: " + name;
  OAP_CO_CHECK_OK(co_await audit_.unknown(std::move(caller), std::move(name), why));
  co_return fail(Code::kNotFound, "{}", why);
}

Task<Answer<json::Object>> McpService::get_prompt(json::Object params, Exchange& exchange) {
  std::string name(json::get_string(params, "name"));
  auto target = co_await find_prompt(std::move(name), exchange.caller());
  if (!target) {
    co_return refused(jsonrpc::kInvalidParams, target.error().message());
  }
  params["name"] = target->name;
  co_return co_await forward(std::move(target->server), "prompts/get", std::move(params), exchange);
}

Task<Result<McpService::Target>> McpService::find_reference(json::Object ref, Caller caller) {
  if (json::get_string(ref, "type") == "ref/prompt") {
    std::string name(json::get_string(ref, "name"));
    co_return co_await find_prompt(std::move(name), std::move(caller));
  }
  const std::string uri(json::get_string(ref, "uri"));
  co_await load_resources(uri);
  std::vector<Target> owners = owners_of(uri, caller.principal, "completion/complete");
  if (!owners.empty()) {
    co_return std::move(owners.front());
  }
  std::string why = "nobody can complete this reference";
  OAP_CO_CHECK_OK(co_await audit_.unknown(std::move(caller), uri, why));
  co_return fail(Code::kNotFound, "{}", why);
}

Task<Answer<json::Object>> McpService::complete(json::Object params, Exchange& exchange) {
  json::Value* ref = params.if_contains("ref");
  if (ref == nullptr || !ref->is_object()) {
    co_return refused(jsonrpc::kInvalidParams, "completion/complete needs a ref");
  }
  json::Object& object = ref->get_object();
  auto target = co_await find_reference(object, exchange.caller());
  if (!target) {
    co_return refused(jsonrpc::kInvalidParams, target.error().message());
  }
  const bool of_prompt = json::get_string(object, "type") == "ref/prompt";
  object[of_prompt ? "name" : "uri"] = target->name;
  Reply reply = co_await forward(std::move(target->server), "completion/complete",
                                 std::move(params), exchange);
  const bool unknown =
      !reply && reply.error().peer && reply.error().peer->code == jsonrpc::kMethodNotFound;
  if (unknown) {
    co_return json::Object{{"completion", json::Object{{"values", json::Array{}}}}};
  }
  co_return reply;
}

}  // namespace oap::gateway
