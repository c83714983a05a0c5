#include <map>

#include "json/parse.hpp"
#include "llm/anthropic.hpp"
#include "llm/tool_calls.hpp"

namespace oap::llm {
namespace {

/// One content block while it arrives: the object of its start event, and what deltas added.
struct PartialBlock {
  json::Value start;
  std::string text;  ///< of text_delta or thinking_delta
  std::string signature;
  std::string input;  ///< of input_json_delta, parsed at the end
  bool closed = false;

  std::string_view type() const { return json::get_string(start, "type"); }
};

StopReason stop_reason(std::string_view name, bool has_calls) {
  if (name == "max_tokens") {
    return StopReason::kMaxTokens;
  }
  if (name == "stop_sequence") {
    return StopReason::kStopSequence;
  }
  if (name == "refusal") {
    return StopReason::kRefusal;
  }
  if (name == "model_context_window_exceeded") {
    return StopReason::kContextExceeded;
  }
  return has_calls ? StopReason::kToolUse : StopReason::kEndTurn;
}

class AnthropicAssembler final : public Assembler {
 public:
  AnthropicAssembler(std::string name, Dialect::OnText on_text, Dialect::OnText on_thought)
      : name_(std::move(name)), on_text_(std::move(on_text)), on_thought_(std::move(on_thought)) {}

  Attempt<void> add(const net::SseEvent& event) override;
  Attempt<void> add_whole(const json::Value& answer) override;
  bool is_complete() const override { return stopped_; }
  Attempt<Answer> finish() override;

 private:
  Attempt<void> add_delta(const json::Value& event);
  void start_message(const json::Value& message);
  void take_usage(const json::Value& usage);
  void say(std::string_view text) {
    if (on_text_ && !text.empty()) {
      on_text_(text);
    }
  }
  void say_of(const PartialBlock& block, std::string_view text) {
    if (block.type() == "text") {
      say(text);
    } else if (block.type() == "thinking" && on_thought_ && !text.empty()) {
      on_thought_(text);
    }
  }
  void close_block(const PartialBlock& block, std::vector<Block>& blocks) const;
  ThinkingBlock keep_raw(const PartialBlock& block) const;

  std::string name_;
  Dialect::OnText on_text_;
  Dialect::OnText on_thought_;
  std::map<std::int64_t, PartialBlock> blocks_;
  Usage usage_;
  std::string model_;
  std::string stop_;
  bool stopped_ = false;
};

Attempt<void> AnthropicAssembler::add(const net::SseEvent& event) {
  if (event.data.empty() || event.data == "[DONE]") {
    return {};
  }
  const auto parsed = json::parse(event.data);
  if (!parsed || !parsed->is_object()) {
    return tl::unexpected(garbage_failure(name_, "an event that is no JSON object", event.data));
  }
  const json::Value& value = *parsed;
  const std::string_view type = json::get_string(value, "type", event.type);
  const json::Value* error = json::find(value, "error");
  if (type == "error" || (error != nullptr && !error->is_null())) {
    return tl::unexpected(stated_failure(name_, error != nullptr ? *error : value));
  }
  if (type == "message_start") {
    if (const json::Value* message = json::find(value, "message")) {
      start_message(*message);
    }
  } else if (type == "content_block_start") {
    const json::Value* block = json::find(value, "content_block");
    if (block == nullptr || !block->is_object()) {
      return tl::unexpected(garbage_failure(name_, "a block without content", event.data));
    }
    PartialBlock& partial = blocks_[json::get_int(value, "index")];
    partial = PartialBlock{*block};
    partial.text = json::get_string(*block, partial.type() == "thinking" ? "thinking" : "text");
    partial.signature = json::get_string(*block, "signature");
    say_of(partial, partial.text);
  } else if (type == "content_block_delta") {
    return add_delta(value);
  } else if (type == "content_block_stop") {
    if (const auto found = blocks_.find(json::get_int(value, "index")); found != blocks_.end()) {
      found->second.closed = true;
    }
  } else if (type == "message_delta") {
    if (const json::Value* delta = json::find(value, "delta")) {
      stop_ = json::get_string(*delta, "stop_reason", stop_);
    }
    if (const json::Value* usage = json::find(value, "usage")) {
      take_usage(*usage);
    }
  } else if (type == "message_stop") {
    stopped_ = true;
  }
  return {};
}

Attempt<void> AnthropicAssembler::add_delta(const json::Value& event) {
  const auto found = blocks_.find(json::get_int(event, "index"));
  const json::Value* delta = json::find(event, "delta");
  if (found == blocks_.end() || delta == nullptr) {
    return tl::unexpected(garbage_failure(name_, "a delta that belongs to no block", {}));
  }
  PartialBlock& block = found->second;
  const std::string_view type = json::get_string(*delta, "type");
  if (type == "text_delta") {
    block.text += json::get_string(*delta, "text");
    say(json::get_string(*delta, "text"));
  } else if (type == "input_json_delta") {
    block.input += json::get_string(*delta, "partial_json");
  } else if (type == "thinking_delta") {
    block.text += json::get_string(*delta, "thinking");
    say_of(block, json::get_string(*delta, "thinking"));
  } else if (type == "signature_delta") {
    block.signature += json::get_string(*delta, "signature");
  }
  return {};
}

void AnthropicAssembler::start_message(const json::Value& message) {
  model_ = json::get_string(message, "model");
  if (const json::Value* usage = json::find(message, "usage")) {
    take_usage(*usage);
  }
}

/// The numbers of later events are cumulative: they replace, they are not added.
void AnthropicAssembler::take_usage(const json::Value& usage) {
  usage_.input_tokens = json::get_int(usage, "input_tokens", usage_.input_tokens);
  usage_.output_tokens = json::get_int(usage, "output_tokens", usage_.output_tokens);
  usage_.cache_read_tokens =
      json::get_int(usage, "cache_read_input_tokens", usage_.cache_read_tokens);
  usage_.cache_write_tokens =
      json::get_int(usage, "cache_creation_input_tokens", usage_.cache_write_tokens);
}

Attempt<void> AnthropicAssembler::add_whole(const json::Value& answer) {
  const json::Value* error = json::find(answer, "error");
  if (error != nullptr && !error->is_null()) {
    return tl::unexpected(stated_failure(name_, *error));
  }
  const json::Array* content = json::find_array(answer, "content");
  if (content == nullptr) {
    return tl::unexpected(garbage_failure(name_, "an answer without content", {}));
  }
  start_message(answer);
  stop_ = json::get_string(answer, "stop_reason");
  for (const json::Value& item : *content) {
    if (item.is_object()) {
      PartialBlock partial{item};
      partial.text = json::get_string(item, partial.type() == "thinking" ? "thinking" : "text");
      partial.signature = json::get_string(item, "signature");
      partial.closed = true;
      say_of(partial, partial.text);
      blocks_[static_cast<std::int64_t>(blocks_.size())] = std::move(partial);
    }
  }
  stopped_ = true;
  return {};
}

/// The block as the provider wants it back. One that was cut off is not sent back.
ThinkingBlock AnthropicAssembler::keep_raw(const PartialBlock& block) const {
  ThinkingBlock kept;
  kept.provider = name_;
  if (block.type() == "thinking") {
    kept.text = block.text;
  }
  if (!block.closed) {
    return kept;
  }
  json::Object raw = block.start.is_object() ? block.start.get_object() : json::Object();
  if (block.type() == "thinking") {
    raw["thinking"] = block.text;
    if (!block.signature.empty()) {
      raw["signature"] = block.signature;
    }
  }
  if (!block.input.empty()) {
    auto input = json::parse(block.input);
    raw["input"] = input ? *std::move(input) : json::Value(json::Object());
  }
  kept.raw = std::move(raw);
  return kept;
}

void AnthropicAssembler::close_block(const PartialBlock& block, std::vector<Block>& blocks) const {
  if (block.type() == "text") {
    if (!block.text.empty()) {
      blocks.emplace_back(TextBlock{block.text});
    }
    return;
  }
  if (block.type() != "tool_use") {
    blocks.emplace_back(keep_raw(block));
    return;
  }
  ToolUseBlock call = read_call(std::string(json::get_string(block.start, "id")),
                                std::string(json::get_string(block.start, "name")), block.input);
  const json::Object* input = json::find_object(block.start, "input");
  if (block.input.empty() && input != nullptr) {
    call.arguments = *input;
  }
  if (!block.closed) {
    mark_cut(call, "(cut off)");
  }
  blocks.emplace_back(std::move(call));
}

Attempt<Answer> AnthropicAssembler::finish() {
  if (!stopped_ && stop_.empty()) {
    return tl::unexpected(cut_failure(name_));
  }
  Answer answer;
  std::vector<Block>& blocks = answer.response.message.blocks;
  for (const auto& [index, block] : blocks_) {
    close_block(block, blocks);
  }
  make_ids_unique(blocks);
  answer.response.message.role = MessageRole::kAssistant;
  answer.response.stop = stop_reason(stop_, !answer.response.message.tool_uses().empty());
  if (answer.response.stop == StopReason::kMaxTokens ||
      answer.response.stop == StopReason::kContextExceeded) {
    mark_last_cut(blocks);
  } else if (answer.response.stop == StopReason::kRefusal) {
    mark_all_withheld(blocks);
  }
  answer.paused = stop_ == "pause_turn";
  answer.response.model = model_;
  answer.response.usage = usage_;
  return answer;
}

}  // namespace

std::unique_ptr<Assembler> AnthropicDialect::assembler(OnText on_text, OnText on_thought) const {
  return std::make_unique<AnthropicAssembler>(name_, std::move(on_text), std::move(on_thought));
}

}  // namespace oap::llm
