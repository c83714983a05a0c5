#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace oap::security {

/// One token of Python or JavaScript. Private to this folder, as all below.
struct CodeToken {
  enum class Kind : std::uint8_t {
    kName,
    kNumber,
    kString,   ///< a text; `dynamic` where something is put into it
    kPattern,  ///< a regular expression of JavaScript
    kMark,     ///< one or two characters of punctuation
    kLine,     ///< a line's end where it ends a statement (Python)
  };
  Kind kind = Kind::kMark;
  std::string text;  ///< of a string: what is between the quotes, as written
  std::uint32_t line = 0;
  bool dynamic = false;
  std::vector<CodeToken> inside;  ///< the expressions put into a string

  bool is(std::string_view mark) const { return kind != Kind::kString && text == mark; }
  bool is_name() const { return kind == Kind::kName; }
  bool is_string() const { return kind == Kind::kString; }
};

/// A text's tokens behind these are not read.
inline constexpr std::size_t kMaxTokens = 4U << 20U;

/// Comments and docstrings are left out. Never fails: what does not close ends with the text.
std::vector<CodeToken> python_tokens(std::string_view text, std::uint32_t first_line = 1);
std::vector<CodeToken> javascript_tokens(std::string_view text, std::uint32_t first_line = 1);

}  // namespace oap::security
