#include "llm/provider.hpp"

namespace oap::llm {

std::string_view to_string(StopReason reason) {
  switch (reason) {
    case StopReason::kEndTurn:
      return "end_turn";
    case StopReason::kToolUse:
      return "tool_use";
    case StopReason::kMaxTokens:
      return "max_tokens";
    case StopReason::kStopSequence:
      return "stop_sequence";
    case StopReason::kRefusal:
      return "refusal";
    case StopReason::kContextExceeded:
      return "context_exceeded";
  }
  return "end_turn";
}

}  // namespace oap::llm
