#include <map>
#include <vector>

#include "json/parse.hpp"
#include "json/print.hpp"
#include "llm/openai_chat.hpp"
#include "llm/tool_calls.hpp"

namespace oap::llm {
namespace {

struct PartialCall {
  std::optional<std::int64_t> index;
  std::string id;
  std::string name;
  std::string arguments;

  bool is_whole() const { return !arguments.empty() && json::parse_object(arguments).has_value(); }
};

/// The text of a `content`, which is a string, or with some vendors a list of parts.
std::string content_text(const json::Value* content) {
  if (content == nullptr) {
    return {};
  }
  if (content->is_string()) {
    return std::string(json::view(content->get_string()));
  }
  std::string joined;
  if (const json::Array* parts = content->if_array()) {
    for (const json::Value& part : *parts) {
      if (json::get_string(part, "type", "text") == "text") {
        joined += json::get_string(part, "text");
      }
    }
  }
  return joined;
}

class ChatAssembler final : public Assembler {
 public:
  ChatAssembler(std::string name, Dialect::OnText on_text, Dialect::OnText on_thought)
      : name_(std::move(name)), on_text_(std::move(on_text)), on_thought_(std::move(on_thought)) {}

  Attempt<void> add(const net::SseEvent& event) override;
  Attempt<void> add_whole(const json::Value& answer) override;
  bool is_complete() const override { return done_; }
  Attempt<Answer> finish() override;

 private:
  Attempt<void> add_chunk(const json::Value& chunk);
  void add_delta(const json::Value& delta);
  void add_call(const json::Value& piece);
  PartialCall& call_for(const json::Value& piece);
  void take_usage(const json::Value& usage);
  StopReason stop_reason() const;

  std::string name_;
  Dialect::OnText on_text_;
  Dialect::OnText on_thought_;
  std::string text_;
  std::string reasoning_;
  std::vector<PartialCall> calls_;
  std::map<std::int64_t, std::size_t> last_at_;  // the newest call of an index
  Usage usage_;
  std::string model_;
  std::string finish_;
  bool refused_ = false;
  bool done_ = false;
  bool any_choice_ = false;
};

Attempt<void> ChatAssembler::add(const net::SseEvent& event) {
  if (event.data.empty() || done_) {
    return {};
  }
  if (event.data == "[DONE]") {
    done_ = true;
    return {};
  }
  const auto parsed = json::parse(event.data);
  if (!parsed || !parsed->is_object()) {
    return tl::unexpected(garbage_failure(name_, "an event that is no JSON object", event.data));
  }
  return add_chunk(*parsed);
}

Attempt<void> ChatAssembler::add_whole(const json::Value& answer) {
  if (auto added = add_chunk(answer); !added) {
    return added;
  }
  if (!any_choice_) {
    return tl::unexpected(garbage_failure(name_, "an answer without choices", json::print(answer)));
  }
  done_ = true;
  return {};
}

Attempt<void> ChatAssembler::add_chunk(const json::Value& chunk) {
  const json::Value* error = json::find(chunk, "error");
  if (error != nullptr && !error->is_null()) {
    return tl::unexpected(stated_failure(name_, *error));
  }
  if (const std::string_view model = json::get_string(chunk, "model"); !model.empty()) {
    model_ = model;
  }
  if (const json::Value* usage = json::find(chunk, "usage");
      usage != nullptr && usage->is_object()) {
    take_usage(*usage);
  }
  const json::Array* choices = json::find_array(chunk, "choices");
  if (choices == nullptr) {
    return {};
  }
  for (const json::Value& choice : *choices) {
    if (json::get_int(choice, "index") != 0) {
      continue;
    }
    any_choice_ = true;
    for (const std::string_view part : {"delta", "message"}) {
      if (const json::Value* delta = json::find(choice, part); delta != nullptr) {
        add_delta(*delta);
      }
    }
    finish_ = json::get_string(choice, "finish_reason", finish_);
  }
  return {};
}

void ChatAssembler::add_delta(const json::Value& delta) {
  std::string said = content_text(json::find(delta, "content"));
  const std::string_view refusal = json::get_string(delta, "refusal");
  refused_ = refused_ || !refusal.empty();
  said += refusal;
  text_ += said;
  if (on_text_ && !said.empty()) {
    on_text_(said);
  }
  std::string_view reasoning = json::get_string(delta, "reasoning_content");
  reasoning = reasoning.empty() ? json::get_string(delta, "reasoning") : reasoning;
  reasoning_ += reasoning;
  if (on_thought_ && !reasoning.empty()) {
    on_thought_(reasoning);
  }
  if (const json::Array* pieces = json::find_array(delta, "tool_calls")) {
    for (const json::Value& piece : *pieces) {
      add_call(piece);
    }
  }
  if (const json::Object* legacy = json::find_object(delta, "function_call")) {
    add_call(json::Object{{"index", 0}, {"function", *legacy}});
  }
}

/// Which call a piece continues. The index says so; vendors that leave it out, or give each of
/// several calls the same one, are told apart by their ids.
PartialCall& ChatAssembler::call_for(const json::Value& piece) {
  const json::Value* at = json::find(piece, "index");
  const std::string_view id = json::get_string(piece, "id");
  const json::Value* function = json::find(piece, "function");
  const bool is_named = function != nullptr && !json::get_string(*function, "name").empty();
  PartialCall* found = nullptr;
  if (at != nullptr && at->is_number()) {
    const std::int64_t index = json::get_int(piece, "index");
    if (const auto known = last_at_.find(index); known != last_at_.end()) {
      found = &calls_[known->second];
    }
    if (found != nullptr && is_named && !id.empty() && id != found->id && found->is_whole()) {
      found = nullptr;
    }
    if (found == nullptr) {
      last_at_[index] = calls_.size();
      calls_.push_back({index});
      return calls_.back();
    }
    return *found;
  }
  for (PartialCall& call : calls_) {
    found = !id.empty() && call.id == id ? &call : found;
  }
  if (found == nullptr && !calls_.empty() && id.empty() &&
      !(is_named && calls_.back().is_whole())) {
    found = &calls_.back();
  }
  if (found == nullptr) {
    calls_.push_back({});
    found = &calls_.back();
  }
  return *found;
}

void ChatAssembler::add_call(const json::Value& piece) {
  const json::Value* function = json::find(piece, "function");
  if (!piece.is_object() || function == nullptr) {
    return;
  }
  PartialCall& call = call_for(piece);
  if (call.id.empty()) {
    call.id = json::get_string(piece, "id");
  }
  if (call.name.empty()) {
    call.name = json::get_string(*function, "name");
  }
  const json::Value* arguments = json::find(*function, "arguments");
  if (arguments != nullptr && arguments->is_string()) {
    call.arguments += json::view(arguments->get_string());
  } else if (arguments != nullptr && !arguments->is_null()) {
    call.arguments += json::print(*arguments);
  }
}

void ChatAssembler::take_usage(const json::Value& usage) {
  const json::Value none;
  const json::Value* prompt = json::find(usage, "prompt_tokens_details");
  const json::Value* completion = json::find(usage, "completion_tokens_details");
  usage_.cache_read_tokens = json::get_int(prompt != nullptr ? *prompt : none, "cached_tokens");
  usage_.input_tokens = json::get_int(usage, "prompt_tokens") - usage_.cache_read_tokens;
  usage_.output_tokens = json::get_int(usage, "completion_tokens");
  usage_.reasoning_tokens =
      json::get_int(completion != nullptr ? *completion : none, "reasoning_tokens");
}

/// With calls there, `stop` means the same as `tool_calls`.
StopReason ChatAssembler::stop_reason() const {
  if (finish_ == "length") {
    return StopReason::kMaxTokens;
  }
  if (finish_ == "content_filter" || refused_) {
    return StopReason::kRefusal;
  }
  return calls_.empty() ? StopReason::kEndTurn : StopReason::kToolUse;
}

Attempt<Answer> ChatAssembler::finish() {
  if (!done_ && finish_.empty()) {
    return tl::unexpected(cut_failure(name_));
  }
  if (!any_choice_) {
    return tl::unexpected(garbage_failure(name_, "an answer without choices", {}));
  }
  Answer answer;
  answer.response.message.role = MessageRole::kAssistant;
  std::vector<Block>& blocks = answer.response.message.blocks;
  if (!reasoning_.empty()) {
    blocks.emplace_back(ThinkingBlock{reasoning_, name_, {}});
  }
  if (!text_.empty()) {
    blocks.emplace_back(TextBlock{text_});
  }
  for (PartialCall& call : calls_) {
    blocks.emplace_back(read_call(call.id, call.name, call.arguments));
  }
  make_ids_unique(blocks);
  answer.response.stop = stop_reason();
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

std::unique_ptr<Assembler> OpenAiChatDialect::assembler(OnText on_text, OnText on_thought) const {
  return std::make_unique<ChatAssembler>(name_, std::move(on_text), std::move(on_thought));
}

}  // namespace oap::llm
