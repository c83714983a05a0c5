#include "model/message.hpp"

#include <fmt/format.h>

namespace oap {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

json::Value block_to_json(const Block& block) {
  return std::visit(
      Overloaded{
          [](const TextBlock& b) { return json::Object{{"type", "text"}, {"text", b.text}}; },
          [](const ThinkingBlock& b) {
            return json::Object{
                {"type", "thinking"}, {"text", b.text}, {"provider", b.provider}, {"raw", b.raw}};
          },
          [](const ToolUseBlock& b) {
            json::Object out{{"type", "tool_use"}, {"id", b.id}, {"name", b.name}};
            out["arguments"] = b.arguments;
            if (!b.invalid_arguments.empty()) {
              out["invalid_arguments"] = b.invalid_arguments;
            }
            return out;
          },
          [](const ToolResultBlock& b) {
            return json::Object{{"type", "tool_result"},
                                {"tool_use_id", b.tool_use_id},
                                {"text", b.text},
                                {"is_error", b.is_error}};
          },
      },
      block);
}

std::optional<Block> block_from_json(const json::Value& value) {
  const std::string_view type = json::get_string(value, "type");
  if (type == "text") {
    return TextBlock{std::string(json::get_string(value, "text"))};
  }
  if (type == "thinking") {
    ThinkingBlock block{std::string(json::get_string(value, "text")),
                        std::string(json::get_string(value, "provider")),
                        {}};
    if (const json::Value* raw = json::find(value, "raw")) {
      block.raw = *raw;
    }
    return block;
  }
  if (type == "tool_use") {
    ToolUseBlock block{std::string(json::get_string(value, "id")),
                       std::string(json::get_string(value, "name")),
                       {},
                       std::string(json::get_string(value, "invalid_arguments"))};
    if (const json::Object* arguments = json::find_object(value, "arguments")) {
      block.arguments = *arguments;
    }
    return block;
  }
  if (type == "tool_result") {
    return ToolResultBlock{std::string(json::get_string(value, "tool_use_id")),
                           std::string(json::get_string(value, "text")),
                           json::get_bool(value, "is_error")};
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(MessageRole role) {
  return role == MessageRole::kUser ? "user" : "assistant";
}

Message Message::user(std::string text) {
  Message message;
  message.blocks.emplace_back(TextBlock{std::move(text)});
  return message;
}

std::string Message::joined_text() const {
  std::string joined;
  for (const Block& block : blocks) {
    if (const auto* text = std::get_if<TextBlock>(&block)) {
      joined += text->text;
    }
  }
  return joined;
}

std::vector<const ToolUseBlock*> Message::tool_uses() const {
  std::vector<const ToolUseBlock*> uses;
  for (const Block& block : blocks) {
    if (const auto* use = std::get_if<ToolUseBlock>(&block)) {
      uses.push_back(use);
    }
  }
  return uses;
}

json::Value to_json(const Message& message) {
  json::Array blocks;
  for (const Block& block : message.blocks) {
    blocks.push_back(block_to_json(block));
  }
  return json::Object{{"role", to_string(message.role)}, {"blocks", std::move(blocks)}};
}

std::optional<Message> message_from_json(const json::Value& value) {
  const std::string_view role = json::get_string(value, "role");
  const json::Array* blocks = json::find_array(value, "blocks");
  if ((role != "user" && role != "assistant") || blocks == nullptr) {
    return std::nullopt;
  }
  Message message;
  message.role = role == "user" ? MessageRole::kUser : MessageRole::kAssistant;
  for (const json::Value& item : *blocks) {
    std::optional<Block> block = block_from_json(item);
    if (!block) {
      return std::nullopt;
    }
    message.blocks.push_back(*std::move(block));
  }
  return message;
}

Usage& Usage::operator+=(const Usage& other) {
  input_tokens += other.input_tokens;
  output_tokens += other.output_tokens;
  cache_read_tokens += other.cache_read_tokens;
  cache_write_tokens += other.cache_write_tokens;
  reasoning_tokens += other.reasoning_tokens;
  requests += other.requests;
  if (cost_usd && other.cost_usd) {
    *cost_usd += *other.cost_usd;
  } else {
    cost_usd.reset();
  }
  return *this;
}

json::Object to_json(const Usage& usage) {
  json::Object out{{"input_tokens", usage.input_tokens},
                   {"output_tokens", usage.output_tokens},
                   {"cache_read_tokens", usage.cache_read_tokens},
                   {"cache_write_tokens", usage.cache_write_tokens},
                   {"reasoning_tokens", usage.reasoning_tokens},
                   {"requests", usage.requests}};
  out["cost_usd"] = usage.cost_usd ? json::Value(*usage.cost_usd) : json::Value(nullptr);
  return out;
}

}  // namespace oap
