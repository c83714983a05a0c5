#pragma once

#include <string>

#include "base/result.hpp"
#include "mcp/oauth/authorization.hpp"
#include "mcp/oauth/form.hpp"
#include "mcp/oauth/grant.hpp"
#include "mcp/oauth/metadata.hpp"
#include "mcp/oauth/options.hpp"
#include "net/headers.hpp"

namespace oap::mcp::oauth {

/// A POST to a token endpoint. Secret.
struct TokenRequest {
  net::HeaderList headers;
  Form form;
};

// The grants, without the client's proof. All pure.
TokenRequest code_request(const Attempt& attempt, std::string code);
TokenRequest refresh_request(const Tokens& tokens, const std::string& resource);
TokenRequest client_credentials_request(const std::string& resource, const Scopes& scopes);
/// RFC 8693: the identity token for an assertion (ID-JAG) that `issuer` accepts.
TokenRequest exchange_request(const OAuthOptions& options, const std::string& issuer,
                              const std::string& resource, const Scopes& scopes);
/// RFC 7523 §2.1: that assertion for a token.
TokenRequest assertion_request(std::string assertion, const std::string& resource,
                               const Scopes& scopes);

/// Adds the client's proof in the way that the registration says. kConfiguration where a private
/// key is unusable.
Result<void> prove(TokenRequest& request, const ClientRegistration& client,
                   const OAuthOptions& options, const std::string& issuer, WallTime now);

/// The tokens of an answer; `asked` are the scopes where it does not say which were granted.
/// kUnauthenticated with the server's reason where it refused the grant (invalid_grant, …),
/// kUpstream otherwise. No message holds a token.
Result<Tokens> read_tokens(int status, const std::string& body, const Scopes& asked, WallTime now);
/// The assertion in the answer to an exchange_request.
Result<std::string> read_assertion(int status, const std::string& body);

}  // namespace oap::mcp::oauth
