#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"
#include "mcp/oauth/scopes.hpp"

namespace oap::mcp::oauth {

/// This server as a protected resource (RFC 9728).
struct ResourceConfig {
  std::string resource;  ///< its own URL, e.g. https://mcp.example.com/mcp
  std::vector<std::string> authorization_servers;  ///< issuers; none: there is no OAuth here
  Scopes scopes;                                   ///< wanted of every token
  std::string name;                                ///< for people; "" = left out
  std::string documentation;                       ///< URL; "" = left out
};

/// The document to serve, without offline_access, at resource_metadata_path(). Pure.
json::Object protected_resource_metadata(const ResourceConfig& config);
/// "/.well-known/oauth-protected-resource/mcp" for ".../mcp"; to be served without credentials.
std::string resource_metadata_path(std::string_view resource);
/// Its URL, what challenges name; "" where there is no OAuth.
std::string resource_metadata_url(const ResourceConfig& config);

}  // namespace oap::mcp::oauth
