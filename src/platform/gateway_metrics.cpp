#include "platform/gateway_metrics.hpp"

namespace oap::platform {
namespace {

constexpr double kHighRisk = 0.7;

std::string_view outcome_of(const ToolOutcome& outcome) {
  if (outcome.denial) {
    return "denied";
  }
  if (outcome.error) {
    return "failed";
  }
  return outcome.ok() ? "ok" : "tool_error";
}

bool is_up(const gateway::Health& health) {
  return health.state == gateway::Health::State::kReady ||
         health.state == gateway::Health::State::kDegraded;
}

}  // namespace

GatewayMetrics::GatewayMetrics(const gateway::UpstreamSet& upstreams, Clean clean)
    : upstreams_(upstreams),
      clean_(std::move(clean)),
      calls_(registry_.counter("opencode_mcp_calls_total", "Governed calls by server and outcome.",
                               {"server_name", "outcome"})),
      seconds_(registry_.histogram("opencode_mcp_call_duration_seconds",
                                   "Time of governed calls, from arrival to answer.",
                                   {"server_name"})),
      decisions_(registry_.counter("opencode_permission_decisions_total",
                                   "Decisions on calls: allow (also after asking) or deny.",
                                   {"decision"})),
      risks_(registry_.histogram("opencode_security_risk_score",
                                 "Risk of what calls would run or write, 0 to 1.", {"tool"},
                                 {0.0, 0.05, 0.1, 0.2, 0.5, 0.7, 0.9})),
      incidents_(registry_.counter("opencode_security_incidents_total",
                                   "Calls that were denied or whose risk was above 0.7.", {})),
      up_(registry_.gauge("opencode_mcp_server_up", "1 where the server can be called.",
                          {"server_name"})),
      starts_(registry_.gauge("opencode_mcp_server_starts", "How often the server was started.",
                              {"server_name"})),
      open_calls_(registry_.gauge("opencode_mcp_open_calls", "Calls under way at the server.",
                                  {"server_name"})),
      faults_(registry_.gauge("opencode_mcp_link_faults",
                              "Messages of the server that were not usable.",
                              {"server_name", "kind"})),
      open_circuits_(registry_.gauge("opencode_mcp_open_circuits",
                                     "Tools whose circuit breaker is not closed.",
                                     {"server_name"})),
      endpoint_(registry_.gauge("opencode_mcp_endpoint", "The endpoint's own load.", {"what"})),
      on_scrape_(registry_.on_scrape([this] { refresh(); })) {}

gateway::ProgressObserver GatewayMetrics::observer() {
  return [this](const gateway::Progress& progress) {
    if (progress.kind != gateway::Progress::Kind::kFinished || progress.outcome == nullptr) {
      return;
    }
    const ToolOutcome& outcome = *progress.outcome;
    calls_.with({progress.call.server, outcome_of(outcome)}).add();
    seconds_.with({progress.call.server})
        .observe(static_cast<double>(outcome.duration.count()) / 1000.0);
    decisions_.with({outcome.denial ? "deny" : "allow"}).add();
    risks_.with({clean_(progress.call.tool)}).observe(progress.risk_score);
    if (outcome.denial || progress.risk_score > kHighRisk) {
      incidents_.get().add();
    }
  };
}

void GatewayMetrics::refresh() {
  for (const gateway::Upstream* upstream : upstreams_.all()) {
    const gateway::Health health = upstream->health();
    const std::string_view name = upstream->name();
    up_.with({name}).set(is_up(health) ? 1 : 0);
    starts_.with({name}).set(static_cast<double>(health.starts));
    open_calls_.with({name}).set(static_cast<double>(health.open_calls));
    faults_.with({name, "garbage"}).set(static_cast<double>(health.faults.garbage));
    faults_.with({name, "unknown_answers"}).set(static_cast<double>(health.faults.unknown_answers));
    faults_.with({name, "oversize"}).set(static_cast<double>(health.faults.oversize));
    open_circuits_.with({name}).set(static_cast<double>(health.breakers.size()));
  }
  if (front_ != nullptr) {
    const mcp::HttpFront::Counts counts = front_->counts();
    endpoint_.with({"sessions"}).set(static_cast<double>(counts.sessions));
    endpoint_.with({"streams"}).set(static_cast<double>(counts.streams));
    endpoint_.with({"requests"}).set(static_cast<double>(counts.requests));
    endpoint_.with({"waiting_for_input"}).set(static_cast<double>(counts.parked));
  }
}

}  // namespace oap::platform
