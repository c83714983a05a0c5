#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "json/value.hpp"
#include "model/tool.hpp"

namespace oap::mcp {

/// What a running call may know of itself. `progress` is never empty and may be called from the
/// call's executor only; `stop` tells blocking code on another thread that nobody waits any more.
struct CallContext {
  Executor executor;
  Deadline deadline = Deadline::never();
  std::string idempotency_key;
  bool separate_stderr = false;  ///< of a program's outputs: not merged into one
  bool looks_only = false;       ///< what a program changes in the workspace is thrown away
  std::function<void(double progress, std::optional<double> total, std::string_view message)>
      progress;
  std::stop_token stop;
};

/// One tool that a server offers. `definition` is the MCP Tool object ({name, description,
/// inputSchema, …}) and never changes. `call` gets arguments that the schema accepted; what goes
/// wrong in it is a result with `is_error`. It is cancelled like any Task. Many calls may run at
/// once. Source: MCP 2025-11-25, server/tools.
class Tool {
 public:
  virtual ~Tool() = default;
  virtual const json::Object& definition() const = 0;
  virtual Task<ToolResult> call(json::Object arguments, CallContext context) = 0;
};

}  // namespace oap::mcp
