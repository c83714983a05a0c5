#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"

namespace oap::security {

/// Finds credentials in text and replaces them by `[REDACTED:type:tag]`, where the tag is the first
/// four hex digits of HMAC-SHA256(hmac_key, secret): equal secrets get equal tags. What stands in a
/// replacement is never found again, so redacting is idempotent. Thread-safe; the patterns are
/// compiled once per process at the first scan. Fails closed: where the patterns cannot be matched
/// the whole text counts as a finding of type "unscanned". Documentation samples, digests, uuids
/// and placeholders are no findings.
class SecretScanner {
 public:
  /// `known_secrets` are found wherever they stand, from 8 characters on (type "known_secret").
  SecretScanner(std::vector<std::string> known_secrets, std::string hmac_key);
  ~SecretScanner();
  SecretScanner(SecretScanner&&) noexcept;
  SecretScanner& operator=(SecretScanner&&) noexcept;

  struct Finding {
    std::string type;       ///< e.g. "github_token"
    std::size_t start = 0;  ///< byte offsets, end exclusive
    std::size_t end = 0;
  };

  /// In order of place, not overlapping.
  std::vector<Finding> scan(std::string_view text) const;
  /// Whether redact(value) would change anything; copies nothing.
  bool has_secret(const json::Value& value) const;
  bool has_secret(const json::Object& members) const;
  bool has_secret(const json::Array& items) const;
  std::string redact(std::string_view text) const;
  /// The value with every string and key cleaned; a string that stands under a key which names a
  /// secret ("password", "api_key") is judged with that key.
  json::Value redact(const json::Value& value) const;

 private:
  struct Body;
  std::unique_ptr<const Body> body_;
};

}  // namespace oap::security
