#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "audit/index.hpp"

namespace oap::audit {

// How the content of an index file is laid out, in the machine's byte order: the header, a Span for
// each run of records, the offset of each record (32 bits), an entry of 16 bytes for each value in
// the order of their tokens, and the records' numbers as varints of their differences.

inline constexpr std::string_view kIndexMagic = "oap audit index2";
inline constexpr std::size_t kLastBytes = 80;

struct IndexHeader {
  std::array<char, 16> magic{};
  std::uint64_t covered = 0;
  std::uint64_t records = 0;
  std::uint64_t tokens = 0;
  std::uint64_t numbers = 0;  ///< bytes
  Span span;
  std::array<char, kLastBytes> last{};  ///< of what is covered
};

inline void append_varint(std::string& out, std::uint32_t value) {
  for (; value >= 0x80U; value >>= 7U) {
    out.push_back(static_cast<char>(value | 0x80U));
  }
  out.push_back(static_cast<char>(value));
}

/// Nothing where the text ends before it does.
inline std::optional<std::uint32_t> take_varint(std::string_view& text) {
  std::uint32_t value = 0;
  for (unsigned shift = 0; shift < 32 && !text.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(text.front());
    text.remove_prefix(1);
    value |= (byte & 0x7FU) << shift;
    if (byte < 0x80U) {
      return value;
    }
  }
  return std::nullopt;
}

}  // namespace oap::audit
