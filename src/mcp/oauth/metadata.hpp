#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"
#include "mcp/oauth/scopes.hpp"

namespace oap::mcp::oauth {

/// What a protected resource says of itself (RFC 9728 §2), as far as a client needs it.
struct ResourceMetadata {
  std::string resource;
  std::vector<std::string> authorization_servers;  ///< issuers, at least one
  Scopes scopes_supported;                         ///< may be empty
};

/// What an authorization server says of itself (RFC 8414 §2, OpenID Connect Discovery §3). URLs are
/// unchecked text.
struct ServerMetadata {
  std::string issuer;
  std::string authorization_endpoint;  ///< "" where it has none
  std::string token_endpoint;
  std::string registration_endpoint;  ///< "" where clients cannot register themselves
  std::string jwks_uri;
  std::optional<Scopes> scopes_supported;
  std::optional<std::vector<std::string>> grant_types_supported;
  std::optional<std::vector<std::string>> token_endpoint_auth_methods_supported;
  std::optional<std::vector<std::string>> code_challenge_methods_supported;
  bool client_id_metadata_document_supported = false;
  bool authorization_response_iss_parameter_supported = false;
  bool is_guess = false;  ///< no document: the endpoints that MCP 2025-03-26 names for that case
};

/// kUpstream with the member that is missing or of another type.
Result<ResourceMetadata> read_resource_metadata(const json::Object& document);
Result<ServerMetadata> read_server_metadata(const json::Object& document);

/// Where the resource metadata of a server's URL can be, in the order of trying: at the path, then
/// at the root (RFC 9728 §3.1).
std::vector<std::string> resource_metadata_urls(std::string_view server_url);
/// Where an issuer's metadata can be: RFC 8414 with the path inserted, OpenID with the path
/// inserted, OpenID with the path appended; without a path only the first and the last.
std::vector<std::string> server_metadata_urls(std::string_view issuer);
/// The endpoints at the root of an origin (MCP 2025-03-26, "fallbacks").
ServerMetadata guessed_metadata(std::string_view origin);

/// The URL without userinfo and fragment, scheme and host in lower case, without the scheme's own
/// port, no slash alone as path: the `resource` of RFC 8707 as MCP wants it.
Result<std::string> canonical_resource(std::string_view server_url);
/// Whether metadata for `resource` speaks for the server at that URL: the same origin, and its path
/// is the server's or begins it at a `/`. Never by anything looser.
bool speaks_for(std::string_view resource, std::string_view server_url);
/// scheme://host[:port]; "" for what is no URL.
std::string origin_of(std::string_view url);

/// Whether metadata promises PKCE with S256; a guess promises nothing and needs none.
Result<void> check_pkce(const ServerMetadata& server);

}  // namespace oap::mcp::oauth
