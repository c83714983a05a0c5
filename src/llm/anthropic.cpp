#include "llm/anthropic.hpp"

#include <algorithm>

#include "json/print.hpp"
#include "llm/history.hpp"
#include "llm/models.hpp"
#include "net/url.hpp"
#include "text/strings.hpp"

namespace oap::llm {
namespace {

constexpr std::int64_t kMostOutput = 32'000;
/// Of the four breakpoints that a request may have, tools and system take the others.
constexpr int kMarkedMessages = 2;

json::Object ephemeral() { return {{"type", "ephemeral"}}; }

/// Ids made by other providers may hold characters that this one refuses.
std::string wire_id(const std::string& id) {
  std::string safe = id;
  std::replace_if(
      safe.begin(), safe.end(),
      [](char c) { return !text::is_alpha(c) && !text::is_digit(c) && c != '_' && c != '-'; }, '_');
  return safe;
}

struct BlockWriter {
  const std::string& provider;
  json::Array& out;

  void operator()(const TextBlock& block) const {
    out.push_back(json::Object{{"type", "text"}, {"text", block.text}});
  }
  void operator()(const ThinkingBlock& block) const {
    if (block.provider == provider && block.raw.is_object()) {
      out.push_back(block.raw);
    }
  }
  void operator()(const ToolUseBlock& block) const {
    out.push_back(json::Object{{"type", "tool_use"},
                               {"id", wire_id(block.id)},
                               {"name", block.name},
                               {"input", block.arguments}});
  }
  void operator()(const ToolResultBlock& block) const {
    json::Object result{{"type", "tool_result"},
                        {"tool_use_id", wire_id(block.tool_use_id)},
                        {"content", block.text}};
    if (block.is_error) {
      result["is_error"] = true;
    }
    out.push_back(std::move(result));
  }
};

json::Array encode_messages(const std::string& provider, const std::vector<Message>& messages) {
  json::Array list;
  for (const Message& message : well_formed(messages)) {
    json::Array content;
    for (const Block& block : message.blocks) {
      std::visit(BlockWriter{provider, content}, block);
    }
    if (!content.empty()) {
      list.push_back(
          json::Object{{"role", to_string(message.role)}, {"content", std::move(content)}});
    }
  }
  int marks = 0;
  for (auto message = list.rbegin(); message != list.rend() && marks < kMarkedMessages; ++message) {
    if (json::get_string(*message, "role") == "user") {
      message->as_object()["content"].as_array().back().as_object()["cache_control"] = ephemeral();
      ++marks;
    }
  }
  return list;
}

json::Array encode_tools(const std::vector<ToolDefinition>& tools) {
  json::Array list;
  for (const ToolDefinition& tool : tools) {
    list.push_back(json::Object{{"name", tool.name},
                                {"description", tool.description},
                                {"input_schema", tool.input_schema}});
  }
  if (!list.empty()) {
    list.back().as_object()["cache_control"] = ephemeral();
  }
  return list;
}

}  // namespace

std::string AnthropicDialect::url(std::string_view base_url) const {
  return net::join_url(base_url, "/v1/messages");
}

net::HeaderList AnthropicDialect::headers(const std::string& api_key) const {
  net::HeaderList list{{"content-type", "application/json"},
                       {"accept", "text/event-stream"},
                       {"anthropic-version", "2023-06-01"}};
  if (!api_key.empty()) {
    list.emplace_back("x-api-key", api_key);
  }
  return list;
}

std::string AnthropicDialect::encode(const Request& request, const Quirks& quirks) const {
  const std::int64_t limit = request.max_tokens
                                 ? *request.max_tokens
                                 : std::min(find_model(request.model).max_output, kMostOutput);
  json::Object body{{"model", request.model}, {"max_tokens", limit}, {"stream", true}};
  if (request.temperature && !quirks.no_temperature) {
    body["temperature"] = *request.temperature;
  }
  if (!request.tools.empty()) {
    body["tools"] = encode_tools(request.tools);
    if (!request.force_tool.empty()) {
      body["tool_choice"] = json::Object{{"type", "tool"}, {"name", request.force_tool}};
    }
  }
  if (!text::trim(request.system).empty()) {
    body["system"] = json::Array{
        json::Object{{"type", "text"}, {"text", request.system}, {"cache_control", ephemeral()}}};
  }
  body["messages"] = encode_messages(name_, request.messages);
  return json::print(body);
}

std::optional<Quirks> AnthropicDialect::adapt(Quirks quirks, std::string_view detail) const {
  if (quirks.no_temperature || !text::contains(detail, "temperature")) {
    return std::nullopt;
  }
  quirks.no_temperature = true;
  return quirks;
}

}  // namespace oap::llm
