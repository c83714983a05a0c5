#include "crypto/token.hpp"

#include "crypto/hash.hpp"

namespace oap::crypto {

std::string random_token(std::size_t bytes) { return to_base64url(random_bytes(bytes)); }

std::string pkce_verifier() { return random_token(32); }

std::string pkce_challenge(std::string_view verifier) {
  return to_base64url(as_bytes(sha256(verifier)));
}

bool is_pkce_verifier(std::string_view text) {
  constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  return text.size() >= 43 && text.size() <= 128 &&
         text.find_first_not_of(kUnreserved) == std::string_view::npos;
}

bool pkce_fits(std::string_view verifier, std::string_view challenge) {
  return is_pkce_verifier(verifier) && constant_time_equal(pkce_challenge(verifier), challenge);
}

}  // namespace oap::crypto
