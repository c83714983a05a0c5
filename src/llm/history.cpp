#include "llm/history.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "text/strings.hpp"

namespace oap::llm {
namespace {

bool is_blank(const Block& block) {
  const auto* said = std::get_if<TextBlock>(&block);
  return said != nullptr && text::trim(said->text).empty();
}

std::vector<Message> merge(const std::vector<Message>& messages) {
  std::vector<Message> merged;
  for (const Message& message : messages) {
    std::vector<Block> blocks;
    std::remove_copy_if(message.blocks.begin(), message.blocks.end(), std::back_inserter(blocks),
                        is_blank);
    if (blocks.empty()) {
      continue;
    }
    if (merged.empty() || merged.back().role != message.role) {
      merged.push_back({message.role, {}});
    }
    std::move(blocks.begin(), blocks.end(), std::back_inserter(merged.back().blocks));
  }
  return merged;
}

/// Takes the first result for that call out of the blocks.
std::optional<ToolResultBlock> take_result(std::vector<Block>& blocks, const std::string& id) {
  const auto found = std::find_if(blocks.begin(), blocks.end(), [&](const Block& block) {
    const auto* result = std::get_if<ToolResultBlock>(&block);
    return result != nullptr && result->tool_use_id == id;
  });
  if (found == blocks.end()) {
    return std::nullopt;
  }
  ToolResultBlock result = std::get<ToolResultBlock>(std::move(*found));
  blocks.erase(found);
  return result;
}

Message answer_calls(const std::vector<const ToolUseBlock*>& uses, std::vector<Block> blocks) {
  Message message;
  for (const ToolUseBlock* use : uses) {
    auto result = take_result(blocks, use->id);
    message.blocks.emplace_back(result ? *std::move(result)
                                       : ToolResultBlock{use->id,
                                                         "No result was recorded for this call; it "
                                                         "may have run or not.",
                                                         true});
  }
  for (Block& block : blocks) {
    if (auto* orphan = std::get_if<ToolResultBlock>(&block)) {
      std::string said = "Result of an earlier tool call:\n" + orphan->text;
      block = TextBlock{std::move(said)};
    }
    message.blocks.push_back(std::move(block));
  }
  return message;
}

}  // namespace

std::vector<Message> well_formed(const std::vector<Message>& messages) {
  std::vector<Message> formed;
  std::vector<const ToolUseBlock*> open;
  std::vector<Message> merged = merge(messages);
  for (Message& message : merged) {
    if (message.role == MessageRole::kAssistant) {
      open = message.tool_uses();
      formed.push_back(message);
      continue;
    }
    formed.push_back(answer_calls(std::exchange(open, {}), std::move(message.blocks)));
  }
  if (!open.empty()) {
    formed.push_back(answer_calls(open, {}));
  }
  return formed;
}

}  // namespace oap::llm
