#pragma once

#include "approval/approver.hpp"
#include "gateway/gateway.hpp"
#include "mcp/server/service.hpp"

namespace oap::gateway {

/// Asks the MCP client that made the call, as a form elicitation; nobody is there where the client
/// did not declare it. Source: MCP 2025-11-25 and 2026-07-28, client/elicitation. The exchange
/// outlives it.
class ElicitationApprover final : public approval::Approver {
 public:
  explicit ElicitationApprover(mcp::Exchange& exchange) : exchange_(exchange) {}
  Task<Result<approval::Answer>> ask(approval::Request request) override;

  /// The question as elicitation/create params: shows the exact arguments, hidden characters made
  /// visible. Pure.
  static json::Object question(const approval::Request& request);

 private:
  mcp::Exchange& exchange_;
};

}  // namespace oap::gateway
