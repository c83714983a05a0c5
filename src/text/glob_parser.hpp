#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "text/glob.hpp"

namespace oap::text {

/// A byte that is not UTF-8, as a character of its own beyond all code points.
constexpr char32_t kInvalidByte = 0x110000;

struct GlobClass {
  struct Range {
    char32_t first;
    char32_t last;
  };
  std::vector<Range> ranges;
  bool negated = false;
};

/// The pattern as a tree. kChar, kOne, kClass take one character; kRun any number without `/`,
/// kCrossRun any number; kEither holds sequences of which one matches, kOptional one that may be
/// missing.
struct GlobNode {
  enum class Kind : std::uint8_t { kChar, kOne, kClass, kRun, kCrossRun, kEither, kOptional };
  Kind kind = Kind::kChar;
  char32_t value = 0;
  GlobClass set;
  std::vector<std::vector<GlobNode>> branches;
};

using GlobSequence = std::vector<GlobNode>;

/// Parses a pattern (text/glob.hpp has the grammar). Pure.
Result<GlobSequence> parse_glob(std::string_view pattern, const GlobOptions& options);

/// The character at byte `at` and its length; an invalid byte is kInvalidByte + byte.
struct GlobChar {
  char32_t value;
  std::size_t length;
};
GlobChar glob_char_at(std::string_view text, std::size_t at);

}  // namespace oap::text
