#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace oap::crypto {

// AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D). A sealed text is the byte 1 (the
// version, authenticated too), 12 bytes nonce, the ciphertext, 16 bytes tag. With one key seal at
// most 2^32 texts. Thread-safe; bytes travel in std::string.

inline constexpr std::size_t kAeadKeyBytes = 32;
inline constexpr std::size_t kSealOverhead = 1 + 12 + 16;

/// `associated` is bound to the text but not part of the result: who it is for, what it means.
/// kInvalidArgument where the key has not 32 bytes.
Result<std::string> seal(std::string_view key, std::string_view text, std::string_view associated);

/// kDataLoss where the text was not sealed with this key and `associated`; it does not say which.
Result<std::string> open(std::string_view key, std::string_view sealed,
                         std::string_view associated);

}  // namespace oap::crypto
