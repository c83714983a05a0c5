#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "mcp/oauth/grant.hpp"
#include "mcp/oauth/metadata.hpp"
#include "mcp/oauth/options.hpp"

namespace oap::mcp::oauth {

/// Which client to be at a server, without asking it: the configured one, else the metadata
/// document where the server takes those. Nothing: register. kConfiguration where the configured
/// client belongs to another issuer, or the document's URL is not https with a path. Pure.
Result<std::optional<ClientRegistration>> known_client(const OAuthOptions& options,
                                                       const ServerMetadata& server,
                                                       const std::string& redirect_uri);

/// Whether a stored registration can be used for a sign-in that ends at `redirect_uri` now.
bool is_usable(const ClientRegistration& client, const std::string& redirect_uri, WallTime now);

/// The body of a registration (RFC 7591 §2).
json::Object registration_request(const OAuthOptions& options, const ServerMetadata& server,
                                  const std::string& redirect_uri, const Scopes& scopes);
/// What the server made of it. kUpstream where it refused or answered with something else.
Result<ClientRegistration> read_registration(int status, const std::string& body,
                                             const ServerMetadata& server,
                                             const std::string& redirect_uri);

/// The way to prove to be the client: what the server told, else the safest that it lists and the
/// client can do. Without a list client_secret_basic is what it means (RFC 8414 §2).
std::string choose_auth_method(const ServerMetadata& server, bool has_secret, bool has_key,
                               std::string_view told);

}  // namespace oap::mcp::oauth
