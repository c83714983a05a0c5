#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "crypto/key.hpp"
#include "json/value.hpp"

namespace oap::crypto {

/// JWS algorithms (RFC 7518 §3.1, RFC 8037 §3.1). There is no `none`.
enum class Algorithm {
  kRs256,
  kRs384,
  kRs512,
  kPs256,
  kPs384,
  kPs512,
  kEs256,
  kEs384,
  kEs512,
  kEdDsa,
  kHs256,
  kHs384,
  kHs512
};
std::string_view to_string(Algorithm algorithm);
std::optional<Algorithm> algorithm_named(std::string_view name);

/// All that a public key can verify; none of the HMACs.
inline constexpr std::array kSignatures{
    Algorithm::kRs256, Algorithm::kRs384, Algorithm::kRs512, Algorithm::kPs256, Algorithm::kPs384,
    Algorithm::kPs512, Algorithm::kEs256, Algorithm::kEs384, Algorithm::kEs512, Algorithm::kEdDsa};

struct Jwk {
  std::string kid;                     ///< empty: has none
  std::optional<Algorithm> algorithm;  ///< the only one it may be used for
  PublicKey key;
};

/// A JSON Web Key Set (RFC 7517 §5).
struct Jwks {
  std::vector<Jwk> keys;
  std::vector<std::string> skipped;  ///< why the others cannot be used: one sentence each
};
inline constexpr std::size_t kMaxJwksBytes = 256U << 10U;
inline constexpr std::size_t kMaxKeys = 100;

/// Keys that cannot be used (other types, `use: enc`, malformed, holding secrets) are skipped. An
/// Error (kUpstream) only where the text is no key set or too large.
Result<Jwks> parse_jwks(std::string_view text);

/// A token whose signature is right. Nothing is known of its claims yet.
struct Jws {
  Algorithm algorithm;
  json::Object header;
  std::string payload;
};

struct JwsLimits {
  std::span<const Algorithm> algorithms = kSignatures;  ///< what is allowed, borrowed
  std::size_t max_bytes = 16U << 10U;
};

/// Verifies a compact JWS (RFC 7515 §5.2) with a key of the set: the one that the header's `kid`
/// names, or, where the header has none, any that fits. `alg` must be allowed and fit the key;
/// `crit` and `b64` are refused; keys and addresses in the header are not looked at. Errors:
/// kNotFound where no key of the set fits (the set may be out of date), else kUnauthenticated. Both
/// say what is wrong with the token, never any of its text. Pure.
Result<Jws> verify_jws(std::string_view token, const Jwks& keys, const JwsLimits& limits = {});

/// The same for an HMAC with a shared secret: only for a peer that is known to use one. Secrets
/// shorter than the digest are refused (RFC 7518 §3.2).
Result<Jws> verify_hmac_jws(std::string_view token, std::string_view secret, Algorithm algorithm,
                            std::size_t max_bytes = 16U << 10U);

/// A compact JWS. `header` may hold kid, typ and the like; `alg` is set here. kInvalidArgument
/// where the algorithm does not fit the key or is an HMAC.
Result<std::string> sign_jws(const PrivateKey& key, Algorithm algorithm, json::Object header,
                             std::string_view payload);
/// What a key signs with where nothing else is asked for: RS256, ES256/384/512, EdDSA.
Algorithm default_algorithm(KeyType type);

}  // namespace oap::crypto
