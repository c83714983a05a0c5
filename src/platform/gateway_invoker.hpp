#pragma once

#include <utility>

#include "gateway/gateway.hpp"
#include "workflow/tool_invoker.hpp"

namespace oap::platform {

/// The gateway as what agents and steps call; it outlives this.
class GatewayInvoker final : public workflow::ToolInvoker {
 public:
  explicit GatewayInvoker(gateway::Gateway& gateway) : gateway_(gateway) {}
  Task<ToolOutcome> invoke(ToolCall call) override { return gateway_.invoke(std::move(call)); }

 private:
  gateway::Gateway& gateway_;
};

}  // namespace oap::platform
