#pragma once

#include <functional>
#include <string>

#include "model/message.hpp"
#include "model/task.hpp"

namespace oap::orchestration {

/// What a person or program watching a run is told, in order. All callbacks are optional and are
/// called on the run's executor.
struct RunEvents {
  std::function<void(std::string_view agent, std::string_view text)> on_text;
  /// What a model thinks aloud, in pieces.
  std::function<void(std::string_view agent, std::string_view text)> on_thought;
  /// A message as it was added to the agent's conversation: an answer, or the results of its calls.
  std::function<void(std::string_view agent, const Message& message)> on_message;
  std::function<void(std::string_view what)> on_notice;
  std::function<void(TaskStatus status)> on_status;
  std::function<void(const ExecutionPlan& plan)> on_plan;
  std::function<void(const PlanStep& step, std::string_view state)> on_step;
  std::function<void(const Usage& total)> on_usage;
};

template <class Callback, class... Args>
void tell(const Callback& callback, const Args&... args) {
  if (callback) {
    callback(args...);
  }
}

}  // namespace oap::orchestration
