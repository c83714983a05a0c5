#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "json/value.hpp"
#include "model/message.hpp"
#include "model/task.hpp"
#include "model/tool.hpp"
#include "orchestration/turn_loop.hpp"

namespace oap::orchestration {

/// How a task ended: everything that `oap run` prints as its one JSON object. Data.
struct TaskReport {
  std::string task_id;
  std::string session_id;
  std::string task;
  TaskStatus status = TaskStatus::kPending;
  ExecutionPath path = ExecutionPath::kFast;
  std::string content;
  std::optional<ExecutionPlan> plan;
  json::Object results;  ///< by step id (agent path) or call id (fast path)
  std::optional<Review> review;
  std::optional<Error> error;
  std::vector<Denial> denials;
  Usage usage;
  Millis duration{0};

  bool success() const { return status == TaskStatus::kCompleted; }
  /// As in CONTRACTS "Runs".
  int exit_code() const;
};

/// The result object of CONTRACTS "Runs".
json::Object to_json(const TaskReport& report);

/// One call as the evidence of a result: tool, state, text, and what the runtime saw.
json::Object evidence_of(const CallRecord& record);
/// Leaves of a record what that tells: a run of large results keeps none of them.
void slim(CallRecord& record);

/// The error that a denial ends a task with: "permission denied: …", kPermissionDenied or
/// kUnanswered.
Error denial_error(const Denial& denial);

}  // namespace oap::orchestration
