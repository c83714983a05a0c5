#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "gateway/gateway.hpp"
#include "gateway/upstream/upstream.hpp"
#include "mcp/server/front.hpp"
#include "metrics/registry.hpp"

namespace oap::platform {

/// What /metrics of the MCP endpoint shows: calls by server and outcome, their time, how each
/// server is, and the endpoint's sessions and streams. The collaborators outlive it.
class GatewayMetrics {
 public:
  /// Takes secrets out of a label that callers choose: a name of a tool.
  using Clean = std::function<std::string(std::string_view)>;
  GatewayMetrics(const gateway::UpstreamSet& upstreams, Clean clean);

  /// To be given to the gateway as its observer.
  gateway::ProgressObserver observer();
  std::string text() const { return registry_.scrape(metrics::Format::kText); }
  /// From now on the front's numbers are shown too; null: no longer.
  void watch(const mcp::HttpFront* front) { front_ = front; }

 private:
  void refresh();

  const gateway::UpstreamSet& upstreams_;
  Clean clean_;
  const mcp::HttpFront* front_ = nullptr;
  metrics::Registry registry_;
  metrics::Family<metrics::Counter> calls_;
  metrics::Family<metrics::Histogram> seconds_;
  metrics::Family<metrics::Counter> decisions_;
  metrics::Family<metrics::Histogram> risks_;
  metrics::Family<metrics::Counter> incidents_;
  metrics::Family<metrics::Gauge> up_;
  metrics::Family<metrics::Gauge> starts_;
  metrics::Family<metrics::Gauge> open_calls_;
  metrics::Family<metrics::Gauge> faults_;
  metrics::Family<metrics::Gauge> open_circuits_;
  metrics::Family<metrics::Gauge> endpoint_;
  metrics::Registry::Refresh on_scrape_;
};

}  // namespace oap::platform
