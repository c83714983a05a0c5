#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace oap::crypto {

// Digests, random bytes and their text forms (FIPS 180-4, RFC 2104, RFC 4648). Bytes travel in
// std::string. Free functions are thread-safe. Nothing here fails on any input; a machine without
// SHA-256 or random bytes ends the process.

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(std::string_view bytes);
/// 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);

/// SHA-256 of a text that arrives in pieces. One object, one thread.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  Sha256& update(std::string_view bytes);
  /// The digest of all so far; starts afresh.
  Digest finish();
  std::string finish_hex();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

Digest hmac_sha256(std::string_view key, std::string_view bytes);
std::string hmac_sha256_hex(std::string_view key, std::string_view bytes);

/// Cryptographically strong.
std::string random_bytes(std::size_t count);
/// 2 * count hex digits.
std::string random_hex(std::size_t count);

/// Takes the same time wherever the two differ; only the lengths may be learnt.
bool constant_time_equal(std::string_view a, std::string_view b);

std::string_view as_bytes(const Digest& digest);

std::string to_hex(std::string_view bytes);
/// Either case; nothing on an odd length or another character.
std::optional<std::string> from_hex(std::string_view text);

/// RFC 4648 §4, padded. Decoding is strict: canonical padding, zero spare bits, no white space.
std::string to_base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);
/// RFC 4648 §5, without padding; decoding refuses padding too (as in RFC 7515).
std::string to_base64url(std::string_view bytes);
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace oap::crypto
