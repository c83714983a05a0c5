#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "crypto/jose.hpp"
#include "mcp/oauth/authenticator.hpp"
#include "mcp/oauth/key_source.hpp"

namespace oap::mcp::oauth {

/// An issuer whose tokens are taken, and how its claims are read.
struct TrustedIssuer {
  std::string issuer;    ///< `iss`, byte by byte
  std::string jwks_url;  ///< "" = what its metadata says
  std::string user_claim = "sub";
  std::string role_claim;  ///< "" = everybody has `default_role`; a text or a list
  std::string tenant_claim;
  std::map<std::string, std::string> roles;   ///< claim value → role; empty: the value is the role
  std::string default_role = "user";          ///< where the claim has nothing that counts
  std::string user_prefix;                    ///< put before user ids
  std::vector<crypto::Algorithm> algorithms;  ///< empty: every signature
};

struct JwtOptions {
  std::string audience;  ///< this server's own URL: must be in `aud`. Required
  Scopes required;       ///< all of them must be in `scope` or `scp`
  Millis leeway{60'000};
  KeyTimes keys;
  Millis remember_for{60'000};        ///< how long a checked token is not checked again
  std::size_t max_remembered = 4096;  ///< 0 = none
};

/// Knows JWT access tokens (RFC 9068) of trusted issuers. Refused: wrong or missing signature,
/// issuer, audience or expiry (401), missing scopes (403). A credential that is no JWT, or a JWT of
/// an issuer that is not trusted, is not of its kind. Where several issuers are trusted, one
/// without a `user_prefix` gets its name and `|` as such, so that two people never share a user id.
class JwtVerifier final : public Verifier {
 public:
  /// kConfiguration without audience or issuers, or with an issuer that is no URL.
  static Result<std::unique_ptr<JwtVerifier>> make(net::HttpClient& http, JwtOptions options,
                                                   std::vector<TrustedIssuer> issuers,
                                                   const Clock& clock = system_clock());
  Task<Verdict> verify(Presented presented, const Challenger& challenger) override;

 private:
  struct Issuer {
    TrustedIssuer trusted;
    std::unique_ptr<KeySource> keys;
  };
  struct Remembered {
    Principal principal;
    WallTime until;
  };
  JwtVerifier(JwtOptions options, std::vector<Issuer> issuers, const Clock& clock);
  const Issuer* issuer_of(std::string_view token) const;
  Task<Verdict> check(const Issuer& issuer, std::string token, const Challenger& challenger,
                      std::string digest);
  void remember(std::string digest, const Principal& principal, WallTime expires);

  JwtOptions options_;
  std::vector<Issuer> issuers_;
  const Clock& clock_;
  std::unordered_map<std::string, Remembered> remembered_;  ///< by the token's SHA-256
};

/// The principal that verified claims stand for; kUnauthenticated where the user claim is missing.
/// Pure.
Result<Principal> principal_of(const TrustedIssuer& issuer, const json::Object& claims);
/// `scope` (a text) or `scp` (a text or a list). Pure.
Scopes scopes_in(const json::Object& claims);

}  // namespace oap::mcp::oauth
