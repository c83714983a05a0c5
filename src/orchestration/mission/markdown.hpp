#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace oap::orchestration {

/// Tells, line after line, which lines of a Markdown text are prose and which are fenced code or a
/// comment (CommonMark 4.5, 4.6). Pure; one object a text.
class MarkdownLines {
 public:
  /// Whether the next line is text. Lines of a fence, of a comment and those that open or close one
  /// are not.
  bool is_text(std::string_view line);
  /// The number (from 1) of the line that opened what is still open at the end; 0: nothing.
  std::size_t open_since() const { return in_fence_ || in_comment_ ? opened_ : 0; }
  bool in_fence() const { return in_fence_; }

 private:
  bool fence(std::string_view line);

  std::size_t number_ = 0;
  std::size_t opened_ = 0;
  bool in_fence_ = false;
  bool in_comment_ = false;
  char fence_char_ = '`';
  std::size_t fence_length_ = 0;
};

/// The start of a list entry: its marker and, where it has one, its mark in brackets.
struct ListStart {
  std::size_t indent = 0;    ///< columns before the marker; a tab counts to the next fourth
  std::size_t body = 0;      ///< where its text begins
  std::optional<char> mark;  ///< between brackets
  std::size_t mark_at = 0;   ///< its place
  bool malformed = false;    ///< brackets that are nearly a mark: "[]", "[x]text"
};
/// Nothing where the line is no list entry. `line` is without its line break.
std::optional<ListStart> list_start(std::string_view line);

/// A text with its ` | key: value` pieces; places are within the line that `at` begins in.
struct MetaText {
  struct Entry {
    std::string key;  ///< in lower case
    std::string value;
    std::size_t begin = 0;  ///< of the " | "
    std::size_t value_begin = 0;
    std::size_t value_end = 0;
  };
  std::string text;
  std::size_t text_end = 0;
  std::vector<Entry> entries;
};
MetaText split_metadata(std::string_view line, std::size_t at);

/// An id at the start of an item's text, and what follows it. Nothing where there is none.
struct LeadingId {
  std::string id;
  std::size_t rest = 0;  ///< where the text after it begins
};
std::optional<LeadingId> leading_id(std::string_view text);

bool is_metadata_key(std::string_view word);

}  // namespace oap::orchestration
