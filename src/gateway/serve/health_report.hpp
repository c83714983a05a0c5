#pragma once

#include <functional>
#include <string>

#include "gateway/catalog.hpp"
#include "gateway/upstream/upstream.hpp"

namespace oap::gateway {

std::string_view to_string(Health::State state);
/// {"name", "state", "reason", "protocol_version", "pid", "starts", …}: what `oap mcp list --json`,
/// /health and /ready show of a server.
json::Object to_json(std::string_view server, const Health& health);

/// {"status": "ok" | "degraded", "servers": [...]}; degraded where a server cannot be used.
/// `clean` is applied to what servers wrote themselves.
json::Object health_report(const UpstreamSet& upstreams,
                           const std::function<std::string(std::string)>& clean = {});

}  // namespace oap::gateway
