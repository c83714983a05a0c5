#include <algorithm>
#include <array>

#include "crypto/hash.hpp"
#include "json/parse.hpp"
#include "security/secret_checks.hpp"

namespace oap::security {
namespace {

std::uint32_t crc32(std::string_view bytes) {
  static const std::array<std::uint32_t, 256> kTable = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
      std::uint32_t crc = i;
      for (int bit = 0; bit < 8; ++bit) {
        crc = (crc & 1U) != 0 ? 0xEDB88320U ^ (crc >> 1U) : crc >> 1U;
      }
      table[i] = crc;
    }
    return table;
  }();
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char c : bytes) {
    crc = kTable[(crc ^ static_cast<unsigned char>(c)) & 0xFFU] ^ (crc >> 8U);
  }
  return crc ^ 0xFFFFFFFFU;
}

std::string base62(std::uint32_t value) {
  static constexpr std::string_view kDigits =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string out(6, '0');
  for (std::size_t i = out.size(); i-- > 0; value /= 62) {
    out[i] = kDigits[value % 62];
  }
  return out;
}

std::optional<json::Value> decoded_part(std::string_view part) {
  while (part.ends_with('=')) {
    part.remove_suffix(1);
  }
  const auto bytes = crypto::from_base64url(part);
  if (!bytes) {
    return std::nullopt;
  }
  auto parsed = json::parse(*bytes);
  return parsed ? std::optional(*std::move(parsed)) : std::nullopt;
}

}  // namespace

bool has_crc32(std::string_view token, std::size_t prefix) {
  if (token.size() < prefix + 12) {
    return false;
  }
  const std::string_view body = token.substr(prefix, token.size() - prefix - 6);
  return base62(crc32(body)) == token.substr(token.size() - 6);
}

bool fails_crc32(std::string_view token) {
  static constexpr std::string_view kKinds[] = {"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "npm_"};
  const bool kind = std::any_of(std::begin(kKinds), std::end(kKinds),
                                [&](std::string_view prefix) { return token.starts_with(prefix); });
  return kind && token.size() >= 40 && token.find('.') == std::string_view::npos &&
         !has_crc32(token, 4);
}

bool is_false_gitlab(std::string_view text) {
  const std::size_t dot =
      text.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-");
  constexpr std::size_t kBehind = 13;  // ".01.", the payload's length, the checksum
  if (dot == std::string_view::npos || text.size() < dot + kBehind || text[dot] != '.' ||
      text[dot + 3] != '.') {
    return false;
  }
  const std::string_view checksum = text.substr(dot + 6, 7);
  static constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";
  if (text.substr(dot + 4, 9).find_first_not_of(kDigits) != std::string_view::npos) {
    return false;
  }
  std::string right(7, '0');
  std::uint32_t crc = crc32(text.substr(0, dot + 6));
  for (std::size_t i = right.size(); i-- > 0; crc /= 36) {
    right[i] = kDigits[crc % 36];
  }
  return right != checksum;
}

bool is_jwt(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t second = token.find('.', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) {
    return false;
  }
  const auto header = decoded_part(token.substr(0, first));
  if (!header || json::find(*header, "alg") == nullptr ||
      json::get_string(*header, "alg") == "none") {
    return false;
  }
  if (json::find(*header, "enc") != nullptr) {
    return true;
  }
  const std::string_view middle = token.substr(first + 1, second - first - 1);
  if (middle.empty()) {
    return true;  // detached content
  }
  const auto payload = decoded_part(middle);
  if (!payload || !payload->is_object()) {
    return false;
  }
  const bool jwt_io = json::get_string(*payload, "sub") == "1234567890" &&
                      json::get_string(*payload, "name") == "John Doe";
  const bool rfc7519 = json::get_string(*payload, "iss") == "joe" &&
                       json::find(*payload, "http://example.com/is_root") != nullptr;
  return !jwt_io && !rfc7519;
}

}  // namespace oap::security
