#include "session/history.hpp"

#include <map>
#include <set>
#include <string>

namespace oap::session {
namespace {

/// Takes the results out of a user message that answer one of the open calls, first come.
std::map<std::string, ToolResultBlock> take_results(Message& message,
                                                    const std::set<std::string>& open) {
  std::map<std::string, ToolResultBlock> results;
  std::vector<Block> rest;
  for (Block& block : message.blocks) {
    auto* result = std::get_if<ToolResultBlock>(&block);
    if (result == nullptr) {
      rest.push_back(std::move(block));
    } else if (open.contains(result->tool_use_id)) {
      results.emplace(result->tool_use_id, *result);
    }
  }
  message.blocks = std::move(rest);
  return results;
}

std::vector<std::string> calls_of(const Message& message) {
  std::vector<std::string> ids;
  std::set<std::string> seen;
  for (const ToolUseBlock* use : message.tool_uses()) {
    if (seen.insert(use->id).second) {
      ids.push_back(use->id);
    }
  }
  return ids;
}

std::vector<Block> result_blocks(const std::vector<std::string>& calls,
                                 const std::map<std::string, ToolResultBlock>& results) {
  std::vector<Block> blocks;
  for (const std::string& id : calls) {
    const auto found = results.find(id);
    blocks.emplace_back(found != results.end() ? found->second
                                               : ToolResultBlock{id, std::string(kInDoubt), true});
  }
  return blocks;
}

}  // namespace

std::vector<Message> close_open_calls(std::vector<Message> history) {
  std::vector<Message> closed;
  closed.reserve(history.size() + 1);
  std::vector<std::string> open;
  const auto close = [&](Message* next) {
    const std::set<std::string> wanted(open.begin(), open.end());
    std::map<std::string, ToolResultBlock> results;
    if (next != nullptr) {
      results = take_results(*next, wanted);
    }
    if (open.empty()) {
      return;
    }
    std::vector<Block> blocks = result_blocks(open, results);
    open.clear();
    if (next != nullptr) {
      next->blocks.insert(next->blocks.begin(), std::make_move_iterator(blocks.begin()),
                          std::make_move_iterator(blocks.end()));
    } else {
      Message message;
      message.blocks = std::move(blocks);
      closed.push_back(std::move(message));
    }
  };
  for (Message& message : history) {
    if (message.role == MessageRole::kAssistant) {
      close(nullptr);
      open = calls_of(message);
      closed.push_back(std::move(message));
      continue;
    }
    const bool had_blocks = !message.blocks.empty();
    close(&message);
    if (!message.blocks.empty() || !had_blocks) {
      closed.push_back(std::move(message));
    }
  }
  close(nullptr);
  return closed;
}

}  // namespace oap::session
