#pragma once

#include <functional>

#include "async/task.hpp"
#include "audit/event.hpp"
#include "audit/log.hpp"
#include "model/tool.hpp"

namespace oap::gateway {

/// Where the gateway writes what it decided and did. An error before the effect denies the call.
class AuditSink {
 public:
  virtual ~AuditSink() = default;
  /// As durable as asked when it returns; in the order of the calls.
  virtual Task<Result<void>> append(audit::Event event, audit::Durability durability) = 0;
  /// On disk when it returns; for what happens outside calls (a task's begin and end).
  virtual Result<void> append_now(audit::Event event) = 0;
};

/// How durable a tool's intent must be before it runs: `written` only for tools that trusted
/// configuration declares to change nothing.
using AuditClass = std::function<audit::Durability(const ToolCall& call)>;

}  // namespace oap::gateway
