#pragma once

#include "async/task.hpp"
#include "model/tool.hpp"
#include "workflow/step_runner.hpp"

namespace oap::workflow {

/// The one way from a step to a tool: the guarded pipeline. The platform wires the gateway to it.
/// Cancelling the task reaches the call; the same idempotency key is given on every attempt.
class ToolInvoker {
 public:
  virtual ~ToolInvoker() = default;
  virtual Task<ToolOutcome> invoke(ToolCall call) = 0;
};

/// What a tool's outcome means for the step that called it: a denial or a tool's own error is a
/// result that is not ok; an infrastructure error stays an Error. Pure.
Result<StepResult> step_result(const ToolOutcome& outcome);

}  // namespace oap::workflow
