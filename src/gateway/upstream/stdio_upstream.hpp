#pragma once

#include <memory>
#include <string>

#include "async/semaphore.hpp"
#include "gateway/upstream/upstream.hpp"
#include "mcp/client/client.hpp"

namespace oap::gateway {

/// A server that speaks MCP on stdio, as a child process: started at the first call, again after it
/// died (not sooner than a growing pause after repeated failures), shared by all calls.
class StdioUpstream final : public Upstream {
 public:
  StdioUpstream(Executor executor, mcp::ServerSpec spec);
  ~StdioUpstream() override;

  std::string_view name() const override { return spec_.name; }
  Task<Result<std::vector<ToolSpec>>> list_tools(Deadline deadline) override;
  Task<Result<ToolResult>> call(ToolCall call) override;
  Task<void> close() override;

 private:
  Task<Result<std::shared_ptr<mcp::Client>>> connected(Deadline deadline);
  Result<void> may_start() const;

  Executor executor_;
  mcp::ServerSpec spec_;
  async::Semaphore starting_{1};
  std::shared_ptr<mcp::Client> client_;  // shared with calls under way while it is being replaced
  int failures_ = 0;
  SteadyTime next_start_{};
};

}  // namespace oap::gateway
