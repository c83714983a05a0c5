#include "gateway/upstream/stdio_upstream.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace oap::gateway {
namespace {

constexpr int kFreeFailures = 2;
constexpr Millis kFirstPause{500};
constexpr Millis kLongestPause{30'000};

}  // namespace

StdioUpstream::StdioUpstream(Executor executor, mcp::ServerSpec spec)
    : executor_(std::move(executor)), spec_(std::move(spec)) {}
StdioUpstream::~StdioUpstream() = default;

Result<void> StdioUpstream::may_start() const {
  const SteadyTime now = system_clock().steady();
  if (failures_ > kFreeFailures && now < next_start_) {
    return fail(Code::kUnavailable,
                "MCP server {} failed {} times in a row; it is not started again for {} ms",
                spec_.name, failures_,
                std::chrono::duration_cast<Millis>(next_start_ - now).count());
  }
  return {};
}

Task<Result<std::shared_ptr<mcp::Client>>> StdioUpstream::connected(Deadline deadline) {
  OAP_CO_TRY(const async::Semaphore::Permit permit, co_await starting_.acquire(deadline));
  if (client_ && client_->alive()) {
    co_return client_;
  }
  if (client_) {
    ++failures_;
    std::shared_ptr<mcp::Client> dead = std::exchange(client_, nullptr);
    co_await dead->close();
  }
  OAP_CO_CHECK_OK(may_start());
  auto started = co_await mcp::Client::connect(executor_, spec_, mcp::ClientEvents());
  if (!started) {
    ++failures_;
    const Millis pause = kFirstPause * (1 << std::min(failures_, 6));
    next_start_ = system_clock().steady() + std::min(pause, kLongestPause);
    log::warn("gateway", "server did not start",
              {{"server", spec_.name}, {"error", started.error().to_string()}});
    co_return fail(std::move(started).error());
  }
  client_ = std::move(*started);
  co_return client_;
}

Task<Result<std::vector<ToolSpec>>> StdioUpstream::list_tools(Deadline deadline) {
  OAP_CO_TRY(const std::shared_ptr<mcp::Client> client, co_await connected(deadline));
  co_return co_await client->list_tools(deadline);
}

Task<Result<ToolResult>> StdioUpstream::call(ToolCall call) {
  OAP_CO_TRY(const std::shared_ptr<mcp::Client> client, co_await connected(call.deadline));
  auto result = co_await client->call_tool(std::move(call), mcp::RequestOptions());
  if (!result) {
    co_return fail(std::move(result).error().error);
  }
  failures_ = 0;
  co_return *std::move(result);
}

Task<void> StdioUpstream::close() {
  if (std::shared_ptr<mcp::Client> client = std::exchange(client_, nullptr)) {
    co_await client->close();
  }
}

}  // namespace oap::gateway
