#pragma once

#include <string>

#include "base/clock.hpp"
#include "mcp/oauth/scopes.hpp"

namespace oap::mcp::oauth {

/// How the first token is got.
enum class Flow {
  kAuthorizationCode,  ///< a person signs in
  kClientCredentials,  ///< the program itself (extension oauth-client-credentials)
  kEnterprise,  ///< an identity provider vouches (extension enterprise-managed-authorization)
  kWorkload,    ///< the platform that the program runs on vouches (RFC 7523 §2.1; SEP-1933)
};

/// How one user gets tokens for one MCP server. Data; holds secrets.
struct OAuthOptions {
  std::string server_name;  ///< as the configuration calls it, for messages
  std::string server_url;
  std::string user = "local";
  Flow flow = Flow::kAuthorizationCode;

  // A client that was registered beforehand. "" = none.
  std::string client_id;
  std::string client_secret;
  std::string private_key_pem;    ///< PKCS #8, for private_key_jwt
  std::string signing_algorithm;  ///< ES256, RS256 …; "" = by the key
  std::string issuer;             ///< whose client it is; "" = of the first issuer met, for good

  std::string client_metadata_url;  ///< https URL with a path that serves as client_id; "" = none
  std::string client_name = "oap";  ///< told when registering
  std::string redirect_uri;         ///< wanted; "" = what the consent offers
  Scopes scopes;                    ///< asked for beside what the server wants
  bool private_network = false;     ///< the authorization server may be inside the network

  // kEnterprise: where the user's identity is exchanged.
  std::string idp_token_endpoint;
  std::string idp_client_id;
  std::string idp_client_secret;
  std::string idp_id_token;

  std::string workload_token;  ///< kWorkload: the JWT that the platform gave this program

  Millis leeway{60'000};            ///< a token counts as expired so long before it does
  Millis request_timeout{15'000};   ///< of one request to an authorization server
  Millis consent_timeout{300'000};  ///< for the person
  int max_step_ups = 2;             ///< for the same missing scopes
  int max_grants_a_minute = 3;      ///< new grants that the server's refusals may cause
};

}  // namespace oap::mcp::oauth
