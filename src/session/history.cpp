#include "session/history.hpp"

#include <algorithm>
#include <set>
#include <string>

namespace oap::session {
namespace {

std::vector<std::string> open_calls(const Message& message) {
  std::vector<std::string> ids;
  if (message.role == MessageRole::kAssistant) {
    for (const ToolUseBlock* use : message.tool_uses()) {
      ids.push_back(use->id);
    }
  }
  return ids;
}

/// The results that answer `open`, each once and in the order of the calls, missing ones in doubt;
/// then whatever else the message holds.
Message answered(const std::vector<std::string>& open, const Message* given) {
  Message out;
  out.role = MessageRole::kUser;
  for (const std::string& id : open) {
    ToolResultBlock result{id, std::string(kInDoubt), true};
    if (given != nullptr) {
      for (const Block& block : given->blocks) {
        const auto* found = std::get_if<ToolResultBlock>(&block);
        if (found != nullptr && found->tool_use_id == id) {
          result = *found;
          break;
        }
      }
    }
    out.blocks.emplace_back(std::move(result));
  }
  if (given != nullptr) {
    for (const Block& block : given->blocks) {
      if (!std::holds_alternative<ToolResultBlock>(block)) {
        out.blocks.push_back(block);
      }
    }
  }
  return out;
}

}  // namespace

std::vector<Message> close_open_calls(std::vector<Message> history) {
  std::vector<Message> closed;
  std::vector<std::string> open;
  for (Message& message : history) {
    if (message.role == MessageRole::kUser) {
      Message next = answered(open, &message);
      open.clear();
      if (!next.blocks.empty()) {
        closed.push_back(std::move(next));
      }
      continue;
    }
    if (!open.empty()) {
      closed.push_back(answered(open, nullptr));
    }
    open = open_calls(message);
    closed.push_back(std::move(message));
  }
  if (!open.empty()) {
    closed.push_back(answered(open, nullptr));
  }
  return closed;
}

}  // namespace oap::session
