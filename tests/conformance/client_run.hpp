#pragma once

#include <string>

#include "mcp/client/client.hpp"

namespace oap::conformance {

/// What one scenario of the suite's client leg asks of the client under test.
struct Scenario {
  std::string name;      ///< MCP_CONFORMANCE_SCENARIO
  json::Object context;  ///< MCP_CONFORMANCE_CONTEXT
};

/// Uses everything that the server offers as a host would: lists tools, resources and prompts,
/// calls, reads and gets each. Where the scenario's context or name says what to call, that. The
/// first failure ends it.
Task<Result<void>> exercise(mcp::Client& client, Scenario scenario);

}  // namespace oap::conformance
