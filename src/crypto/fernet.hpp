#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace oap::crypto {

// Fernet tokens (github.com/fernet/spec, version 0x80): AES-128-CBC and HMAC-SHA256 over a time.
// Thread-safe; no message holds any of a key or token.

/// 32 bytes: 16 to sign with, 16 to encrypt with. From base64url with padding, as tools print it.
/// kInvalidArgument otherwise.
class FernetKey {
 public:
  static Result<FernetKey> parse(std::string_view text);
  static FernetKey generate();
  std::string print() const;
  std::string_view signing() const { return std::string_view(bytes_).substr(0, 16); }
  std::string_view encrypting() const { return std::string_view(bytes_).substr(16); }
  /// All 32 bytes.
  std::string_view bytes() const { return bytes_; }

 private:
  explicit FernetKey(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string bytes_;
};

/// `iv`: 16 bytes for tests with known answers; empty: random.
Result<std::string> fernet_seal(const FernetKey& key, std::string_view text, WallTime now,
                                std::string_view iv = {});

/// The text of a token that one of the keys made. kDataLoss where none did or the token is
/// malformed; kDeadlineExceeded where it is older than `ttl`, or more than a minute from the
/// future while there is a `ttl`.
Result<std::string> fernet_open(const std::vector<FernetKey>& keys, std::string_view token,
                                WallTime now, std::optional<Millis> ttl = std::nullopt);

}  // namespace oap::crypto
