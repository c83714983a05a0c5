#include "terminal/markdown.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "terminal/inline_markup.hpp"
#include "terminal/width.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::terminal {
namespace {

constexpr std::size_t kMaxLine = 1U << 20U;
constexpr std::size_t kMaxTableRows = 500;
constexpr std::size_t kWidestFrame = 100;
constexpr Style kQuiet{.colour = Colour::kGrey};

std::size_t indent_of(std::string_view text) {
  const std::size_t at = text.find_first_not_of(' ');
  return at == std::string_view::npos ? text.size() : at;
}

bool is_rule(std::string_view text) {
  std::size_t marks = 0;
  for (const char c : text) {
    if (c != ' ' && c != text.front()) {
      return false;
    }
    marks += c == ' ' ? 0 : 1;
  }
  return marks >= 3 && std::string_view("-*_").find(text.front()) != std::string_view::npos;
}

/// The length of "- ", "12. " and the like at the start; 0 where there is none.
std::size_t marker_length(std::string_view text) {
  if (text.size() > 1 && text[1] == ' ' &&
      std::string_view("-*+").find(text[0]) != std::string_view::npos) {
    return 2;
  }
  std::size_t digits = 0;
  while (digits < text.size() && digits < 9 && text::is_digit(text[digits])) {
    ++digits;
  }
  const bool ends = digits > 0 && digits + 1 < text.size() && text[digits + 1] == ' ' &&
                    (text[digits] == '.' || text[digits] == ')');
  return ends ? digits + 2 : 0;
}

Line spaces(std::size_t count) { return count == 0 ? Line{} : Line{{std::string(count, ' ')}}; }

Line joined(Line a, const Line& b) {
  for (const Span& span : b) {
    add(a, span.text, span.style);
  }
  return a;
}

Style diff_style(std::string_view text) {
  if (text.starts_with('+')) {
    return {.colour = Colour::kGreen};
  }
  if (text.starts_with('-')) {
    return {.colour = Colour::kRed};
  }
  return text.starts_with('@') ? Style{.colour = Colour::kCyan} : Style{};
}

void append(std::vector<Line>& out, std::vector<Line> more) {
  std::move(more.begin(), more.end(), std::back_inserter(out));
}

}  // namespace

std::vector<Line> Markdown::push(std::string_view piece) {
  std::vector<Line> out;
  while (!piece.empty()) {
    const std::size_t end = piece.find('\n');
    const std::string_view part = piece.substr(0, end);
    pending_ += part.substr(0, kMaxLine - std::min(kMaxLine, pending_.size()));
    if (end == std::string_view::npos) {
      break;
    }
    const std::string text = std::exchange(pending_, {});
    line(shown(text.ends_with('\r') ? std::string_view(text).substr(0, text.size() - 1) : text),
         out);
    piece.remove_prefix(end + 1);
  }
  return out;
}

std::vector<Line> Markdown::finish() {
  std::vector<Line> out;
  if (!pending_.empty()) {
    line(shown(std::exchange(pending_, {})), out);
  }
  end_table(out);
  if (fence_) {
    out.push_back(rule(""));
  }
  *this = Markdown(options_);
  return out;
}

std::vector<Line> Markdown::preview() const {
  constexpr std::size_t kMostShown = 4'096;
  if (pending_.empty() && table_.empty()) {
    return {};
  }
  Markdown copy(options_);
  copy.fence_ = fence_;
  copy.table_ = table_;
  copy.is_table_ = is_table_;
  copy.blank_ = blank_;
  copy.begun_ = begun_;
  std::string_view tail = pending_;
  if (tail.size() > kMostShown) {
    tail.remove_prefix(tail.size() - kMostShown);
    while (!tail.empty() && (static_cast<unsigned char>(tail.front()) & 0xC0U) == 0x80U) {
      tail.remove_prefix(1);
    }
  }
  // A character that is not whole yet is left out.
  std::size_t whole = tail.size();
  while (whole > 0 && tail.size() - whole < 3 &&
         (static_cast<unsigned char>(tail[whole - 1]) & 0xC0U) == 0x80U) {
    --whole;
  }
  if (!text::is_valid_utf8(tail.substr(whole > 0 ? whole - 1 : 0))) {
    tail = tail.substr(0, whole > 0 ? whole - 1 : 0);
  }
  copy.pending_ = tail;
  std::vector<Line> out = copy.finish();
  if (fence_ && !out.empty()) {
    out.pop_back();
  }
  return out;
}

void Markdown::flush_blank(std::vector<Line>& out) {
  if (blank_ && begun_) {
    out.emplace_back();
  }
  blank_ = false;
  begun_ = true;
}

void Markdown::line(std::string_view text, std::vector<Line>& out) {
  if (fence_) {
    code(text, out);
    return;
  }
  if (hold_table(text, out)) {
    return;
  }
  if (text::trim(text).empty()) {
    blank_ = true;
    return;
  }
  flush_blank(out);
  block(text, {}, out);
}

void Markdown::block(std::string_view text, const Line& before, std::vector<Line>& out) {
  constexpr std::size_t kDeepest = 16;
  const std::size_t indent = indent_of(text);
  std::string_view rest = text.substr(indent);
  if (rest.starts_with('>') && columns_of(before) < 2 * kDeepest) {
    Line inner = before;
    add(inner, options_.ascii ? "| " : "│ ", kQuiet);
    rest.remove_prefix(rest.starts_with("> ") ? 2 : 1);
    if (text::trim(rest).empty()) {
      out.push_back(clipped(inner, options_.width));
    } else {
      block(rest, inner, out);
    }
    return;
  }
  if (before.empty() && open_fence(rest, indent, out)) {
    return;
  }
  if (is_rule(rest)) {
    const std::size_t used = columns_of(before);
    const Line whole = rule("");
    const bool fits = used < options_.width;
    const std::string_view dashes =
        fitting(whole[0].text, fits ? options_.width - used : options_.width);
    out.push_back(joined(fits ? before : Line{}, {{std::string(dashes), kQuiet}}));
    return;
  }
  if (heading(rest, indent, before, out) || item(rest, indent, before, out)) {
    return;
  }
  const Line start = joined(before, spaces(std::min(indent, options_.width / 2)));
  paragraph(rest, start, start, out);
}

void Markdown::paragraph(std::string_view text, const Line& first, const Line& rest,
                         std::vector<Line>& out) const {
  const Line inner = inline_markup(text, {{}, options_.marks});
  append(out, wrap(inner, {options_.width, first, rest}));
}

bool Markdown::heading(std::string_view text, std::size_t indent, const Line& before,
                       std::vector<Line>& out) const {
  std::size_t level = 0;
  while (level < text.size() && text[level] == '#') {
    ++level;
  }
  const bool ends = level == text.size() || text[level] == ' ';
  if (level == 0 || level > 6 || !ends || indent > 3) {
    return false;
  }
  std::string_view title = text::trim(text.substr(level));
  while (title.ends_with('#')) {
    title.remove_suffix(1);
  }
  Style look{.bold = true, .underline = level == 1};
  look.colour = level <= 2 ? Colour::kMagenta : Colour::kNone;
  const Line inner = inline_markup(text::trim(title), {look, options_.marks});
  Line start = before;
  if (options_.marks) {
    add(start, std::string(level, '#') + " ");
  }
  append(out, wrap(inner, {options_.width, start, before}));
  return true;
}

bool Markdown::item(std::string_view text, std::size_t indent, const Line& before,
                    std::vector<Line>& out) const {
  const std::size_t length = marker_length(text);
  if (length == 0) {
    return false;
  }
  std::string mark(text.substr(0, length));
  std::string_view rest = text.substr(length);
  if (!text::is_digit(mark[0])) {
    mark = options_.ascii ? "- " : "• ";
  }
  for (const auto& [box, sign] :
       {std::pair("[ ] ", "☐ "), std::pair("[x] ", "☑ "), std::pair("[X] ", "☑ ")}) {
    if (rest.starts_with(box)) {
      mark = options_.ascii || !text::is_digit(mark[0]) ? "" : mark;
      mark += options_.ascii ? box : sign;
      rest.remove_prefix(4);
      break;
    }
  }
  Line first = joined(before, spaces(std::min(indent, options_.width / 2)));
  const Line next = joined(first, spaces(columns_of(mark)));
  add(first, mark, {.colour = Colour::kCyan});
  paragraph(text::trim(rest), first, next, out);
  return true;
}

Line Markdown::rule(std::string_view title) const {
  const std::size_t width = std::min(options_.width, kWidestFrame);
  const char* const dash = options_.ascii ? "-" : "─";
  std::string text;
  if (!title.empty() && width > 8) {
    text = std::string(dash) + " " + clipped(title, width - 4) + " ";
  }
  for (std::size_t at = columns_of(text); at < width; ++at) {
    text += dash;
  }
  return {{text, kQuiet}};
}

bool Markdown::open_fence(std::string_view text, std::size_t indent, std::vector<Line>& out) {
  if (!text.starts_with("```") && !text.starts_with("~~~")) {
    return false;
  }
  const std::size_t after = text.find_first_not_of(text[0]);
  const std::size_t length = after == std::string_view::npos ? text.size() : after;
  const std::string_view info = text::trim(text.substr(length));
  if (text[0] == '`' && info.find('`') != std::string_view::npos) {
    return false;
  }
  const std::string_view language = info.substr(0, info.find(' '));
  fence_ = Fence{text[0], length, indent, language == "diff" || language == "patch"};
  out.push_back(rule(language));
  return true;
}

void Markdown::code(std::string_view text, std::vector<Line>& out) {
  const std::size_t indent = indent_of(text);
  const std::string_view mark = text::trim(text);
  const bool closes = mark.size() >= fence_->length && indent < fence_->indent + 4 &&
                      mark.find_first_not_of(fence_->mark) == std::string_view::npos &&
                      !mark.empty();
  if (closes) {
    fence_.reset();
    out.push_back(rule(""));
    return;
  }
  Line row;
  text.remove_prefix(std::min(indent, fence_->indent));
  add(row, text, fence_->is_diff ? diff_style(text) : Style{});
  append(out, chop(row, {options_.width, {}, {}}));
}

bool Markdown::hold_table(std::string_view text, std::vector<Line>& out) {
  const std::string_view row = text::trim(text);
  const bool may_be =
      row.starts_with('|') ? row.size() > 1 : row.find(" | ") != std::string_view::npos;
  if (table_.empty()) {
    if (may_be && marker_length(row) == 0 && !row.starts_with('>') && !row.starts_with('#')) {
      table_.emplace_back(row);
      return true;
    }
    return false;
  }
  if (table_.size() == 1) {
    is_table_ = is_table_rule(row) && table_cells(row).size() == table_cells(table_[0]).size();
  }
  const bool is_rule = table_.size() == 1;
  if (is_table_ && (is_rule || may_be) && table_.size() < kMaxTableRows) {
    table_.emplace_back(row);
    return true;
  }
  end_table(out);
  return hold_table(text, out);
}

void Markdown::end_table(std::vector<Line>& out) {
  const std::vector<std::string> rows = std::exchange(table_, {});
  if (rows.empty()) {
    return;
  }
  flush_blank(out);
  if (std::exchange(is_table_, false)) {
    append(out, table_rows(rows, options_));
  } else {
    for (const std::string& row : rows) {
      block(row, {}, out);
    }
  }
}

}  // namespace oap::terminal
