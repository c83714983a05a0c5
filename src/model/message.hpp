#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "json/value.hpp"

namespace oap {

struct TextBlock {
  std::string text;
};
/// A model's reasoning; `raw` is the provider's own block, sent back unchanged to that provider.
struct ThinkingBlock {
  std::string text;
  std::string provider;
  json::Value raw;
};
struct ToolUseBlock {
  std::string id;    ///< the provider's call id
  std::string name;  ///< public tool name
  json::Object arguments;
  std::string invalid_arguments;  ///< the raw text where it was no JSON object; then not to be run
};
struct ToolResultBlock {
  std::string tool_use_id;
  std::string text;
  bool is_error = false;
};
using Block = std::variant<TextBlock, ThinkingBlock, ToolUseBlock, ToolResultBlock>;

enum class MessageRole { kUser, kAssistant };
std::string_view to_string(MessageRole role);

/// One turn of a conversation, in no provider's dialect. Tool results are user messages.
struct Message {
  MessageRole role = MessageRole::kUser;
  std::vector<Block> blocks;

  static Message user(std::string text);
  std::string joined_text() const;
  std::vector<const ToolUseBlock*> tool_uses() const;
};

json::Value to_json(const Message& message);
/// Nothing where the value is not a message printed by `to_json`.
std::optional<Message> message_from_json(const json::Value& value);

/// Tokens and money of model calls. Sums with +=.
struct Usage {
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t cache_read_tokens = 0;
  std::int64_t cache_write_tokens = 0;
  std::int64_t reasoning_tokens = 0;
  std::int64_t requests = 0;
  std::optional<double> cost_usd = 0.0;  ///< nothing as soon as one part's price is unknown

  Usage& operator+=(const Usage& other);
};
json::Object to_json(const Usage& usage);

}  // namespace oap
