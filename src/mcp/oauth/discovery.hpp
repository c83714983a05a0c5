#pragma once

#include <string>
#include <vector>

#include "async/task.hpp"
#include "mcp/oauth/metadata.hpp"
#include "mcp/oauth/web.hpp"

namespace oap::mcp::oauth {

/// Where tokens for a server come from.
struct Target {
  std::string resource;     ///< for the `resource` parameter (RFC 8707)
  Scopes scopes_supported;  ///< of the resource; may be empty
  ServerMetadata server;
};

/// Finds the authorization server of an MCP server. `metadata_url` is what a challenge named, "" =
/// nothing; then the well-known places. A server without resource metadata is taken for one of MCP
/// 2025-03-26, whose authorization server is at its own origin. Of several issuers the first of
/// `preferred` that is listed, else the first. kPermissionDenied where the metadata speaks for
/// another resource or another issuer, or lies where it must not; kUpstream where there is none
/// that can be used; errors of the network. The Web outlives the task.
Task<Result<Target>> discover(Web& web, std::string server_url, std::string metadata_url,
                              std::vector<std::string> preferred);

/// The metadata of one issuer: kPermissionDenied where the document names another one, kNotFound
/// where there is no document.
Task<Result<ServerMetadata>> discover_server(Web& web, std::string issuer);

}  // namespace oap::mcp::oauth
