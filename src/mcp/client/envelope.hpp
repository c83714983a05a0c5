#pragma once

#include <string>
#include <string_view>

#include "json/value.hpp"
#include "mcp/client/client.hpp"
#include "net/headers.hpp"

namespace oap::mcp {

/// clientInfo of this program.
json::Object own_info();
/// The one root of a workspace, a roots/list result.
json::Object roots_of(const std::string& workspace);

/// What is told of the client: the spec's capabilities, with roots where there is a workspace.
json::Object capabilities_of(const ServerSpec& spec);

/// Gives a request the envelope of its era: a modern one says in `_meta` which version is spoken,
/// who asks and what it can (MCP 2026-07-28, basic); a legacy one has none of it, also not where
/// the caller's own request had. Other members of `_meta` stay.
void put_envelope(json::Object& params, Era era, const ServerSpec& spec,
                  const RequestOptions& options);

/// Mcp-Method and Mcp-Name (MCP 2026-07-28, basic/transports/streamable-http).
net::HeaderList standard_headers(std::string_view method, const json::Object& params);

}  // namespace oap::mcp
