#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "orchestration/context_control.hpp"
#include "orchestration/conversation.hpp"
#include "orchestration/run_events.hpp"
#include "orchestration/turn_loop.hpp"

namespace oap::orchestration {

inline constexpr std::string_view kFull = "full";
inline constexpr std::string_view kAsked = "asked for";
inline constexpr std::string_view kTooLong = "too long for the model";

/// One compaction. What is referred to outlives it.
struct CompactionWork {
  const AgentProfile& agent;
  const std::vector<ToolSpec>& tools;
  Deadline deadline;
  std::string reason;
  std::string key;  ///< of the control
  ContextControl& control;
  Conversation& conversation;
  RunEvents& events;
  std::vector<Message>& history;  ///< is replaced by the summary and its newest messages
  Usage& usage;                   ///< of the summary is added
  std::string hint = {};          ///< what a person wants to be kept
};

/// Shortens a conversation: the model is asked for its plan, open items and next edit in the same
/// conversation, so that the provider's prompt cache holds; objective, evidence and changed files
/// are the runtime's own record, and stand in for all that the model does not answer. The newest
/// messages stay word for word. False where nothing could be gained. An Error only where the
/// conversation could not be stored, or the model did nothing new since several compactions.
Task<Result<bool>> compact(CompactionWork work);

/// The tools as a model is told of them.
std::vector<llm::ToolDefinition> definitions(const std::vector<ToolSpec>& tools);

}  // namespace oap::orchestration
