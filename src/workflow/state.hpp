#pragma once

#include <optional>
#include <string_view>

#include "store/run_record.hpp"

namespace oap::workflow {

using store::is_end;
using store::RunState;
using store::StepState;
using store::to_string;

/// What can happen to a step.
enum class StepEvent {
  kReady,    ///< its last dependency ended
  kStart,    ///< an attempt begins
  kSucceed,  ///< the attempt ended well
  kFail,     ///< the attempt ended badly, for good
  kRetry,    ///< the attempt ended badly and another will follow
  kSkip,     ///< it will not run: a dependency failed, or the run stops
  kCancel,   ///< the run was cancelled
  kLose      ///< the owner died during an attempt that must not be repeated unasked
};

/// What can happen to a run.
enum class RunEvent { kStart, kPause, kResume, kSucceed, kFail, kCancel };

std::string_view to_string(StepEvent event);
std::string_view to_string(RunEvent event);

/// The state that follows; nothing where this event cannot happen in this state. Pure and total;
/// the whole table is `cases/step_state.case` and `cases/run_state.case`.
std::optional<StepState> next(StepState state, StepEvent event);
std::optional<RunState> next(RunState state, RunEvent event);

}  // namespace oap::workflow
