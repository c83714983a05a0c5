#include "client_run.hpp"

#include "client_answers.hpp"

namespace oap::conformance {
namespace {

constexpr Millis kPatience{20'000};

Task<mcp::Answer<json::Object>> answer_later(std::string method, json::Object params) {
  co_return answer_to(method, params);
}

mcp::RequestOptions options() {
  mcp::RequestOptions options;
  options.deadline = Deadline::after(kPatience);
  options.ask = answer_later;
  return options;
}

Task<Result<void>> call(mcp::Client& client, std::string tool, json::Object arguments,
                        mcp::RequestOptions options) {
  ToolCall call;
  call.tool = std::move(tool);
  call.arguments = std::move(arguments);
  auto answer = co_await client.call_tool(std::move(call), std::move(options));
  if (!answer) {
    co_return fail(std::move(answer).error().error);
  }
  co_return Result<void>{};
}

/// Answers a question, but calls another tool first, which must not take over anything of the
/// round under way.
Task<mcp::Answer<json::Object>> answer_after_other_call(mcp::Client* client, std::string method,
                                                        json::Object params) {
  auto other = co_await call(*client, "test_mrtr_unrelated", {}, options());
  if (!other) {
    co_return mcp::failed(std::move(other).error());
  }
  co_return answer_to(method, params);
}

Task<Result<void>> call_all(mcp::Client& client, std::vector<ToolSpec> tools, bool interrupted) {
  for (const ToolSpec& tool : tools) {
    mcp::RequestOptions how = options();
    if (interrupted && tool.name != "test_mrtr_unrelated") {
      mcp::Client* other = &client;
      how.ask = [other](std::string method, json::Object params) {
        return answer_after_other_call(other, std::move(method), std::move(params));
      };
    }
    json::Object arguments = sample_arguments(tool.input_schema);
    OAP_CO_CHECK_OK(co_await call(client, tool.name, std::move(arguments), std::move(how)));
  }
  co_return Result<void>{};
}

Task<Result<void>> call_as_told(mcp::Client& client, json::Array calls) {
  for (const json::Value& one : calls) {
    const json::Object* given = json::find_object(one, "arguments");
    json::Object arguments = given == nullptr ? json::Object{} : *given;
    std::string tool(json::get_string(one, "name"));
    OAP_CO_CHECK_OK(co_await call(client, std::move(tool), std::move(arguments), options()));
  }
  co_return Result<void>{};
}

/// Sends back to the server the schema that it told of a tool.
Task<Result<void>> echo_schema(mcp::Client& client, std::vector<ToolSpec> tools) {
  for (const ToolSpec& tool : tools) {
    if (tool.name == "json_schema_2020_12_tool") {
      json::Object arguments{{"schema", tool.input_schema}};
      co_return co_await call(client, "json_schema_echo", std::move(arguments), options());
    }
  }
  co_return fail(Code::kNotFound, "the tool json_schema_2020_12_tool is not in the list");
}

struct Offer {
  const char* capability;
  const char* list;
  const char* member;
  const char* use;
  const char* key;
};
constexpr Offer kOffers[] = {
    {"resources", "resources/list", "resources", "resources/read", "uri"},
    {"prompts", "prompts/list", "prompts", "prompts/get", "name"},
};

Task<Result<void>> use_all(mcp::Client& client, const Offer& offer) {
  OAP_CO_TRY(mcp::Listing listing,
             co_await client.list(offer.list, offer.member, Deadline::after(kPatience)));
  for (const json::Object& item : listing.items) {
    json::Object params{{offer.key, json::get_string(item, offer.key)}};
    auto answer = co_await client.request(offer.use, std::move(params), options());
    if (!answer) {
      co_return fail(std::move(answer).error().error);
    }
  }
  co_return Result<void>{};
}

}  // namespace

Task<Result<void>> exercise(mcp::Client& client, Scenario scenario) {
  OAP_CO_TRY(std::vector<ToolSpec> tools, co_await client.list_tools(Deadline::after(kPatience)));
  if (scenario.name == "json-schema-ref-no-deref") {
    co_return Result<void>{};  // its server knows tools/list only
  }
  if (scenario.name == "json-schema-2020-12-preservation") {
    co_return co_await echo_schema(client, std::move(tools));
  }
  if (const json::Array* calls = json::find_array(scenario.context, "toolCalls")) {
    co_return co_await call_as_told(client, *calls);
  }
  const bool interrupted = scenario.name == "sep-2322-client-request-state";
  OAP_CO_CHECK_OK(co_await call_all(client, std::move(tools), interrupted));
  for (const Offer& offer : kOffers) {
    if (json::find(client.info().capabilities, offer.capability) != nullptr) {
      OAP_CO_CHECK_OK(co_await use_all(client, offer));
    }
  }
  co_return Result<void>{};
}

}  // namespace oap::conformance
