#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "json/value.hpp"
#include "model/message.hpp"

namespace oap::llm {

/// A tool as a model is told of it.
struct ToolDefinition {
  std::string name;  ///< public name, at most 64 of [A-Za-z0-9_-]
  std::string description;
  json::Value input_schema;
};

/// One question to a model. A value; the provider adds nothing of its own to the conversation.
struct Request {
  std::string model;  ///< without the provider prefix
  std::string agent;  ///< commander, planner, worker, reviewer
  std::string system;
  std::vector<Message> messages;
  std::vector<ToolDefinition> tools;
  std::string force_tool;  ///< the one tool that must be called; empty = the model chooses
  std::optional<int> max_tokens;
  std::optional<double> temperature;
  Deadline deadline = Deadline::never();
};

enum class StopReason { kEndTurn, kToolUse, kMaxTokens, kStopSequence, kRefusal, kContextExceeded };
std::string_view to_string(StopReason reason);

struct Response {
  Message message;
  StopReason stop = StopReason::kEndTurn;
  Usage usage;
  std::string model;  ///< as the provider named it
};

/// Where a stream's text goes while it arrives. Called on the executor of the awaiting coroutine.
struct StreamSink {
  std::function<void(std::string_view text)> on_text;
  std::function<void(std::string_view text)> on_thought;  ///< what it thinks aloud
  std::function<void(std::string_view what)> on_retry;    ///< a sentence: why and for how long
};

/// A language model behind one wire dialect. Implementations: anthropic, openai chat, openai
/// responses, offline, replay. Errors: kUnauthenticated (401/403), kUnavailable (429/5xx/reset
/// after all retries), kResourceExhausted (the conversation is longer than the model takes),
/// kUpstream (garbage, other 4xx), kDeadlineExceeded (stall), kCancelled, kNeedsModel (offline
/// cannot do a part). One instance serves many concurrent requests.
class Provider {
 public:
  virtual ~Provider() = default;
  virtual std::string_view name() const = 0;
  /// False for offline: then no model is there whatever the request says.
  virtual bool is_model() const { return true; }
  virtual Task<Result<Response>> complete(Request request, StreamSink sink) = 0;
};

}  // namespace oap::llm
