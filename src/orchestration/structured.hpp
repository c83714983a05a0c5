#pragma once

#include <functional>
#include <string>

#include "async/task.hpp"
#include "json/schema.hpp"
#include "llm/provider.hpp"
#include "orchestration/run_events.hpp"
#include "orchestration/turn_loop.hpp"

namespace oap::orchestration {

/// One question whose answer must be an object of a schema.
struct StructuredQuestion {
  AgentProfile agent;
  std::string tool;         ///< the submit_… tool that the model is made to call
  std::string description;  ///< what the tool is for
  json::Value schema;
  std::string prompt;
  Deadline deadline = Deadline::never();
  /// A further check beyond the schema: a sentence where the object is not acceptable.
  std::function<std::string(const json::Object&)> check;
};

/// Asks, validates, and where the answer does not fit asks once more with the errors in hand.
/// An answer as JSON text (plain or fenced) is as good as the tool call. kFailedPrecondition where
/// the second answer does not fit either; the message holds the violations. Usage is added to
/// `usage`.
Task<Result<json::Object>> ask_structured(StructuredQuestion question, RunEvents& events,
                                          Usage& usage);

/// A model that stalled while the run still had time is the provider's failure (kUnavailable), not
/// the run's deadline; a conversation that is too long for the model is its too (kUpstream).
Error as_provider_error(Error error, Deadline deadline);

/// The first JSON object in a model's text: the whole text, or the body of a code fence.
Result<json::Object> object_in_text(std::string_view text);

}  // namespace oap::orchestration
