#include "platform/inbound_auth.hpp"

#include "mcp/oauth/api_key.hpp"
#include "mcp/oauth/jwt.hpp"
#include "mcp/oauth/resource.hpp"

namespace oap::platform {
namespace {

using namespace mcp::oauth;

Result<std::unique_ptr<Verifier>> api_keys(const std::vector<config::GatewayKey>& configured) {
  std::vector<ApiKey> keys;
  for (const config::GatewayKey& each : configured) {
    auto digest = read_api_key(each.key.empty() ? "sha256:" + each.sha256 : each.key);
    if (!digest) {
      return fail(Code::kConfiguration, "gateway.auth.api_keys, user {}: {}", each.user,
                  digest.error().message());
    }
    keys.push_back({*digest, Principal{each.user, each.role, each.tenant}});
  }
  return std::unique_ptr<Verifier>(std::make_unique<ApiKeyVerifier>(std::move(keys)));
}

Result<std::unique_ptr<Verifier>> tokens(const config::GatewayJwt& configured,
                                         const std::string& audience, net::HttpClient& http) {
  TrustedIssuer issuer;
  issuer.issuer = configured.issuer;
  issuer.jwks_url = configured.jwks_url;
  issuer.user_claim = configured.user_claim;
  issuer.role_claim = configured.role_claim;
  issuer.tenant_claim = configured.tenant_claim;
  JwtOptions options;
  options.audience = audience;
  options.required.insert(options.required.end(), configured.scopes.begin(),
                          configured.scopes.end());
  OAP_TRY(std::unique_ptr<JwtVerifier> verifier,
          JwtVerifier::make(http, std::move(options), {std::move(issuer)}));
  return std::unique_ptr<Verifier>(std::move(verifier));
}

}  // namespace

Result<InboundAuth> inbound_auth(const Settings& settings, const std::string& own_url,
                                 net::HttpClient& http) {
  const config::Gateway& gateway = settings.config.gateway;
  InboundAuth out;
  if (!gateway.has_auth()) {
    return out;
  }
  ResourceConfig resource;
  resource.resource = gateway.public_url.empty() ? own_url : gateway.public_url;
  if (!gateway.api_keys.empty()) {
    OAP_TRY(std::unique_ptr<Verifier> verifier, api_keys(gateway.api_keys));
    out.verifiers.push_back(std::move(verifier));
  }
  if (gateway.jwt) {
    const std::string audience =
        gateway.jwt->audience.empty() ? resource.resource : gateway.jwt->audience;
    OAP_TRY(std::unique_ptr<Verifier> verifier, tokens(*gateway.jwt, audience, http));
    out.verifiers.push_back(std::move(verifier));
    resource.authorization_servers.push_back(gateway.jwt->issuer);
    resource.scopes.insert(resource.scopes.end(), gateway.jwt->scopes.begin(),
                           gateway.jwt->scopes.end());
    out.resource_metadata = protected_resource_metadata(resource);
  }
  std::vector<Verifier*> chain;
  for (const auto& verifier : out.verifiers) {
    chain.push_back(verifier.get());
  }
  out.authenticator = std::make_unique<ChainAuthenticator>(std::move(chain), resource);
  return out;
}

}  // namespace oap::platform
