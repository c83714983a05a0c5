#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace oap::crypto {

/// `bytes` random bytes in base64url: states, nonces, session ids. 32 where nothing else is said.
std::string random_token(std::size_t bytes = 32);

/// RFC 7636: a fresh verifier of 43 characters, and its S256 challenge.
std::string pkce_verifier();
std::string pkce_challenge(std::string_view verifier);
/// RFC 7636 §4.1: 43 to 128 unreserved characters.
bool is_pkce_verifier(std::string_view text);
/// Whether the verifier is one and fits the challenge. Constant time in the challenge.
bool pkce_fits(std::string_view verifier, std::string_view challenge);

}  // namespace oap::crypto
