#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "crypto/hash.hpp"
#include "text/strings.hpp"

namespace oap::security::testing {

/// Characters that look random and are the same in every run.
inline std::string noise(std::string_view alphabet, std::size_t count, std::uint32_t seed) {
  std::string out;
  std::uint32_t state = seed * 2654435761U + 12345U;
  while (out.size() < count) {
    state = state * 1664525U + 1013904223U;
    out += alphabet[(state >> 16U) % alphabet.size()];
  }
  return out;
}

/// "a-z0-9_" as its characters.
inline std::string spread(std::string_view set) {
  std::string out;
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (i + 2 < set.size() && set[i + 1] == '-') {
      for (char c = set[i]; c <= set[i + 2]; ++c) {
        out += c;
      }
      i += 2;
    } else {
      out += set[i];
    }
  }
  return out;
}

inline std::string alphabet_of(char kind) {
  switch (kind) {
    case 'U':
      return spread("A-Z0-9");
    case 'L':
      return spread("A-Za-z");
    case 'H':
      return spread("0-9a-f");
    case 'D':
      return spread("0-9");
    case 'B':
      return spread("A-Za-z0-9+/");
    case 'W':
      return spread("A-Za-z0-9_-");
    case 'S':
      return spread("a-z0-9");
    default:
      return spread("A-Za-z0-9");
  }
}

inline std::string crc32_base62(std::string_view body) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char c : body) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 1U) != 0 ? 0xEDB88320U ^ (crc >> 1U) : crc >> 1U;
    }
  }
  crc ^= 0xFFFFFFFFU;
  constexpr std::string_view kDigits =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string out(6, '0');
  for (std::size_t i = 6; i-- > 0; crc /= 62) {
    out[i] = kDigits[crc % 62];
  }
  return out;
}

/// The tables write tokens in pieces, so that they hold none themselves. ⟨A36⟩ is 36 letters and
/// digits; U upper case and digits, S lower case and digits, L letters, H hex, D digits, B base64,
/// W letters, digits, - and _; ⟨[a-z2-7]52⟩ any other set; ⟨C30⟩ 30 letters and digits and their
/// checksum; ⟨64:text⟩, ⟨64u:text⟩, ⟨hex:text⟩ the text encoded; ¤ nothing; ␤ a newline. What
/// stands in an encoded text is assembled first.
inline std::string assemble(std::string text, std::uint32_t seed = 7) {
  constexpr std::string_view kOpen = "⟨";
  constexpr std::string_view kClose = "⟩";
  for (std::size_t end = text.find(kClose); end != std::string::npos; end = text.find(kClose)) {
    const std::size_t at = text.rfind(kOpen, end);
    if (at == std::string::npos) {
      return "unbalanced: " + text;
    }
    const std::string inner = text.substr(at + kOpen.size(), end - at - kOpen.size());
    std::string body;
    const std::size_t colon = inner.find(':');
    const std::string plain =
        colon == std::string::npos
            ? ""
            : text::replace_all(text::replace_all(inner.substr(colon + 1), "␤", "\n"), "¤", "");
    if (inner.starts_with("64:")) {
      body = crypto::to_base64(plain);
    } else if (inner.starts_with("64u:")) {
      body = crypto::to_base64url(plain);
    } else if (inner.starts_with("hex:")) {
      body = crypto::to_hex(plain);
    } else if (inner.starts_with('[')) {
      const std::size_t close = inner.rfind(']');
      body = noise(spread(std::string_view(inner).substr(1, close - 1)),
                   static_cast<std::size_t>(std::stoi(inner.substr(close + 1))), ++seed);
    } else {
      body = noise(alphabet_of(inner[0]), static_cast<std::size_t>(std::stoi(inner.substr(1))),
                   ++seed);
      body += inner[0] == 'C' ? crc32_base62(body) : "";
    }
    text.replace(at, end + kClose.size() - at, body);
  }
  return text::replace_all(text::replace_all(text, "␤", "\n"), "¤", "");
}

}  // namespace oap::security::testing
