#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "async/breaker.hpp"
#include "async/bulkhead.hpp"
#include "async/event.hpp"
#include "async/scope.hpp"
#include "async/semaphore.hpp"
#include "gateway/upstream/list_changes.hpp"
#include "gateway/upstream/open_call.hpp"
#include "gateway/upstream/place.hpp"
#include "gateway/upstream/result_cache.hpp"
#include "gateway/upstream/subscriptions.hpp"
#include "gateway/upstream/supervisor.hpp"
#include "gateway/upstream/tool_table.hpp"
#include "gateway/upstream/upstream.hpp"

namespace oap::gateway {

/// How one server is treated. Data.
struct McpUpstreamOptions {
  SupervisorOptions supervisor;
  async::Breaker::Options breaker;    ///< of each tool; its name and seed are set here
  Millis timeout_counts_from{1'000};  ///< a call that had less time is no failure of the server
  Millis list_timeout{10'000};
  Millis list_debounce{150};
  std::size_t max_concurrent = 64;
  std::size_t max_waiting = 1024;
  std::map<std::string, ToolOptions> tools;
  std::vector<std::string> read_only_tools;  ///< declared by trusted configuration only
  Millis cache_ttl{0};                       ///< 0 = results are not kept
  std::size_t cache_bytes = 16U << 20U;
};

/// A local or remote MCP server, kept up by a Supervisor. A call is made at most once: where the
/// server ends in the middle, it fails and says that it may have run.
class McpUpstream final : public Upstream {
 public:
  McpUpstream(Executor executor, McpUpstreamOptions options, Connector connector,
              const Clock& clock = system_clock());
  ~McpUpstream() override;

  std::string_view name() const override { return name_; }
  Task<Result<mcp::PeerInfo>> start(Deadline deadline) override;
  Task<Result<std::vector<ToolSpec>>> list_tools(Deadline deadline) override;
  Task<Result<mcp::Listing>> list(ListKind kind, Deadline deadline) override;
  Task<mcp::Answer<ToolResult>> call(ToolCall call, mcp::RequestOptions options) override;
  bool bounds_itself() const override { return true; }
  Task<mcp::Answer<json::Object>> request(std::string method, json::Object params,
                                          mcp::RequestOptions options) override;
  Task<mcp::Answer<json::Object>> watch(std::string uri) override;
  Task<void> unwatch(std::string uri) override;
  Task<void> set_log_level(std::string level) override;
  std::optional<mcp::PeerInfo> info() const override { return supervisor_.info(); }
  Health health() const override;
  void on_change(OnListChanged lists, OnResourceUpdated resource) override;
  void on_notification(OnNotification other) override { on_other_ = std::move(other); }
  Task<void> close() override;

 private:
  static void limit(mcp::RequestOptions& options, const ToolState& tool, const ToolCall& call);
  /// Parts of call(), in whose frame the arguments live; both are used up.
  Task<mcp::Answer<ToolResult>> run(ToolState& tool, ToolCall& call, mcp::RequestOptions& options);
  Task<mcp::Answer<ToolResult>> run_on(std::shared_ptr<Connection> connection, ToolState& tool,
                                       ToolCall& call, mcp::RequestOptions& options);
  void report(ToolState& tool, async::Breaker::Permit& permit, const Connection& connection,
              const mcp::Failure& failure, Millis took);
  mcp::ClientEvents link_events();
  void list_changed(mcp::ClientEvents::List list);
  void connected(std::shared_ptr<Connection> connection);
  Task<Result<void>> close_all();

  Executor executor_;
  McpUpstreamOptions options_;
  const std::string name_;
  const Clock& clock_;
  async::Bulkhead bulkhead_;
  ToolTable tools_;
  std::unordered_set<std::string> read_only_;
  ResultCache cache_;
  Subscriptions subscriptions_;
  ListChanges list_changes_;
  OnResourceUpdated on_resource_;
  OnNotification on_other_;

  std::uint64_t calls_ = 0;
  std::uint64_t errors_ = 0;
  std::size_t open_calls_ = 0;
  async::Event drained_;
  async::Semaphore close_lock_{1};
  async::Scope scope_;
  Supervisor supervisor_;
};

}  // namespace oap::gateway
