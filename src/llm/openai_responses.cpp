#include "llm/openai_responses.hpp"

#include "json/print.hpp"
#include "llm/history.hpp"
#include "llm/models.hpp"
#include "llm/openai_chat.hpp"
#include "text/strings.hpp"

namespace oap::llm {
namespace {

struct ItemWriter {
  const std::string& provider;
  MessageRole role;
  json::Array& out;

  void operator()(const TextBlock& block) const {
    const bool user = role == MessageRole::kUser;
    out.push_back(json::Object{
        {"type", "message"},
        {"role", to_string(role)},
        {"content", json::Array{json::Object{{"type", user ? "input_text" : "output_text"},
                                             {"text", block.text}}}}});
  }
  void operator()(const ThinkingBlock& block) const {
    if (block.provider == provider && block.raw.is_object()) {
      out.push_back(block.raw);
    }
  }
  void operator()(const ToolUseBlock& block) const {
    const std::string arguments =
        block.invalid_arguments.empty() ? json::print(block.arguments) : block.invalid_arguments;
    out.push_back(json::Object{{"type", "function_call"},
                               {"call_id", block.id},
                               {"name", block.name},
                               {"arguments", arguments}});
  }
  void operator()(const ToolResultBlock& block) const {
    out.push_back(json::Object{
        {"type", "function_call_output"}, {"call_id", block.tool_use_id}, {"output", block.text}});
  }
};

json::Array encode_input(const std::string& provider, const std::vector<Message>& messages) {
  json::Array items;
  for (const Message& message : well_formed(messages)) {
    for (const Block& block : message.blocks) {
      std::visit(ItemWriter{provider, message.role, items}, block);
    }
  }
  return items;
}

json::Array encode_tools(const std::vector<ToolDefinition>& tools) {
  json::Array list;
  for (const ToolDefinition& tool : tools) {
    list.push_back(json::Object{{"type", "function"},
                                {"name", tool.name},
                                {"description", tool.description},
                                {"parameters", tool.input_schema},
                                {"strict", false}});
  }
  return list;
}

}  // namespace

std::string OpenAiResponsesDialect::url(std::string_view base_url) const {
  return openai_url(base_url, "/responses");
}

net::HeaderList OpenAiResponsesDialect::headers(const std::string& api_key) const {
  return openai_headers(api_key);
}

std::string OpenAiResponsesDialect::encode(const Request& request, const Quirks& quirks) const {
  json::Object body{{"model", request.model}, {"stream", true}, {"store", false}};
  if (!quirks.no_encrypted_reasoning && find_model(request.model).reasons) {
    body["include"] = json::Array{"reasoning.encrypted_content"};
  }
  if (request.max_tokens) {
    body["max_output_tokens"] = *request.max_tokens;
  }
  if (request.temperature && !quirks.no_temperature) {
    body["temperature"] = *request.temperature;
  }
  if (!request.tools.empty()) {
    body["tools"] = encode_tools(request.tools);
    body["parallel_tool_calls"] = true;
    if (!request.force_tool.empty()) {
      body["tool_choice"] = json::Object{{"type", "function"}, {"name", request.force_tool}};
    }
  }
  if (!text::trim(request.system).empty()) {
    body["instructions"] = request.system;
  }
  body["input"] = encode_input(name_, request.messages);
  return json::print(body);
}

std::optional<Quirks> OpenAiResponsesDialect::adapt(Quirks quirks, std::string_view detail) const {
  const Quirks before = quirks;
  if (text::contains(detail, "ncrypted")) {
    quirks.no_encrypted_reasoning = true;
  } else if (text::contains(detail, "temperature")) {
    quirks.no_temperature = true;
  }
  return quirks == before ? std::nullopt : std::optional<Quirks>(quirks);
}

}  // namespace oap::llm
