#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace oap::text {

/// One step through a byte string that is meant to be UTF-8 (Unicode 15, table 3-7).
struct CodePoint {
  char32_t value = 0;      ///< U+FFFD where the bytes are not UTF-8
  std::size_t length = 0;  ///< bytes, at least 1
  bool valid = true;
};

/// Decodes at byte `at`, which must be inside `text`. An invalid sequence takes as many bytes as
/// the longest start of a valid one has, as the Unicode standard recommends. Pure.
CodePoint decode_at(std::string_view text, std::size_t at);

/// Appends one code point; anything that is not a Unicode scalar value becomes U+FFFD.
void append_utf8(std::string& out, char32_t code_point);

bool is_valid_utf8(std::string_view text);
/// The text with each invalid sequence replaced by U+FFFD. Valid text comes back unchanged.
std::string sanitize_utf8(std::string_view text);
/// Number of code points; each invalid sequence counts as one.
std::size_t code_point_count(std::string_view text);
/// The longest start of `text` of at most `max_bytes` bytes that ends between two code points.
std::string_view truncate_utf8(std::string_view text, std::size_t max_bytes);

/// True for code points that a reader cannot see or that change what is seen: controls,
/// bidirectional and zero-width marks, fillers, tags, spaces other than U+0020, non-characters.
bool is_deceptive(char32_t code_point);

struct EscapeOptions {
  bool keep_newlines = false;  ///< leaves "\n" and "\t" as they are
};

/// The text as it may be shown to a person who must judge it: each deceptive code point as
/// `\u{202e}`, each invalid byte as `\x{ff}`. The result is valid UTF-8 without controls.
std::string escape_visible(std::string_view text, EscapeOptions options = {});
/// The same as text or attribute value of HTML and XML.
std::string escape_markup(std::string_view text);

/// Range of the code points of a text: `for (CodePoint c : CodePoints(text))`. Borrows the text.
class CodePoints {
 public:
  explicit CodePoints(std::string_view text) : text_(text) {}

  class Iterator {
   public:
    Iterator(std::string_view text, std::size_t at) : text_(text), at_(at) { load(); }
    CodePoint operator*() const { return current_; }
    Iterator& operator++() {
      at_ += current_.length;
      load();
      return *this;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }
    /// Byte offset of the current code point.
    std::size_t offset() const { return at_; }

   private:
    void load() {
      if (at_ < text_.size()) {
        current_ = decode_at(text_, at_);
      }
    }
    std::string_view text_;
    std::size_t at_;
    CodePoint current_;
  };

  Iterator begin() const { return {text_, 0}; }
  Iterator end() const { return {text_, text_.size()}; }

 private:
  std::string_view text_;
};

}  // namespace oap::text
