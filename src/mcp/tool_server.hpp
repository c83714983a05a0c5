#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "async/task.hpp"
#include "base/result.hpp"
#include "mcp/tool_endpoint.hpp"
#include "os/fd.hpp"

namespace oap::mcp {

struct StdioServerOptions {
  ServerIdentity identity;
  std::size_t max_message_bytes = 16U << 20U;
  std::size_t max_queued_bytes = 256U << 20U;
  Millis eof_grace{1000};  ///< for calls that still run when the input ends
};

/// Serves tools over a pair of pipes, one message a line. Writes nothing but messages to `out`.
/// Belongs to the executor's thread.
class StdioServer {
 public:
  StdioServer(Executor executor, std::vector<std::unique_ptr<Tool>> tools,
              StdioServerOptions options);

  /// Serves until the input ends or the reader of `out` is gone; then running calls get a moment to
  /// end and are cancelled. Call it once.
  Task<Result<void>> serve(os::UniqueFd in, os::UniqueFd out);

 private:
  Executor executor_;
  std::vector<std::unique_ptr<Tool>> tools_;
  StdioServerOptions options_;
};

}  // namespace oap::mcp
