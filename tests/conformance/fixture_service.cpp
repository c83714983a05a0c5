#include "fixture_service.hpp"

#include "jsonrpc/message.hpp"

namespace oap::conformance {
namespace {

constexpr int kMostRounds = 8;

/// A legacy client is asked by requests what a modern one finds in an `input_required` result.
Task<FixtureService::Reply> ask_each(const json::Object& wanted, mcp::Exchange& exchange) {
  json::Object responses;
  const json::Object* requests = json::find_object(wanted, "inputRequests");
  if (requests == nullptr) {
    co_return responses;
  }
  for (const auto& request : *requests) {
    const json::Object* given = json::find_object(request.value(), "params");
    std::string method(json::get_string(request.value(), "method"));
    json::Object params = given == nullptr ? json::Object{} : *given;
    auto answer = co_await exchange.ask(std::move(method), std::move(params));
    if (!answer) {
      co_return mcp::failed(std::move(answer).error());
    }
    responses[request.key()] = *std::move(answer);
  }
  co_return responses;
}

}  // namespace

const json::Object& FixtureService::Call::arguments() const {
  static const json::Object kNone;
  const json::Object* found = json::find_object(params, "arguments");
  return found == nullptr ? kNone : *found;
}

const json::Object* input_in(const json::Object& params, std::string_view key) {
  const json::Object* responses = json::find_object(params, "inputResponses");
  return responses == nullptr ? nullptr : json::find_object(*responses, key);
}

std::string answer_in(const json::Object& params, std::string_view key, std::string_view field) {
  const json::Object* input = input_in(params, key);
  const json::Object* content = input == nullptr ? nullptr : json::find_object(*input, "content");
  return content == nullptr ? std::string() : std::string(json::get_string(*content, field));
}

FixtureService::FixtureService() {
  for (auto make : {plain_tools, asking_tools, multi_round_tools, task_tools}) {
    for (Tool& tool : make()) {
      const json::Object* schema = json::find_object(tool.definition, "inputSchema");
      auto mirrored = mcp::mirrored_params(*schema);
      if (!mirrored.empty()) {
        mirrored_.emplace(std::string(json::get_string(tool.definition, "name")),
                          std::move(mirrored));
      }
      tools_.push_back(std::move(tool));
    }
  }
}

const std::vector<mcp::MirroredParam>* FixtureService::mirrored(std::string_view tool,
                                                                const mcp::Caller& /*caller*/) {
  const auto found = mirrored_.find(tool);
  return found == mirrored_.end() ? nullptr : &found->second;
}

Task<mcp::Face> FixtureService::face(mcp::Caller caller) {
  mcp::Face face;
  face.info = {{"name", "oap-conformance-fixture"}, {"version", "1.0.0"}};
  face.capabilities = {{"tools", json::Object{{"listChanged", true}}},
                       {"resources", json::Object{{"subscribe", true}, {"listChanged", true}}},
                       {"prompts", json::Object{{"listChanged", true}}},
                       {"completions", json::Object{}}};
  if (caller.era == mcp::Era::kLegacy) {
    face.capabilities["logging"] = json::Object{};
  } else {
    json::Object extensions;
    extensions[mcp::kTasksExtension] = json::Object{};
    face.capabilities["extensions"] = std::move(extensions);
  }
  co_return face;
}

FixtureService::Reply FixtureService::list(std::string_view member, json::Array items) const {
  return json::Object{{member, std::move(items)}};
}

Task<FixtureService::Reply> FixtureService::handle(std::string method, json::Object params,
                                                   mcp::Exchange& exchange) {
  if (exchange.caller().era == mcp::Era::kModern) {
    co_return co_await answer(std::move(method), std::move(params), exchange);
  }
  for (int round = 0; round < kMostRounds; ++round) {
    Reply reply = co_await answer(method, params, exchange);
    if (!reply || json::get_string(*reply, "resultType") != "input_required") {
      co_return reply;
    }
    auto responses = co_await ask_each(*reply, exchange);
    if (!responses) {
      co_return mcp::failed(std::move(responses).error());
    }
    params["inputResponses"] = *std::move(responses);
    if (const json::Value* state = json::find(*reply, "requestState")) {
      params["requestState"] = *state;
    }
  }
  co_return mcp::refused(jsonrpc::kInternalError, "too many questions");
}

Task<FixtureService::Reply> FixtureService::answer(std::string method, json::Object params,
                                                   mcp::Exchange& exchange) {
  if (method == "tools/list") {
    json::Array items;
    for (const Tool& tool : tools_) {
      if (lists_.toggled_tool || json::get_string(tool.definition, "name") != kToggledTool) {
        items.push_back(tool.definition);
      }
    }
    co_return list("tools", std::move(items));
  }
  if (method == "tools/call") {
    co_return co_await call_tool(std::move(params), exchange);
  }
  if (method == "resources/list") {
    co_return list("resources", resource_definitions());
  }
  if (method == "resources/templates/list") {
    co_return list("resourceTemplates", template_definitions());
  }
  if (method == "resources/read") {
    co_return read_resource(params, exchange.caller().era);
  }
  if (method == "prompts/list") {
    co_return list("prompts", prompt_definitions(lists_.toggled_prompt));
  }
  if (method == "prompts/get") {
    co_return co_await get_prompt(std::move(params));
  }
  if (method.starts_with("tasks/") && exchange.caller().era == mcp::Era::kModern) {
    co_return tasks_.handle(method, params, exchange.caller());
  }
  if (method == "completion/complete") {
    co_return json::Object{
        {"completion",
         json::Object{
             {"values", json::Array{"paris", "park", "party"}}, {"total", 3}, {"hasMore", false}}}};
  }
  co_return mcp::refused(jsonrpc::kMethodNotFound, "unknown method " + method);
}

Task<FixtureService::Reply> FixtureService::call_tool(json::Object params,
                                                      mcp::Exchange& exchange) {
  const std::string name(json::get_string(params, "name"));
  for (Tool& tool : tools_) {
    if (json::get_string(tool.definition, "name") == name) {
      Call call{std::move(params), exchange, feed_, tasks_, lists_};
      co_return co_await tool.run(call);
    }
  }
  co_return mcp::refused(jsonrpc::kInvalidParams, "Unknown tool: " + name);
}

Task<FixtureService::Reply> FixtureService::watch(std::string /*uri*/, mcp::Caller /*caller*/) {
  co_return json::Object{};
}
Task<void> FixtureService::unwatch(std::string /*uri*/, mcp::Caller /*caller*/) { co_return; }

}  // namespace oap::conformance
