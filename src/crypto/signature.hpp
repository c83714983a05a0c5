#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "crypto/jose.hpp"

namespace oap::crypto {

/// Whether a key of this type is one for the algorithm. False for HMACs.
bool fits(Algorithm algorithm, KeyType type);

/// A raw signature in JOSE's form (ECDSA: r and s, each of the curve's length). False for any bytes
/// that are none, and where the algorithm does not fit. Pure.
bool verify_signature(const PublicKey& key, Algorithm algorithm, std::string_view text,
                      std::string_view signature);
Result<std::string> sign(const PrivateKey& key, Algorithm algorithm, std::string_view text);

/// Nothing where the algorithm is no HMAC.
std::optional<std::string> hmac(Algorithm algorithm, std::string_view secret,
                                std::string_view text);

}  // namespace oap::crypto
