#include "fixture_service.hpp"
#include "json/print.hpp"
#include "mcp/era.hpp"

namespace oap::conformance {
namespace {

using Call = FixtureService::Call;
using Reply = FixtureService::Reply;

Task<Reply> sampling(Call& call) {
  json::Object content = text_block(json::get_string(call.arguments(), "prompt"));
  json::Object message{{"role", "user"}, {"content", std::move(content)}};
  json::Object params{{"messages", json::Array{json::Value(std::move(message))}},
                      {"maxTokens", 100}};
  auto answer = co_await call.exchange.ask("sampling/createMessage", std::move(params));
  if (!answer) {
    co_return mcp::failed(std::move(answer).error());
  }
  const json::Object* said = json::find_object(*answer, "content");
  co_return text_result("LLM response: " +
                        std::string(said == nullptr ? "" : json::get_string(*said, "text")));
}

Task<Reply> elicit(Call& call, std::string message, json::Object schema, std::string before) {
  json::Object params{
      {"mode", "form"}, {"message", message}, {"requestedSchema", std::move(schema)}};
  auto answer = co_await call.exchange.ask("elicitation/create", std::move(params));
  if (!answer) {
    co_return mcp::failed(std::move(answer).error());
  }
  const json::Value* content = json::find(*answer, "content");
  std::string text = std::move(before);
  text += "action=";
  text += json::get_string(*answer, "action");
  text += ", content=";
  text += content == nullptr ? "{}" : json::print(*content);
  co_return text_result(text);
}

Task<Reply> elicitation(Call& call) {
  json::Object schema = parse_object(R"({
    "type": "object",
    "properties": {
      "username": {"type": "string", "description": "User's response"},
      "email": {"type": "string", "description": "User's email address"}
    },
    "required": ["username", "email"]
  })");
  std::string message(json::get_string(call.arguments(), "message"));
  return elicit(call, std::move(message), std::move(schema), "User response: ");
}

Task<Reply> defaults(Call& call) {
  json::Object schema = parse_object(R"({
    "type": "object",
    "properties": {
      "name": {"type": "string", "default": "John Doe"},
      "age": {"type": "integer", "default": 30},
      "score": {"type": "number", "default": 95.5},
      "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
      "verified": {"type": "boolean", "default": true}
    }
  })");
  return elicit(call, "Please review and update the form fields with defaults", std::move(schema),
                "Elicitation completed: ");
}

Task<Reply> enums(Call& call) {
  json::Object schema = parse_object(R"({
    "type": "object",
    "properties": {
      "untitledSingle": {"type": "string", "enum": ["option1", "option2", "option3"]},
      "titledSingle": {"type": "string", "oneOf": [
        {"const": "value1", "title": "First Option"}, {"const": "value2", "title": "Second Option"},
        {"const": "value3", "title": "Third Option"}]},
      "legacyEnum": {"type": "string", "enum": ["opt1", "opt2", "opt3"],
        "enumNames": ["Option One", "Option Two", "Option Three"]},
      "untitledMulti": {"type": "array",
        "items": {"type": "string", "enum": ["option1", "option2", "option3"]}},
      "titledMulti": {"type": "array", "items": {"anyOf": [
        {"const": "value1", "title": "First Choice"}, {"const": "value2", "title": "Second Choice"},
        {"const": "value3", "title": "Third Choice"}]}}
    }
  })");
  return elicit(call, "Please select options from the enum fields", std::move(schema),
                "Elicitation completed: ");
}

Task<Reply> missing_capability(Call& call) {
  const bool declared = call.exchange.caller().capabilities.contains("sampling");
  if (!declared) {
    json::Object needed{{"requiredCapabilities", json::Object{{"sampling", json::Object{}}}}};
    co_return mcp::refused(mcp::kMissingCapability, "this tool needs the client's sampling",
                           json::Value(std::move(needed)));
  }
  co_return text_result("the client can sample");
}

}  // namespace

std::vector<FixtureService::Tool> asking_tools() {
  json::Object text{{"type", "string"}, {"description", "What to ask"}};
  return {
      {definition("test_sampling", "Asks the client's model",
                  object_schema({{"prompt", text}}, {"prompt"})),
       sampling},
      {definition("test_elicitation", "Asks the user",
                  object_schema({{"message", text}}, {"message"})),
       elicitation},
      {definition("test_elicitation_sep1034_defaults", "Asks with defaults", object_schema({})),
       defaults},
      {definition("test_elicitation_sep1330_enums", "Asks with all kinds of enum",
                  object_schema({})),
       enums},
      {definition("test_missing_capability", "Needs a client that can sample", object_schema({})),
       missing_capability},
  };
}

}  // namespace oap::conformance
