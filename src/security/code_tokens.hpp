#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace oap::security {

/// One token of Python or JavaScript, as it stands in the text, which outlives it. Private to this
/// folder, as all below.
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
  bool dynamic = false;
  std::uint32_t line = 0;
  std::string_view text;          ///< of a string: what is between the quotes, as written
  std::vector<CodeToken> inside;  ///< the expressions put into a string

  bool is(std::string_view mark) const { return kind != Kind::kString && text == mark; }
  bool is_name() const { return kind == Kind::kName; }
  bool is_string() const { return kind == Kind::kString; }
};

using TokenSpan = std::span<const CodeToken>;

struct CodeTokens {
  std::vector<CodeToken> list;
  /// The line where strings stand in strings too deeply to be read; 0: all was read.
  std::uint32_t unread = 0;
};

/// A text's tokens behind these are not read.
inline constexpr std::size_t kMaxTokens = 4U << 20U;

/// Comments and docstrings are left out. Never fails: what does not close ends with the text. One
/// pass: strings within the expressions of strings may have the same quotes (PEP 701; ECMA-262
/// 12.9.6).
CodeTokens python_tokens(std::string_view text);
CodeTokens javascript_tokens(std::string_view text);

/// Visits the tokens, then those inside of each string, and so on.
void each_span(TokenSpan tokens, const std::function<void(TokenSpan)>& visit);

}  // namespace oap::security
