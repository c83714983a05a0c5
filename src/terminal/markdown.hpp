#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "terminal/style.hpp"

namespace oap::terminal {

struct MarkdownOptions {
  std::size_t width = 80;  ///< columns
  bool marks = false;      ///< looks cannot be seen: headings keep "#", code its backticks
  bool ascii = false;      ///< frames of "-" and "|"
};

/// Turns Markdown that comes in pieces, cut anywhere, into rows for a terminal: headings, lists,
/// quotes, framed code, tables (as records where they are too wide), rules, and the inline forms.
/// A row is given out as soon as its line is complete, a table when it ends. Any bytes are
/// accepted: what could steer a terminal is shown by its number (`shown`). Memory: the line under
/// way, at most 1 MiB, or a table of 500 rows. Of one thread.
class Markdown {
 public:
  explicit Markdown(MarkdownOptions options) : options_(options) {}

  std::vector<Line> push(std::string_view piece);
  /// The text ends here: what is left, an open frame is closed. Then it starts afresh.
  std::vector<Line> finish();
  /// What finish() would add for the text so far, without ending anything.
  std::vector<Line> preview() const;
  void set_width(std::size_t width) { options_.width = width; }

 private:
  struct Fence {
    char mark;
    std::size_t length;
    std::size_t indent;
    bool is_diff;
  };

  void line(std::string_view text, std::vector<Line>& out);
  void block(std::string_view text, const Line& before, std::vector<Line>& out);
  void paragraph(std::string_view text, const Line& first, const Line& rest,
                 std::vector<Line>& out) const;
  bool heading(std::string_view text, std::size_t indent, const Line& before,
               std::vector<Line>& out) const;
  bool item(std::string_view text, std::size_t indent, const Line& before,
            std::vector<Line>& out) const;
  bool open_fence(std::string_view text, std::size_t indent, std::vector<Line>& out);
  void code(std::string_view text, std::vector<Line>& out);
  bool hold_table(std::string_view text, std::vector<Line>& out);
  void end_table(std::vector<Line>& out);
  void flush_blank(std::vector<Line>& out);
  Line rule(std::string_view title) const;

  MarkdownOptions options_;
  std::string pending_;             // the line under way
  std::optional<Fence> fence_;      // inside of code
  std::vector<std::string> table_;  // its rows so far; one alone may still be none
  bool is_table_ = false;
  bool blank_ = false;  // a blank line is owed before the next row
  bool begun_ = false;
};

/// Rows of a table: the first is its head. Columns that do not fit are narrowed and wrapped; where
/// not even that fits, each row becomes "head: cell" lines. Pure.
std::vector<Line> table_rows(const std::vector<std::string>& rows, const MarkdownOptions& options);
/// Whether a line is a table's second: "|---|:-:|".
bool is_table_rule(std::string_view text);
/// The cells of a row, trimmed; "\|" and what stands in code does not split.
std::vector<std::string> table_cells(std::string_view row);

}  // namespace oap::terminal
