#include "mcp/oauth/jwt.hpp"

#include <algorithm>

#include "crypto/claims.hpp"
#include "crypto/hash.hpp"
#include "json/parse.hpp"
#include "net/url.hpp"

namespace oap::mcp::oauth {

namespace {

/// The `iss` that a token claims; "" for what is no JWT. Nothing of it is verified.
std::string claimed_issuer(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos) {
    return {};
  }
  const auto payload = crypto::from_base64url(token.substr(first + 1, second - first - 1));
  if (!payload) {
    return {};
  }
  const Result<json::Object> claims = json::parse_object(*payload);
  return claims ? std::string(json::get_string(*claims, "iss")) : std::string();
}

std::vector<std::string> words_of(const json::Object& claims, std::string_view name) {
  std::vector<std::string> out;
  const json::Value* value = json::find(claims, name);
  if (value != nullptr && value->is_string()) {
    out.emplace_back(json::view(value->get_string()));
  }
  if (value != nullptr && value->is_array()) {
    for (const json::Value& item : value->get_array()) {
      if (item.is_string()) {
        out.emplace_back(json::view(item.get_string()));
      }
    }
  }
  return out;
}

std::string role_of(const TrustedIssuer& issuer, const json::Object& claims) {
  if (issuer.role_claim.empty()) {
    return issuer.default_role;
  }
  for (const std::string& value : words_of(claims, issuer.role_claim)) {
    if (issuer.roles.empty() && !value.empty()) {
      return value;
    }
    if (const auto found = issuer.roles.find(value); found != issuer.roles.end()) {
      return found->second;
    }
  }
  return issuer.default_role;
}

tl::unexpected<Refusal> refuse(Refusal refusal) {
  return tl::unexpected<Refusal>(std::move(refusal));
}

}  // namespace

Result<std::unique_ptr<JwtVerifier>> JwtVerifier::make(net::HttpClient& http, JwtOptions options,
                                                       std::vector<TrustedIssuer> issuers,
                                                       const Clock& clock) {
  if (options.audience.empty() || issuers.empty()) {
    return fail(Code::kConfiguration,
                "checking JWTs needs this server's own URL as audience and at least one issuer");
  }
  std::vector<Issuer> sources;
  for (TrustedIssuer& trusted : issuers) {
    if (!net::parse_url(trusted.issuer)) {
      return fail(Code::kConfiguration, "a trusted issuer is no http or https URL");
    }
    if (issuers.size() > 1 && trusted.user_prefix.empty()) {
      trusted.user_prefix = trusted.issuer + "|";
    }
    auto keys =
        std::make_unique<KeySource>(http, trusted.issuer, trusted.jwks_url, clock, options.keys);
    sources.push_back(Issuer{trusted, std::move(keys)});
  }
  return std::unique_ptr<JwtVerifier>(
      new JwtVerifier(std::move(options), std::move(sources), clock));
}

JwtVerifier::JwtVerifier(JwtOptions options, std::vector<Issuer> issuers, const Clock& clock)
    : options_(std::move(options)), issuers_(std::move(issuers)), clock_(clock) {}

const JwtVerifier::Issuer* JwtVerifier::issuer_of(std::string_view token) const {
  const std::string claimed = claimed_issuer(token);
  const auto found = std::find_if(issuers_.begin(), issuers_.end(), [&](const Issuer& issuer) {
    return issuer.trusted.issuer == claimed;
  });
  return found == issuers_.end() ? nullptr : &*found;
}

Task<Verifier::Verdict> JwtVerifier::verify(Presented presented, const Challenger& challenger) {
  if (presented.is_api_key) {
    co_return std::optional<Principal>();
  }
  std::string digest(crypto::as_bytes(crypto::sha256(presented.secret)));
  const auto known = remembered_.find(digest);
  if (known != remembered_.end() && clock_.wall() < known->second.until) {
    co_return std::optional<Principal>(known->second.principal);
  }
  const Issuer* issuer = issuer_of(presented.secret);
  if (issuer == nullptr) {
    co_return std::optional<Principal>();
  }
  co_return co_await check(*issuer, std::move(presented.secret), challenger, std::move(digest));
}

Task<Verifier::Verdict> JwtVerifier::check(const Issuer& issuer, std::string token,
                                           const Challenger& challenger, std::string digest) {
  Result<KeySource::Keys> keys = co_await issuer.keys->keys();
  if (!keys) {
    co_return refuse(challenger.invalid("the token cannot be checked now; try again later"));
  }
  crypto::JwsLimits limits;
  if (!issuer.trusted.algorithms.empty()) {
    limits.algorithms = issuer.trusted.algorithms;
  }
  Result<crypto::Jws> verified = crypto::verify_jws(token, **keys, limits);
  if (!verified && verified.error().code() == Code::kNotFound) {
    KeySource::Keys seen = *keys;
    keys = co_await issuer.keys->newer(std::move(seen));
    if (keys) {
      verified = crypto::verify_jws(token, **keys, limits);
    }
  }
  if (!verified) {
    co_return refuse(challenger.invalid(verified.error().message()));
  }
  const crypto::Expected expected{issuer.trusted.issuer, {options_.audience}, options_.leeway, {}};
  const Result<crypto::Claims> claims =
      crypto::check_claims(verified->payload, expected, clock_.wall());
  if (!claims) {
    co_return refuse(challenger.invalid(claims.error().message()));
  }
  if (!covers(scopes_in(claims->all), options_.required)) {
    co_return refuse(challenger.scope(options_.required));
  }
  const Result<Principal> principal = principal_of(issuer.trusted, claims->all);
  if (!principal) {
    co_return refuse(challenger.invalid(principal.error().message()));
  }
  remember(std::move(digest), *principal, claims->expires);
  co_return std::optional<Principal>(*principal);
}

void JwtVerifier::remember(std::string digest, const Principal& principal, WallTime expires) {
  if (options_.max_remembered == 0) {
    return;
  }
  const WallTime now = clock_.wall();
  if (remembered_.size() >= options_.max_remembered) {
    std::erase_if(remembered_, [&](const auto& entry) { return entry.second.until <= now; });
  }
  if (remembered_.size() >= options_.max_remembered) {
    remembered_.clear();
  }
  const WallTime until = std::min(expires, now + options_.remember_for);
  remembered_.insert_or_assign(std::move(digest), Remembered{principal, until});
}

Result<Principal> principal_of(const TrustedIssuer& issuer, const json::Object& claims) {
  const std::string_view user = json::get_string(claims, issuer.user_claim);
  if (user.empty()) {
    return fail(Code::kUnauthenticated, "the token does not say whose it is (claim {})",
                issuer.user_claim);
  }
  Principal out;
  out.user_id = issuer.user_prefix + std::string(user);
  out.role = role_of(issuer, claims);
  const std::string_view tenant = json::get_string(claims, issuer.tenant_claim);
  if (!issuer.tenant_claim.empty() && !tenant.empty()) {
    out.tenant = tenant;
  }
  return out;
}

Scopes scopes_in(const json::Object& claims) {
  Scopes out;
  for (const std::string_view name : {"scope", "scp"}) {
    for (const std::string& words : words_of(claims, name)) {
      out = unite(std::move(out), parse_scopes(words));
    }
  }
  return out;
}

}  // namespace oap::mcp::oauth
