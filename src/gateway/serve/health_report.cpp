#include "gateway/serve/health_report.hpp"

namespace oap::gateway {

std::string_view to_string(Health::State state) {
  switch (state) {
    case Health::State::kIdle:
      return "idle";
    case Health::State::kStarting:
      return "starting";
    case Health::State::kReady:
      return "ready";
    case Health::State::kDegraded:
      return "degraded";
    case Health::State::kFailed:
      return "failed";
    case Health::State::kBackingOff:
      return "backing_off";
    case Health::State::kStopped:
      return "stopped";
  }
  return "failed";
}

json::Object to_json(std::string_view server, const Health& health) {
  json::Object object{{"name", server}, {"state", to_string(health.state)}};
  if (!health.reason.empty()) {
    object["reason"] = health.reason;
  }
  if (!health.protocol_version.empty()) {
    object["protocol_version"] = health.protocol_version;
  }
  if (health.pid) {
    object["pid"] = *health.pid;
  }
  object["starts"] = health.starts;
  object["failures_in_row"] = health.failures_in_row;
  object["calls"] = health.calls;
  object["errors"] = health.errors;
  object["open_calls"] = health.open_calls;
  if (health.retry_in) {
    object["retry_in_ms"] = health.retry_in->count();
  }
  object["faults"] = json::Object{{"garbage", health.faults.garbage},
                                  {"unknown_answers", health.faults.unknown_answers},
                                  {"oversize", health.faults.oversize}};
  json::Object breakers;
  for (const auto& [tool, state] : health.breakers) {
    breakers[tool] = state;
  }
  object["breakers"] = std::move(breakers);
  return object;
}

json::Object health_report(const UpstreamSet& upstreams,
                           const std::function<std::string(std::string)>& clean) {
  json::Array servers;
  bool well = true;
  for (const Upstream* upstream : upstreams.all()) {
    Health health = upstream->health();
    if (clean) {
      health.reason = clean(std::move(health.reason));
    }
    well = well && health.state != Health::State::kFailed &&
           health.state != Health::State::kBackingOff && health.state != Health::State::kDegraded;
    servers.push_back(to_json(upstream->name(), health));
  }
  return json::Object{{"status", well ? "ok" : "degraded"}, {"servers", std::move(servers)}};
}

}  // namespace oap::gateway
