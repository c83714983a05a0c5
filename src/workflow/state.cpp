#include "workflow/state.hpp"

namespace oap::workflow {
namespace {

std::optional<StepState> from_pending(StepEvent event) {
  switch (event) {
    case StepEvent::kReady:
      return StepState::kReady;
    case StepEvent::kSkip:
      return StepState::kSkipped;
    case StepEvent::kCancel:
      return StepState::kCancelled;
    case StepEvent::kStart:
    case StepEvent::kSucceed:
    case StepEvent::kFail:
    case StepEvent::kRetry:
    case StepEvent::kLose:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<StepState> from_ready(StepEvent event) {
  switch (event) {
    case StepEvent::kStart:
      return StepState::kRunning;
    case StepEvent::kSkip:
      return StepState::kSkipped;
    case StepEvent::kCancel:
      return StepState::kCancelled;
    case StepEvent::kFail:
      return StepState::kFailed;
    case StepEvent::kReady:
    case StepEvent::kSucceed:
    case StepEvent::kRetry:
    case StepEvent::kLose:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<StepState> from_running(StepEvent event) {
  switch (event) {
    case StepEvent::kSucceed:
      return StepState::kCompleted;
    case StepEvent::kFail:
      return StepState::kFailed;
    case StepEvent::kRetry:
      return StepState::kReady;
    case StepEvent::kCancel:
      return StepState::kCancelled;
    case StepEvent::kLose:
      return StepState::kUnknown;
    case StepEvent::kReady:
    case StepEvent::kStart:
    case StepEvent::kSkip:
      return std::nullopt;
  }
  return std::nullopt;
}

/// A person or the tool itself settles what became of the call, or orders another attempt.
std::optional<StepState> from_unknown(StepEvent event) {
  switch (event) {
    case StepEvent::kStart:
      return StepState::kRunning;
    case StepEvent::kSucceed:
      return StepState::kCompleted;
    case StepEvent::kFail:
      return StepState::kFailed;
    case StepEvent::kRetry:
      return StepState::kReady;
    case StepEvent::kCancel:
      return StepState::kCancelled;
    case StepEvent::kReady:
    case StepEvent::kSkip:
    case StepEvent::kLose:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(StepEvent event) {
  switch (event) {
    case StepEvent::kReady:
      return "ready";
    case StepEvent::kStart:
      return "start";
    case StepEvent::kSucceed:
      return "succeed";
    case StepEvent::kFail:
      return "fail";
    case StepEvent::kRetry:
      return "retry";
    case StepEvent::kSkip:
      return "skip";
    case StepEvent::kCancel:
      return "cancel";
    case StepEvent::kLose:
      return "lose";
  }
  return "fail";
}

std::string_view to_string(RunEvent event) {
  switch (event) {
    case RunEvent::kStart:
      return "start";
    case RunEvent::kPause:
      return "pause";
    case RunEvent::kResume:
      return "resume";
    case RunEvent::kSucceed:
      return "succeed";
    case RunEvent::kFail:
      return "fail";
    case RunEvent::kCancel:
      return "cancel";
  }
  return "fail";
}

std::optional<StepState> next(StepState state, StepEvent event) {
  switch (state) {
    case StepState::kPending:
      return from_pending(event);
    case StepState::kReady:
      return from_ready(event);
    case StepState::kRunning:
      return from_running(event);
    case StepState::kUnknown:
      return from_unknown(event);
    case StepState::kCompleted:
    case StepState::kFailed:
    case StepState::kSkipped:
    case StepState::kCancelled:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<RunState> next(RunState state, RunEvent event) {
  const bool waits = state == RunState::kPending || state == RunState::kPaused;
  if (is_end(state)) {
    return std::nullopt;
  }
  switch (event) {
    case RunEvent::kStart:
      return state == RunState::kPending ? std::optional(RunState::kRunning) : std::nullopt;
    case RunEvent::kPause:
      return state == RunState::kPaused ? std::nullopt : std::optional(RunState::kPaused);
    case RunEvent::kResume:
      return state == RunState::kPaused ? std::optional(RunState::kRunning) : std::nullopt;
    case RunEvent::kSucceed:
      return waits ? std::nullopt : std::optional(RunState::kCompleted);
    case RunEvent::kFail:
      return RunState::kFailed;
    case RunEvent::kCancel:
      return RunState::kCancelled;
  }
  return std::nullopt;
}

}  // namespace oap::workflow
