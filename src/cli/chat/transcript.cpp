#include "cli/chat/transcript.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "approval/question.hpp"
#include "terminal/width.hpp"
#include "text/strings.hpp"

namespace oap::cli::chat {
namespace {

using terminal::Colour;
using terminal::Line;
using terminal::Style;

constexpr std::size_t kDiffRows = 24;
constexpr std::size_t kPersonRows = 20;
constexpr std::size_t kRecent = 4'096;  // bytes
constexpr Style kQuiet{.colour = Colour::kGrey};

std::vector<Line> wrapped(std::string_view text, Style style, const Line& first, const Line& rest,
                          std::size_t width) {
  std::vector<Line> out;
  const std::string fit = terminal::shown(text);
  for (const std::string_view line : text::split_lines(fit)) {
    std::vector<Line> rows =
        terminal::wrap({{std::string(line), style}}, {width, out.empty() ? first : rest, rest});
    std::move(rows.begin(), rows.end(), std::back_inserter(out));
  }
  return out;
}

Style question_style(std::string_view line, bool in_change) {
  if (in_change && line.size() > 6) {
    const char mark = line[6];
    return {.colour = mark == '+'   ? Colour::kGreen
                      : mark == '-' ? Colour::kRed
                      : mark == '@' ? Colour::kCyan
                                    : Colour::kNone};
  }
  return {.bold = line.starts_with("    $ ")};
}

}  // namespace

Transcript::Transcript(Sink sink, const security::SecretScanner* scanner)
    : sink_(std::move(sink)), scanner_(scanner), markdown_({}) {}

void Transcript::set_look(Look look) {
  if (look.marks != look_.marks) {
    markdown_ = terminal::Markdown({look.width, look.marks, false});
  }
  look_ = look;
  markdown_.set_width(look.width);
}

void Transcript::put(Last kind, std::vector<Line> rows) {
  if (rows.empty()) {
    return;
  }
  const bool together = kind == last_ && (kind == Last::kCall || kind == Last::kText);
  if (last_ != Last::kNothing && !together && kind != Last::kOther) {
    rows.insert(rows.begin(), Line{});
  }
  last_ = kind;
  for (Line& row : rows) {
    row = terminal::clipped(row, std::max<std::size_t>(look_.width, 2));
  }
  sink_(std::move(rows));
}

void Transcript::person(std::string_view text) {
  end_text();
  const Style look{.bold = true};
  std::vector<Line> rows =
      wrapped(text, look, {{"› ", {.colour = Colour::kCyan}}}, {{"  "}}, look_.width);
  if (rows.size() > kPersonRows) {
    const std::size_t left = rows.size() - kPersonRows;
    rows.resize(kPersonRows);
    rows.push_back({{fmt::format("  … {} more lines", left), kQuiet}});
  }
  put(Last::kPerson, std::move(rows));
}

void Transcript::text(std::string_view piece) {
  said_text_ = said_text_ || !piece.empty();
  if (scanner_ != nullptr) {
    if (!cleaner_) {
      cleaner_.emplace(*scanner_);
    }
    const std::string released = cleaner_->push(piece);
    recent_ += piece;
    held_bytes_ += piece.size();
    held_bytes_ -= std::min(held_bytes_, released.size());
    if (recent_.size() > 2 * kRecent) {
      recent_.erase(0, recent_.size() - kRecent);
    }
    put(Last::kText, markdown_.push(released));
  } else {
    put(Last::kText, markdown_.push(piece));
  }
}

void Transcript::end_text() {
  if (cleaner_) {
    put(Last::kText, markdown_.push(cleaner_->finish()));
    cleaner_.reset();
    recent_.clear();
    held_bytes_ = 0;
  }
  put(Last::kText, markdown_.finish());
}

std::vector<Line> Transcript::preview() const {
  const bool known = cleaner_ && cleaner_->findings().empty() && held_bytes_ <= recent_.size();
  if (!known || held_bytes_ == 0) {
    return markdown_.preview();
  }
  std::string_view held = std::string_view(recent_).substr(recent_.size() - held_bytes_);
  held = held.substr(0, held.find_last_of(" \n") + 1);
  const std::string_view seen =
      std::string_view(recent_).substr(0, recent_.size() - held_bytes_ + held.size());
  if (held.empty() || text::contains(seen, "-----BEGIN") || !scanner_->scan(seen).empty()) {
    return markdown_.preview();
  }
  terminal::Markdown ahead = markdown_;
  std::vector<Line> rows = ahead.push(held);
  std::vector<Line> open = ahead.preview();
  std::move(open.begin(), open.end(), std::back_inserter(rows));
  return rows;
}

void Transcript::answer(std::string_view text) {
  put(Last::kText, markdown_.push(text));
  put(Last::kText, markdown_.finish());
}

void Transcript::say(std::string_view text, Style style, std::string_view mark) {
  end_text();
  Line first;
  add(first, mark, style);
  const Line rest = {{std::string(terminal::columns_of(mark), ' ')}};
  put(Last::kOther, wrapped(text, style, first, rest, look_.width));
}

void Transcript::note(std::string_view text) { say(text, kQuiet, "  "); }
void Transcript::warning(std::string_view text) { say(text, {.colour = Colour::kYellow}, "! "); }
void Transcript::error(std::string_view text) { say(text, {.colour = Colour::kRed}, "✗ "); }

void Transcript::call(const CallEntry& entry, bool with_change) {
  end_text();
  std::vector<Line> rows = {folded(entry, look_.width)};
  if (!entry.why.empty()) {
    std::vector<Line> why = wrapped(entry.why, kQuiet, {{"  "}}, {{"  "}}, look_.width);
    why.resize(std::min<std::size_t>(why.size(), 3));
    std::move(why.begin(), why.end(), std::back_inserter(rows));
  }
  if (with_change && !entry.diff.empty()) {
    const std::string clean = scanner_ != nullptr ? scanner_->redact(entry.diff) : entry.diff;
    std::vector<Line> diff =
        diff_rows(clean, look_.width, kDiffRows, fmt::format(", /expand {}", entry.number));
    std::move(diff.begin(), diff.end(), std::back_inserter(rows));
  }
  put(Last::kCall, std::move(rows));
}

void Transcript::question(const approval::Request& request) {
  end_text();
  std::vector<Line> rows;
  bool in_change = false;
  const std::string text = approval::question_text(request);
  for (const std::string_view line : text::split_lines(std::string_view(text).substr(1))) {
    in_change = (in_change && line.starts_with("      ")) || line == "    change:";
    const std::size_t indent = std::min<std::size_t>(line.find_first_not_of(' '), line.size());
    const Line start = {{std::string(indent, ' ')}};
    const Style style = rows.empty() ? Style{.bold = true, .colour = Colour::kYellow}
                                     : question_style(line, in_change);
    const Line inner = {{std::string(line.substr(indent)), style}};
    const bool is_prose = indent < 4;
    const terminal::WrapOptions options{look_.width, start, start};
    std::vector<Line> more = is_prose ? wrap(inner, options) : chop(inner, options);
    std::move(more.begin(), more.end(), std::back_inserter(rows));
  }
  put(Last::kQuestion, std::move(rows));
}

void Transcript::rows(std::vector<Line> rows) {
  end_text();
  put(Last::kOther, std::move(rows));
}

}  // namespace oap::cli::chat
