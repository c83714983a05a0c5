#include "llm/openai_chat.hpp"

#include "json/print.hpp"
#include "llm/history.hpp"
#include "net/url.hpp"
#include "text/strings.hpp"

namespace oap::llm {
namespace {

json::Object encode_call(const ToolUseBlock& call) {
  const std::string arguments =
      call.invalid_arguments.empty() ? json::print(call.arguments) : call.invalid_arguments;
  return {{"id", call.id},
          {"type", "function"},
          {"function", json::Object{{"name", call.name}, {"arguments", arguments}}}};
}

void encode_assistant(const Message& message, json::Array& out) {
  const std::string said = message.joined_text();
  json::Array calls;
  for (const ToolUseBlock* call : message.tool_uses()) {
    calls.push_back(encode_call(*call));
  }
  if (said.empty() && calls.empty()) {
    return;
  }
  json::Object object{{"role", "assistant"}};
  object["content"] = said.empty() ? json::Value(nullptr) : json::Value(said);
  if (!calls.empty()) {
    object["tool_calls"] = std::move(calls);
  }
  out.push_back(std::move(object));
}

void encode_user(const Message& message, json::Array& out) {
  std::string said;
  for (const Block& block : message.blocks) {
    if (const auto* result = std::get_if<ToolResultBlock>(&block)) {
      out.push_back(json::Object{
          {"role", "tool"}, {"tool_call_id", result->tool_use_id}, {"content", result->text}});
    } else if (const auto* text = std::get_if<TextBlock>(&block)) {
      said += (said.empty() ? "" : "\n\n") + text->text;
    }
  }
  if (!said.empty()) {
    out.push_back(json::Object{{"role", "user"}, {"content", said}});
  }
}

json::Array encode_messages(const Request& request) {
  json::Array list;
  if (!text::trim(request.system).empty()) {
    list.push_back(json::Object{{"role", "system"}, {"content", request.system}});
  }
  for (const Message& message : well_formed(request.messages)) {
    if (message.role == MessageRole::kAssistant) {
      encode_assistant(message, list);
    } else {
      encode_user(message, list);
    }
  }
  return list;
}

json::Array encode_tools(const std::vector<ToolDefinition>& tools) {
  json::Array list;
  for (const ToolDefinition& tool : tools) {
    list.push_back(json::Object{{"type", "function"},
                                {"function", json::Object{{"name", tool.name},
                                                          {"description", tool.description},
                                                          {"parameters", tool.input_schema}}}});
  }
  return list;
}

}  // namespace

std::string openai_url(std::string_view base_url, std::string_view path) {
  const auto url = net::parse_url(base_url);
  const bool bare = url && (url->path.empty() || url->path == "/");
  return net::join_url(base_url, bare ? "/v1" + std::string(path) : std::string(path));
}

net::HeaderList openai_headers(const std::string& api_key) {
  net::HeaderList list{{"content-type", "application/json"}, {"accept", "text/event-stream"}};
  if (!api_key.empty()) {
    list.emplace_back("authorization", "Bearer " + api_key);
  }
  return list;
}

std::string OpenAiChatDialect::url(std::string_view base_url) const {
  return openai_url(base_url, "/chat/completions");
}

net::HeaderList OpenAiChatDialect::headers(const std::string& api_key) const {
  return openai_headers(api_key);
}

std::string OpenAiChatDialect::encode(const Request& request, const Quirks& quirks) const {
  json::Object body{{"model", request.model}, {"stream", true}};
  if (!quirks.no_stream_options) {
    body["stream_options"] = json::Object{{"include_usage", true}};
  }
  if (request.max_tokens) {
    const bool completion = is_openai_ != quirks.other_token_limit;
    body[completion ? "max_completion_tokens" : "max_tokens"] = *request.max_tokens;
  }
  if (request.temperature && !quirks.no_temperature) {
    body["temperature"] = *request.temperature;
  }
  if (!request.tools.empty()) {
    body["tools"] = encode_tools(request.tools);
    if (!request.force_tool.empty()) {
      body["tool_choice"] = json::Object{{"type", "function"},
                                         {"function", json::Object{{"name", request.force_tool}}}};
    }
  }
  body["messages"] = encode_messages(request);
  return json::print(body);
}

std::optional<Quirks> OpenAiChatDialect::adapt(Quirks quirks, std::string_view detail) const {
  const Quirks before = quirks;
  if (text::contains(detail, "max_tokens") || text::contains(detail, "max_completion_tokens")) {
    quirks.other_token_limit = true;
  } else if (text::contains(detail, "stream_options")) {
    quirks.no_stream_options = true;
  } else if (text::contains(detail, "temperature")) {
    quirks.no_temperature = true;
  }
  return quirks == before ? std::nullopt : std::optional<Quirks>(quirks);
}

}  // namespace oap::llm
