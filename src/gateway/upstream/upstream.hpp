#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "mcp/client/client.hpp"
#include "model/tool.hpp"

namespace oap::gateway {

/// The lists a server has.
enum class ListKind { kTools, kResources, kTemplates, kPrompts };

/// How a server is doing. Data.
struct Health {
  enum class State {
    kIdle,
    kStarting,
    kReady,
    kDegraded,
    kFailed,
    kBackingOff,
    kStopped
  } state = State::kIdle;
  std::string reason;            ///< why it is not ready, a sentence
  std::string protocol_version;  ///< "" until it has answered once
  std::optional<int> pid;
  std::uint64_t starts = 0;
  std::uint64_t failures_in_row = 0;
  std::uint64_t calls = 0;
  std::uint64_t errors = 0;  ///< calls without a result, but for those that were given up
  std::size_t open_calls = 0;
  std::optional<Millis> retry_in;  ///< when backing off
  mcp::LinkFaults faults;
  std::map<std::string, std::string>
      breakers;  ///< tool → "open" or "half_open"; closed ones are left out
};

/// A server behind the gateway. Implementations start what they need at the first use and survive
/// its death: the next use starts it again, after a pause that grows. Used from one executor, by
/// many calls at once.
class Upstream {
 public:
  virtual ~Upstream() = default;
  virtual std::string_view name() const = 0;

  /// Starts it where need be; also what auto_start does.
  virtual Task<Result<mcp::PeerInfo>> start(Deadline deadline) = 0;
  virtual Task<Result<std::vector<ToolSpec>>> list_tools(Deadline deadline) = 0;
  virtual Task<Result<mcp::Listing>> list(ListKind kind, Deadline deadline) = 0;
  /// One tool call, through breaker, bulkhead and (declared read-only tools only) cache. The call's
  /// deadline holds. kUnavailable where the server cannot be had, died in the call, or its breaker
  /// is open.
  virtual Task<mcp::Answer<ToolResult>> call(ToolCall call, mcp::RequestOptions options) = 0;
  /// True where `call` and `request` end soon after their deadline whatever the server does, and
  /// honour cancellation: then no clock of the gateway's own runs beside them.
  virtual bool bounds_itself() const { return false; }
  /// Any other request (resources/read, prompts/get, completion/complete, tasks/* …).
  virtual Task<mcp::Answer<json::Object>> request(std::string method, json::Object params,
                                                  mcp::RequestOptions options) = 0;
  virtual Task<mcp::Answer<json::Object>> watch(std::string uri) = 0;
  virtual Task<void> unwatch(std::string uri) = 0;
  /// Legacy servers have one log level for all: the most detailed that any client asked for.
  virtual Task<void> set_log_level(std::string level) = 0;

  /// What it said of itself last; nothing until it has answered once.
  virtual std::optional<mcp::PeerInfo> info() const = 0;
  virtual Health health() const = 0;

  /// Debounced; also after a restart, because the lists may have changed meanwhile.
  using OnListChanged = std::function<void(ListKind)>;
  using OnResourceUpdated = std::function<void(json::Object params)>;
  virtual void on_change(OnListChanged lists, OnResourceUpdated resource) = 0;
  /// Other notifications that come without a request (notifications/message …). Not all have any.
  using OnNotification = std::function<void(std::string method, json::Object params)>;
  virtual void on_notification(OnNotification /*other*/) {}

  virtual Task<void> close() = 0;
};

/// All upstreams by name. Owns them. Filled by the composition root.
class UpstreamSet {
 public:
  void add(std::unique_ptr<Upstream> upstream);
  /// kNotFound "Unknown MCP server: x (did you mean 'y'?)" where there is none of that name.
  Result<Upstream*> find(std::string_view name) const;
  std::vector<Upstream*> all() const;
  std::vector<std::string> names() const;
  /// Ends all of them, side by side.
  Task<void> close();

 private:
  std::map<std::string, std::unique_ptr<Upstream>, std::less<>> upstreams_;
};

}  // namespace oap::gateway
