#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"

namespace oap::security {

class SecretStream;

/// Finds credentials in text and replaces them by `[REDACTED:type:tag]`, where the tag is the first
/// four hex digits of HMAC-SHA256(hmac_key, secret): equal secrets get equal tags. Also what is
/// written in base64, hex, percent or Unicode escapes, twice at most, is found; then the span is
/// that of the encoded text. What stands in a replacement is never found again, so redacting is
/// idempotent. Thread-safe; one pass over the text, and memory in proportion to what is found.
/// Fails closed: where the text cannot be searched it counts whole as a finding of type
/// "unscanned". Documentation samples, digests, uuids, placeholders and tokens whose checksum is
/// wrong are none.
class SecretScanner {
 public:
  /// `known_secrets` are found wherever they stand, from 8 characters on, also in base64, percent,
  /// hex and JSON form (type "known_secret").
  SecretScanner(std::vector<std::string> known_secrets, std::string hmac_key);
  ~SecretScanner();
  SecretScanner(SecretScanner&&) noexcept;
  SecretScanner& operator=(SecretScanner&&) noexcept;

  /// From now on these are known secrets too, for every thread. A SecretStream keeps to what was
  /// known when it was made.
  void learn(const std::vector<std::string>& secrets);

  struct Finding {
    std::string type;       ///< e.g. "github_token"
    std::size_t start = 0;  ///< byte offsets, end exclusive
    std::size_t end = 0;
    bool operator==(const Finding&) const = default;
  };

  /// In order of place, not overlapping.
  std::vector<Finding> scan(std::string_view text) const;
  /// Whether redact(value) would change anything; copies no more than short texts.
  bool has_secret(const json::Value& value) const;
  bool has_secret(const json::Object& members) const;
  bool has_secret(const json::Array& items) const;
  std::string redact(std::string_view text) const;
  /// The value with every string and key cleaned; a string that stands under a key which names a
  /// secret ("password", "api_key") is judged with that key.
  json::Value redact(const json::Value& value) const;
  /// What stands in a secret's place.
  std::string replacement(std::string_view type, std::string_view secret) const;

  /// Every type there is, sorted, once each.
  static std::vector<std::string_view> types();

 private:
  friend class SecretStream;
  struct Body;
  std::unique_ptr<Body> body_;
};

/// The same for a text that comes in pieces, cut anywhere: no byte of a secret is released. Holds
/// back what may still become one: some hundred bytes, a token, an encoded run, a key in PEM form
/// up to 64 KiB. Of one thread; the scanner outlives it.
class SecretStream {
 public:
  explicit SecretStream(const SecretScanner& scanner);
  ~SecretStream();
  SecretStream(SecretStream&&) noexcept;
  SecretStream& operator=(SecretStream&&) noexcept;

  /// Takes the next piece; what is cleared for release, redacted.
  std::string push(std::string_view piece);
  /// The same, appended to `out`.
  void push(std::string_view piece, std::string& out);
  /// The text ends here: the rest, redacted.
  std::string finish();
  /// The findings of what has been released; places count the bytes of all pieces.
  const std::vector<SecretScanner::Finding>& findings() const;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace oap::security
