#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "crypto/claims.hpp"
#include "crypto/jose.hpp"
#include "crypto/key.hpp"
#include "crypto/testing/vectors.hpp"

namespace {

namespace vectors = oap::crypto::testing;

const oap::crypto::Jwks& known_keys() {
  static const oap::crypto::Jwks keys = [] {
    std::string text = R"({"keys":[)";
    text.append(vectors::kRsaJwk).append(",").append(vectors::kP256Jwk).append(",");
    text.append(vectors::kP521Jwk).append(",").append(vectors::kEdJwk).append(",");
    text.append(vectors::kOtherRsaJwk).append(",").append(vectors::kP384Jwk).append("]}");
    return oap::crypto::parse_jwks(text).value();
  }();
  return keys;
}

/// Without a private key nothing but the examples themselves may pass.
bool is_example(std::string_view token) {
  for (const std::string_view known :
       {vectors::kRs256, vectors::kEs256, vectors::kEs512, vectors::kEdDsa, vectors::kPs256,
        vectors::kRs384, vectors::kRs512, vectors::kPs384, vectors::kPs512, vectors::kEs384}) {
    if (token == known) {
      return true;
    }
  }
  return false;
}

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto verified = oap::crypto::verify_jws(text, known_keys());
  require(!verified || is_example(text));
  if (const auto keys = oap::crypto::parse_jwks(text)) {
    for (const oap::crypto::Jwk& jwk : keys->keys) {
      const auto again = oap::crypto::PublicKey::from_jwk(jwk.key.jwk());
      require(again && again->thumbprint() == jwk.key.thumbprint());
    }
  }
  const oap::WallTime now(std::chrono::seconds(1'700'000'000));
  const auto claims = oap::crypto::check_claims(text, {.issuer = "a", .audiences = {"b"}}, now);
  require(!claims || claims->expires > now - std::chrono::minutes(2));
  if (const auto key = oap::crypto::PublicKey::from_pem(text)) {
    require(key->thumbprint().size() == 43);
  }
  return 0;
}
