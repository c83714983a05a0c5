#include "security/secret_checks.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "text/strings.hpp"

namespace oap::security {
namespace {

template <std::size_t N>
bool holds_any(std::string_view text, const std::array<std::string_view, N>& parts) {
  return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) {
    return text.find(part) != std::string_view::npos;
  });
}

constexpr std::array<std::string_view, 3> kSamples = {
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIi",
    "wJalrXUtnFEMI/K7MDENG", "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq"};

constexpr std::array<std::string_view, 16> kPlaceholders = {
    "example",   "your_",      "your-",    "yourtoken", "placeholder", "changeme",
    "change_me", "change-me",  "redacted", "dummy",     "xxxx",        "****",
    "....",      "0000000000", "replace",  "insert"};

/// Parts of a name after which its value is not the secret.
constexpr std::array<std::string_view, 27> kNotSecret = {
    "sha",         "hash",     "digest", "checksum", "integrity", "commit", "public",
    "fingerprint", "count",    "length", "limit",    "expir",     "ttl",    "max",
    "min",         "type",     "path",   "file",     "url",       "uri",    "policy",
    "tokenizer",   "tokenize", "field",  "label",    "regex",     "pattern"};

/// Last parts of a name that make it the name of something else.
constexpr std::array<std::string_view, 9> kNotSecretEnds = {
    "name", "id", "ref", "s_total", "tokens", "usage", "arn", "version", "enabled"};

bool is_identifier(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return text::is_alpha(c) || c == '_' || c == '.' || c == '-' || c == ' ' || c == '/' ||
           c == ':';
  });
}

bool is_member_access(std::string_view text) {
  return text.find('.') != std::string_view::npos && (text::is_alpha(text[0]) || text[0] == '_') &&
         std::all_of(text.begin(), text.end(),
                     [](char c) {
                       return text::is_alpha(c) || text::is_digit(c) || c == '_' || c == '.';
                     }) &&
         entropy(text) < 4.0;
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) {
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool hex = text::is_digit(text[i]) ||
                     (text::to_lower(text[i]) >= 'a' && text::to_lower(text[i]) <= 'f');
    if (dash ? text[i] != '-' : !hex) {
      return false;
    }
  }
  return true;
}

bool is_reference(std::string_view value) {
  return value.starts_with('$') || value.starts_with('<') || value.starts_with('{') ||
         value.starts_with('%') || value.starts_with('@') || value.starts_with("file:") ||
         value.starts_with("env:") || value.starts_with("!") || value.starts_with('*') ||
         value.starts_with('/') || value.starts_with("./") || value.starts_with("http") ||
         value.find("${") != std::string_view::npos || value.find("{{") != std::string_view::npos ||
         value.find("env.") != std::string_view::npos ||
         value.find("environ") != std::string_view::npos;
}

bool has_digit(std::string_view text) {
  return std::any_of(text.begin(), text.end(), text::is_digit);
}

bool has_letter(std::string_view text) {
  return std::any_of(text.begin(), text.end(), text::is_alpha);
}

bool has_special(std::string_view text) {
  return text.find_first_of("!@#$%^&*+=?~") != std::string_view::npos;
}

bool is_password_name(std::string_view lower) {
  return lower.find("pass") != std::string_view::npos ||
         lower.find("pwd") != std::string_view::npos;
}

}  // namespace

double entropy(std::string_view text) {
  std::array<unsigned, 256> counts{};
  for (const char c : text) {
    ++counts[static_cast<unsigned char>(c)];
  }
  double bits = 0;
  const auto size = static_cast<double>(text.size());
  for (const unsigned count : counts) {
    if (count > 0) {
      const double share = count / size;
      bits -= share * std::log2(share);
    }
  }
  return bits;
}

bool is_sample(std::string_view secret) {
  if ((secret.starts_with("[REDACTED:") && secret.ends_with(']')) || holds_any(secret, kSamples)) {
    return true;
  }
  const std::string lower = text::lower_ascii(secret);
  return holds_any(lower, kPlaceholders) || entropy(secret) < 1.5;
}

bool names_secret(std::string_view name) {
  const std::string lower = text::lower_ascii(name);
  static constexpr std::array<std::string_view, 15> kSecretNames = {
      "password",   "passwd",    "passphrase",  "pwd",     "secret",
      "token",      "api_key",   "api-key",     "apikey",  "access_key",
      "access-key", "accesskey", "private_key", "authkey", "encryption_key"};
  if (!holds_any(lower, kSecretNames)) {
    return false;
  }
  const auto ends = [&](std::string_view end) { return lower.ends_with(end); };
  return !holds_any(lower, kNotSecret) &&
         std::none_of(kNotSecretEnds.begin(), kNotSecretEnds.end(), ends);
}

bool is_secret_value(std::string_view name, std::string_view value, bool quoted) {
  if (value.size() < 8 || !names_secret(name) || is_reference(value) || is_sample(value) ||
      is_uuid(value) || is_identifier(value) || (!quoted && is_member_access(value))) {
    return false;
  }
  const bool mixed = has_digit(value) && has_letter(value);
  if (is_password_name(text::lower_ascii(name))) {
    return (mixed || has_special(value)) && entropy(value) >= 2.5;
  }
  return mixed && value.find(' ') == std::string_view::npos && value.size() >= 12 &&
         entropy(value) >= 3.0;
}

bool is_url_password(std::string_view password) {
  static constexpr std::array<std::string_view, 10> kWords = {
      "password", "passwd", "pass", "secret", "pwd", "token", "user", "port", "changeme", "xxx"};
  const std::string lower = text::lower_ascii(password);
  return !password.starts_with('$') && !password.starts_with('{') && !password.starts_with('%') &&
         !password.starts_with('[') && !password.starts_with('<') && !password.starts_with('*') &&
         password.find("${") == std::string_view::npos &&
         password.find("{{") == std::string_view::npos &&
         std::find(kWords.begin(), kWords.end(), lower) == kWords.end() &&
         (entropy(password) >= 1.5) && !is_sample(password);
}

}  // namespace oap::security
