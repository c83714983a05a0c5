#pragma once

#include <memory>
#include <optional>

#include "mcp/server/front.hpp"
#include "net/http_client.hpp"
#include "platform/settings.hpp"

namespace oap::platform {

/// Who may call the MCP endpoint, from `gateway.auth`. Without it no authenticator.
struct InboundAuth {
  std::unique_ptr<mcp::Authenticator> authenticator;
  std::optional<json::Object> resource_metadata;  ///< RFC 9728, where tokens are taken
};

/// kConfiguration with the setting that cannot be used.
Result<InboundAuth> inbound_auth(const Settings& settings, Executor executor,
                                 net::HttpClient& http);

}  // namespace oap::platform
