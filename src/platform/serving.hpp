#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "async/task.hpp"
#include "platform/platform.hpp"

namespace oap::platform {

struct ServingOptions {
  std::optional<std::string> http;  ///< "ADDRESS:PORT"; nothing: standard input and output
  bool asks_are_approved = false;   ///< --yes: no client is asked
  /// Called once with the address when the endpoint can be reached.
  std::function<void(const std::string& url)> on_listening;
};

/// `oap mcp serve`: the platform's servers as one MCP endpoint, until the input ends (stdio) or the
/// caller is cancelled. kUsage for an address that is none or that needs credentials and has none;
/// kFailedPrecondition where the port is taken.
Task<Result<void>> serve_mcp(Platform& platform, Executor executor, ServingOptions options);

}  // namespace oap::platform
