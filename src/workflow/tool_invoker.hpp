#pragma once

#include "async/task.hpp"
#include "model/tool.hpp"

namespace oap::workflow {

/// The one way from a step to a tool: the guarded pipeline. The platform wires the gateway to it.
/// Cancelling the task reaches the call; the same idempotency key is given on every attempt.
class ToolInvoker {
 public:
  virtual ~ToolInvoker() = default;
  virtual Task<ToolOutcome> invoke(ToolCall call) = 0;
};

}  // namespace oap::workflow
