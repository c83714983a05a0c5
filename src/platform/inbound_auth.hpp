#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "mcp/oauth/authenticator.hpp"
#include "net/http_client.hpp"
#include "platform/settings.hpp"

namespace oap::platform {

/// Who may call the MCP endpoint, from `gateway.auth`. Without it no authenticator.
struct InboundAuth {
  std::vector<std::unique_ptr<mcp::oauth::Verifier>> verifiers;
  std::unique_ptr<mcp::Authenticator> authenticator;
  std::optional<json::Object> resource_metadata;  ///< RFC 9728, where tokens are taken
};

/// `own_url` is where it listens, for want of `gateway.public_url`. kConfiguration with the setting
/// that cannot be used.
Result<InboundAuth> inbound_auth(const Settings& settings, const std::string& own_url,
                                 net::HttpClient& http);

}  // namespace oap::platform
