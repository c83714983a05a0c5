#include <map>

#include "json/parse.hpp"
#include "json/print.hpp"
#include "llm/openai_responses.hpp"
#include "llm/tool_calls.hpp"

namespace oap::llm {
namespace {

/// One output item while it arrives. Its `output_item.done` is authoritative; the deltas are for
/// the eyes, and for servers that leave that event out.
struct PartialItem {
  json::Value item;
  std::string text;
  std::string arguments;
  bool done = false;
};

class ResponsesAssembler final : public Assembler {
 public:
  ResponsesAssembler(std::string name, Dialect::OnText on_text, Dialect::OnText on_thought)
      : name_(std::move(name)), on_text_(std::move(on_text)), on_thought_(std::move(on_thought)) {}

  Attempt<void> add(const net::SseEvent& event) override;
  Attempt<void> add_whole(const json::Value& answer) override;
  bool is_complete() const override { return ended_; }
  Attempt<Answer> finish() override;

 private:
  void add_part(std::string_view type, const json::Value& event);
  Attempt<void> end(std::string_view status, const json::Value& response);
  void take_usage(const json::Value& usage);
  void close_item(const PartialItem& partial, std::vector<Block>& blocks);
  void close_message(const PartialItem& partial, std::vector<Block>& blocks);
  StopReason stop_reason(bool has_calls) const;

  std::string name_;
  Dialect::OnText on_text_;
  Dialect::OnText on_thought_;
  std::map<std::int64_t, PartialItem> items_;
  Usage usage_;
  std::string model_;
  std::string incomplete_;  ///< why the answer is not whole
  bool refused_ = false;
  bool ended_ = false;
};

bool ends_with(std::string_view type, std::string_view suffix) { return type.ends_with(suffix); }

Attempt<void> ResponsesAssembler::add(const net::SseEvent& event) {
  if (event.data.empty() || event.data == "[DONE]" || ended_) {
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
    const bool nested = error != nullptr && !error->is_null();
    return tl::unexpected(stated_failure(name_, nested ? *error : value));
  }
  const json::Value* response = json::find(value, "response");
  if (response != nullptr && response->is_object()) {
    model_ = json::get_string(*response, "model", model_);
    for (const std::string_view status : {"completed", "incomplete", "failed"}) {
      if (type == "response." + std::string(status)) {
        return end(status, *response);
      }
    }
  }
  add_part(type, value);
  return {};
}

void ResponsesAssembler::add_part(std::string_view type, const json::Value& event) {
  PartialItem* partial = nullptr;
  if (json::find(event, "output_index") != nullptr) {
    partial = &items_[json::get_int(event, "output_index")];
  }
  if (partial == nullptr) {
    return;
  }
  const std::string_view delta = json::get_string(event, "delta");
  if (type == "response.output_item.added" || type == "response.output_item.done") {
    if (const json::Value* item = json::find(event, "item"); item != nullptr && item->is_object()) {
      partial->item = *item;
      partial->done = ends_with(type, ".done");
    }
  } else if (type == "response.output_text.delta" || type == "response.refusal.delta") {
    partial->text += delta;
    refused_ = refused_ || type == "response.refusal.delta";
    if (on_text_ && !delta.empty()) {
      on_text_(delta);
    }
  } else if (type == "response.reasoning_summary_text.delta" ||
             type == "response.reasoning_text.delta") {
    if (on_thought_ && !delta.empty()) {
      on_thought_(delta);
    }
  } else if (type == "response.function_call_arguments.delta") {
    partial->arguments += delta;
  } else if (type == "response.function_call_arguments.done") {
    partial->arguments = json::get_string(event, "arguments", partial->arguments);
  }
}

Attempt<void> ResponsesAssembler::end(std::string_view status, const json::Value& response) {
  if (status == "failed") {
    const json::Value* error = json::find(response, "error");
    const bool stated = error != nullptr && !error->is_null();
    return tl::unexpected(stated_failure(name_, stated ? *error : response));
  }
  ended_ = true;
  if (const json::Value* usage = json::find(response, "usage"); usage != nullptr) {
    take_usage(*usage);
  }
  if (status == "incomplete") {
    const json::Value* details = json::find(response, "incomplete_details");
    incomplete_ = details == nullptr ? "" : json::get_string(*details, "reason");
    incomplete_ = incomplete_.empty() ? "max_output_tokens" : incomplete_;
  }
  const json::Array* output = json::find_array(response, "output");
  if (output == nullptr) {
    return {};
  }
  for (std::size_t i = 0; i < output->size(); ++i) {
    PartialItem& partial = items_[static_cast<std::int64_t>(i)];
    const json::Value& item = (*output)[i];
    if (item.is_object() && !partial.done) {
      partial.item = item;
      partial.done = true;
    }
  }
  return {};
}

Attempt<void> ResponsesAssembler::add_whole(const json::Value& answer) {
  const json::Value* error = json::find(answer, "error");
  if (error != nullptr && !error->is_null()) {
    return tl::unexpected(stated_failure(name_, *error));
  }
  if (json::find_array(answer, "output") == nullptr) {
    return tl::unexpected(garbage_failure(name_, "an answer without output", json::print(answer)));
  }
  model_ = json::get_string(answer, "model");
  if (auto ended = end(json::get_string(answer, "status", "completed"), answer); !ended) {
    return ended;
  }
  return {};
}

void ResponsesAssembler::take_usage(const json::Value& usage) {
  const json::Value none;
  const json::Value* input = json::find(usage, "input_tokens_details");
  const json::Value* output = json::find(usage, "output_tokens_details");
  usage_.cache_read_tokens = json::get_int(input != nullptr ? *input : none, "cached_tokens");
  usage_.input_tokens = json::get_int(usage, "input_tokens") - usage_.cache_read_tokens;
  usage_.output_tokens = json::get_int(usage, "output_tokens");
  usage_.reasoning_tokens = json::get_int(output != nullptr ? *output : none, "reasoning_tokens");
}

void ResponsesAssembler::close_message(const PartialItem& partial, std::vector<Block>& blocks) {
  std::string said;
  if (const json::Array* parts = json::find_array(partial.item, "content"); parts != nullptr) {
    for (const json::Value& part : *parts) {
      const bool refusal = json::get_string(part, "type") == "refusal";
      refused_ = refused_ || refusal;
      said += json::get_string(part, refusal ? "refusal" : "text");
    }
  }
  if (said.empty()) {
    said = partial.text;
  }
  if (!said.empty()) {
    blocks.emplace_back(TextBlock{std::move(said)});
  }
}

void ResponsesAssembler::close_item(const PartialItem& partial, std::vector<Block>& blocks) {
  const json::Value& item = partial.item;
  const std::string_view type = json::get_string(item, "type");
  if (type == "message" || (type.empty() && !partial.text.empty())) {
    close_message(partial, blocks);
  } else if (type == "reasoning") {
    ThinkingBlock block{{}, name_, {}};
    if (const json::Array* summary = json::find_array(item, "summary")) {
      for (const json::Value& part : *summary) {
        block.text += json::get_string(part, "text");
      }
    }
    if (partial.done && !json::get_string(item, "encrypted_content").empty()) {
      block.raw = item;
    }
    blocks.emplace_back(std::move(block));
  } else if (type == "function_call") {
    const std::string_view given = json::get_string(item, "arguments");
    const std::string_view id = json::get_string(item, "call_id", json::get_string(item, "id"));
    ToolUseBlock call = read_call(std::string(id), std::string(json::get_string(item, "name")),
                                  given.empty() ? std::string_view(partial.arguments) : given);
    if (json::get_string(item, "status") == "incomplete" ||
        (!partial.done && !incomplete_.empty())) {
      mark_cut(call, "(cut off)");
    }
    blocks.emplace_back(std::move(call));
  }
}

StopReason ResponsesAssembler::stop_reason(bool has_calls) const {
  if (incomplete_ == "content_filter" || (refused_ && incomplete_.empty())) {
    return StopReason::kRefusal;
  }
  if (!incomplete_.empty()) {
    return StopReason::kMaxTokens;
  }
  return has_calls ? StopReason::kToolUse : StopReason::kEndTurn;
}

Attempt<Answer> ResponsesAssembler::finish() {
  if (!ended_) {
    return tl::unexpected(cut_failure(name_));
  }
  Answer answer;
  answer.response.message.role = MessageRole::kAssistant;
  std::vector<Block>& blocks = answer.response.message.blocks;
  for (const auto& [index, item] : items_) {
    close_item(item, blocks);
  }
  make_ids_unique(blocks);
  answer.response.stop = stop_reason(!answer.response.message.tool_uses().empty());
  if (answer.response.stop == StopReason::kMaxTokens) {
    mark_last_cut(blocks);
  } else if (answer.response.stop == StopReason::kRefusal) {
    mark_all_withheld(blocks);
  }
  answer.response.model = model_;
  answer.response.usage = usage_;
  return answer;
}

}  // namespace

std::unique_ptr<Assembler> OpenAiResponsesDialect::assembler(OnText on_text,
                                                             OnText on_thought) const {
  return std::make_unique<ResponsesAssembler>(name_, std::move(on_text), std::move(on_thought));
}

}  // namespace oap::llm
