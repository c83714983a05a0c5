#pragma once

#include <string>

#include "base/result.hpp"
#include "mcp/oauth/grant.hpp"
#include "mcp/oauth/metadata.hpp"

namespace oap::mcp::oauth {

/// One attempt to get a person's consent: what is sent and what must come back. Secret.
struct Attempt {
  std::string state;
  std::string verifier;  ///< PKCE (RFC 7636)
  std::string redirect_uri;
  std::string client_id;
  std::string resource;
  Scopes scopes;
};

/// With a fresh state and verifier of 256 random bits each.
Attempt begin_attempt(const ClientRegistration& client, std::string redirect_uri,
                      std::string resource, Scopes scopes);

/// The URL to send the person to (OAuth 2.1 §4.1.1, PKCE S256, RFC 8707). kUpstream where the
/// server has no authorization endpoint.
Result<std::string> authorization_url(const ServerMetadata& server, const Attempt& attempt);

/// The code in the URL to which the person was sent back. Refused (kPermissionDenied): another
/// address than the redirect URI, a doubled parameter, another state, another issuer (RFC 9207: an
/// `iss` that is there must be the issuer letter by letter, one that was promised must be there;
/// also for errors). kUnauthenticated where the person or the server said no. Pure.
Result<std::string> code_of(const std::string& came_back, const Attempt& attempt,
                            const ServerMetadata& server);

/// What an AS says in `error` and `error_description`, cut and without control characters.
std::string quote_error(std::string_view error, std::string_view description);

/// Scopes to ask for: those of the challenge, else those that the resource lists, else none; what
/// was asked for before stays. Where the server lists its scopes: offline_access whenever any scope
/// is asked for and refresh tokens are possible, but never where the list lacks it. Pure.
Scopes choose_scopes(const Scopes& challenged, const Scopes& supported, const Scopes& before,
                     const ServerMetadata& server);

}  // namespace oap::mcp::oauth
