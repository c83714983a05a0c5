#include "terminal/style.hpp"

#include <algorithm>

#include "terminal/width.hpp"

namespace oap::terminal {
namespace {

std::string codes_of(const Style& style) {
  std::string codes;
  const auto put = [&codes](bool on, const char* code) {
    if (on) {
      codes += codes.empty() ? "" : ";";
      codes += code;
    }
  };
  put(style.bold, "1");
  put(style.dim, "2");
  put(style.italic, "3");
  put(style.underline, "4");
  put(style.reverse, "7");
  put(style.strike, "9");
  static constexpr const char* kCodes[] = {"", "31", "32", "33", "34", "35", "36", "90"};
  put(style.colour != Colour::kNone, kCodes[static_cast<std::size_t>(style.colour)]);
  return codes;
}

/// A character of a line, or the run of spaces between two words.
struct Piece {
  std::string_view text;
  std::size_t width;
  const Style* style;
  bool space;
};

std::vector<Piece> pieces_of(const Line& line) {
  std::vector<Piece> pieces;
  for (const Span& span : line) {
    for (std::size_t at = 0; at < span.text.size();) {
      const Cluster cluster = cluster_at(span.text, at);
      pieces.push_back({std::string_view(span.text).substr(at, cluster.length),
                        static_cast<std::size_t>(cluster.width), &span.style,
                        span.text[at] == ' ' && cluster.length == 1});
      at += cluster.length;
    }
  }
  return pieces;
}

/// Puts pieces into rows.
class Rows {
 public:
  explicit Rows(const WrapOptions& options) : options_(options) {
    const std::size_t longest = std::max(columns_of(options.first), columns_of(options.rest));
    bare_ = longest + 2 > options.width;
    begin();
  }
  bool fits(std::size_t width) const { return used_ + width <= options_.width; }
  bool at_start() const { return used_ == indent_; }
  std::size_t room() const { return options_.width - std::min(indent_, options_.width); }
  void put(const Piece& piece) {
    add(rows_.back(), piece.text, *piece.style);
    used_ += piece.width;
  }
  void begin() {
    rows_.push_back(bare_ ? Line{} : rows_.empty() ? options_.first : options_.rest);
    used_ = indent_ = columns_of(rows_.back());
  }
  std::vector<Line> take() { return std::move(rows_); }

 private:
  const WrapOptions& options_;
  bool bare_ = false;
  std::vector<Line> rows_;
  std::size_t used_ = 0;
  std::size_t indent_ = 0;
};

/// The end of the word at `from`: a run without spaces; a wide character is a word by itself.
std::size_t word_end(const std::vector<Piece>& pieces, std::size_t from) {
  std::size_t end = from + 1;
  if (pieces[from].width == 2) {
    return end;
  }
  while (end < pieces.size() && !pieces[end].space && pieces[end].width != 2) {
    ++end;
  }
  return end;
}

}  // namespace

std::string paint(const Line& line, Paint how) {
  std::string out;
  for (const Span& span : line) {
    const std::string codes = how == Paint::kNone ? std::string() : codes_of(span.style);
    if (codes.empty()) {
      out += span.text;
    } else {
      out += "\x1b[" + codes + "m" + span.text + "\x1b[0m";
    }
  }
  return out;
}

std::string plain(const Line& line) { return paint(line, Paint::kNone); }

std::size_t columns_of(const Line& line) {
  std::size_t columns = 0;
  for (const Span& span : line) {
    columns += columns_of(span.text);
  }
  return columns;
}

void add(Line& line, std::string_view text, Style style) {
  if (text.empty()) {
    return;
  }
  if (!line.empty() && line.back().style == style) {
    line.back().text += text;
  } else {
    line.push_back({std::string(text), style});
  }
}

std::vector<Line> wrap(const Line& line, const WrapOptions& options) {
  const std::vector<Piece> pieces = pieces_of(line);
  Rows rows(options);
  std::size_t spaces_from = 0;  // the spaces before the next word
  for (std::size_t at = 0; at < pieces.size();) {
    spaces_from = at;
    while (at < pieces.size() && pieces[at].space) {
      ++at;
    }
    if (at == pieces.size()) {
      break;
    }
    const std::size_t end = word_end(pieces, at);
    std::size_t width = 0;
    for (std::size_t i = at; i < end; ++i) {
      width += pieces[i].width;
    }
    if (!rows.fits(at - spaces_from + width) && !rows.at_start()) {
      rows.begin();
    } else if (rows.fits(at - spaces_from + width)) {
      for (std::size_t i = spaces_from; i < at; ++i) {
        rows.put(pieces[i]);
      }
    }
    for (; at < end; ++at) {
      if (!rows.fits(pieces[at].width) && !rows.at_start()) {
        rows.begin();
      }
      rows.put(pieces[at]);
    }
  }
  return rows.take();
}

std::vector<Line> chop(const Line& line, const WrapOptions& options) {
  Rows rows(options);
  for (const Piece& piece : pieces_of(line)) {
    if (!rows.fits(piece.width) && !rows.at_start()) {
      rows.begin();
    }
    rows.put(piece);
  }
  return rows.take();
}

Line clipped(const Line& line, std::size_t columns) {
  if (columns_of(line) <= columns) {
    return line;
  }
  Line out;
  std::size_t left = columns > 0 ? columns - 1 : 0;
  for (const Span& span : line) {
    const std::string_view start = fitting(span.text, left);
    add(out, start, span.style);
    left -= std::min(left, columns_of(start));
    if (start.size() < span.text.size()) {
      break;
    }
  }
  if (columns > 0) {
    add(out, "…");
  }
  return out;
}

}  // namespace oap::terminal
