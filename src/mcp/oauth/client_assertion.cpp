#include "mcp/oauth/client_assertion.hpp"

#include "crypto/hash.hpp"
#include "crypto/jose.hpp"
#include "json/print.hpp"

namespace oap::mcp::oauth {

namespace {

constexpr std::int64_t kLifetime = 60;

Result<crypto::Algorithm> algorithm_of(const OAuthOptions& options, const crypto::PrivateKey& key) {
  if (options.signing_algorithm.empty()) {
    return crypto::default_algorithm(key.type());
  }
  const auto named = crypto::algorithm_named(options.signing_algorithm);
  if (!named) {
    return fail(Code::kConfiguration, "signing_algorithm of MCP server {} is none that is known",
                options.server_name);
  }
  return *named;
}

json::Object claims_of(const std::string& client_id, const std::string& issuer, WallTime now) {
  const std::int64_t seconds =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  json::Object claims;
  claims["iss"] = client_id;
  claims["sub"] = client_id;
  claims["aud"] = issuer;
  claims["iat"] = seconds;
  claims["exp"] = seconds + kLifetime;
  claims["jti"] = crypto::random_hex(16);
  return claims;
}

}  // namespace

Result<std::string> client_assertion(const std::string& client_id, const std::string& issuer,
                                     const OAuthOptions& options, WallTime now) {
  const Result<crypto::PrivateKey> key = crypto::PrivateKey::from_pem(options.private_key_pem);
  if (!key) {
    return fail(Code::kConfiguration, "the private key of MCP server {}'s OAuth client: {}",
                options.server_name, key.error().message());
  }
  OAP_TRY(const crypto::Algorithm algorithm, algorithm_of(options, *key));
  json::Object header;
  header["typ"] = "JWT";
  Result<std::string> signed_text = crypto::sign_jws(
      *key, algorithm, std::move(header), json::print(claims_of(client_id, issuer, now)));
  if (!signed_text) {
    return fail(Code::kConfiguration, "the private key of MCP server {}'s OAuth client: {}",
                options.server_name, signed_text.error().message());
  }
  return signed_text;
}

}  // namespace oap::mcp::oauth
