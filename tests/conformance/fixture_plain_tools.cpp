#include "async/sleep.hpp"
#include "fixture_service.hpp"
#include "json/print.hpp"

namespace oap::conformance {
namespace {

using Call = FixtureService::Call;
using Reply = FixtureService::Reply;

constexpr Millis kStep{50};

Task<Reply> simple_text(Call& /*call*/) {
  co_return text_result("This is a simple text response for testing.");
}

Task<Reply> image(Call& /*call*/) {
  json::Array content;
  content.push_back(image_block());
  co_return tool_result(std::move(content));
}

Task<Reply> audio(Call& /*call*/) {
  json::Array content;
  content.push_back(audio_block());
  co_return tool_result(std::move(content));
}

json::Object resource_block(std::string_view uri, std::string_view type, std::string_view text) {
  return {{"type", "resource"},
          {"resource", json::Object{{"uri", uri}, {"mimeType", type}, {"text", text}}}};
}

Task<Reply> embedded(Call& /*call*/) {
  json::Array content;
  content.push_back(resource_block("test://embedded-resource", "text/plain",
                                   "This is an embedded resource content."));
  co_return tool_result(std::move(content));
}

Task<Reply> mixed(Call& /*call*/) {
  json::Array content;
  content.push_back(text_block("Multiple content types test:"));
  content.push_back(image_block());
  content.push_back(resource_block("test://mixed-content-resource", "application/json",
                                   R"({"test":"data","value":123})"));
  co_return tool_result(std::move(content));
}

void log_line(Call& call, std::string_view text) {
  call.exchange.notify("notifications/message", json::Object{{"level", "info"}, {"data", text}});
}

Task<Reply> with_logging(Call& call) {
  log_line(call, "Tool execution started");
  co_await async::sleep_for(kStep);
  log_line(call, "Tool processing data");
  co_await async::sleep_for(kStep);
  log_line(call, "Tool execution completed");
  co_return text_result("Tool with logging executed successfully");
}

Task<Reply> logging_tool(Call& call) {
  log_line(call, "A log line of test_logging_tool");
  co_return text_result("logged");
}

Task<Reply> with_progress(Call& call) {
  for (const int done : {0, 50, 100}) {
    json::Object params{{"progress", done}, {"total", 100}};
    params["message"] = "Completed step " + std::to_string(done) + " of 100";
    call.exchange.progress(std::move(params));
    if (done < 100) {
      co_await async::sleep_for(kStep);
    }
  }
  co_return text_result("Progress reported");
}

Task<Reply> failing(Call& /*call*/) {
  co_return text_result("This tool intentionally returns an error for testing", true);
}

Task<Reply> reconnection(Call& call) {
  call.exchange.close_stream(Millis(500));
  co_await async::sleep_for(Millis(100));
  co_return text_result(
      "Reconnection test completed successfully. If you received this, the "
      "client properly reconnected after stream closure.");
}

Task<Reply> show_arguments(Call& call) {
  co_return text_result(json::print(json::Value(call.arguments())));
}

Task<Reply> trigger_tools(Call& call) {
  call.lists.toggled_tool = !call.lists.toggled_tool;
  call.feed.publish({mcp::Change::Kind::kTools, ""});
  co_return text_result("changed");
}
Task<Reply> trigger_prompts(Call& call) {
  call.lists.toggled_prompt = !call.lists.toggled_prompt;
  call.feed.publish({mcp::Change::Kind::kPrompts, ""});
  co_return text_result("changed");
}

json::Object json_schema_2020_12() {
  return parse_object(R"({
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
      "address": {
        "$anchor": "addressDef",
        "type": "object",
        "properties": {"street": {"type": "string"}, "city": {"type": "string"}}
      }
    },
    "properties": {
      "name": {"type": "string"},
      "address": {"$ref": "#/$defs/address"},
      "contactMethod": {"type": "string", "enum": ["phone", "email"]},
      "phone": {"type": "string"},
      "email": {"type": "string"}
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": false
  })");
}

json::Object mirrored_schema() {
  return parse_object(R"({
    "type": "object",
    "properties": {
      "region": {"type": "string", "description": "Where", "x-mcp-header": "Region"},
      "priority": {"type": "integer", "x-mcp-header": "Priority"},
      "verbose": {"type": "boolean", "x-mcp-header": "Verbose"},
      "query": {"type": "string"}
    }
  })");
}

}  // namespace

std::vector<FixtureService::Tool> plain_tools() {
  const auto none = [] { return object_schema({}); };
  std::vector<FixtureService::Tool> tools;
  const auto add = [&](std::string_view name, std::string_view what, json::Object schema,
                       FixtureService::Handler run) {
    tools.push_back({definition(name, what, std::move(schema)), std::move(run)});
  };
  add("test_simple_text", "Tests simple text content", none(), simple_text);
  add("test_image_content", "Tests image content", none(), image);
  add("test_audio_content", "Tests audio content", none(), audio);
  add("test_embedded_resource", "Tests embedded resources", none(), embedded);
  add("test_multiple_content_types", "Tests several content types at once", none(), mixed);
  add("test_tool_with_logging", "Logs while it runs", none(), with_logging);
  add("test_logging_tool", "Logs once", none(), logging_tool);
  add("test_tool_with_progress", "Reports progress", none(), with_progress);
  add("test_error_handling", "Always fails", none(), failing);
  add("test_reconnection", "Closes its event stream before the result", none(), reconnection);
  add("json_schema_2020_12_tool", "Has a schema with all of 2020-12", json_schema_2020_12(),
      show_arguments);
  add("test_x_mcp_header", "Has arguments that HTTP mirrors in headers", mirrored_schema(),
      show_arguments);
  add("test_trigger_tool_change", "Puts a tool on the list or takes it off", none(), trigger_tools);
  add("test_trigger_prompt_change", "Puts a prompt on the list or takes it off", none(),
      trigger_prompts);
  add(kToggledTool, "Comes and goes", none(), simple_text);
  return tools;
}

}  // namespace oap::conformance
