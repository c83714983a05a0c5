#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace oap::terminal {

enum class Colour : std::uint8_t { kNone, kRed, kGreen, kYellow, kBlue, kMagenta, kCyan, kGrey };

struct Style {
  bool bold = false;
  bool dim = false;
  bool italic = false;
  bool underline = false;
  bool strike = false;
  bool reverse = false;
  Colour colour = Colour::kNone;
  bool operator==(const Style&) const = default;
};

/// A piece of text of one look. Its text is already fit to be shown and holds no line end.
struct Span {
  std::string text;
  Style style = {};
  bool operator==(const Span&) const = default;
};
/// One row, or what becomes one or more rows when it is wrapped.
using Line = std::vector<Span>;

/// Whether looks are written at all: kNone for NO_COLOR, dumb terminals and files.
enum class Paint { kNone, kColour };

/// The bytes of a line: SGR sequences (ECMA-48 §8.3.117) around each piece that needs them, ended
/// before the line ends. Nothing but text with kNone.
std::string paint(const Line& line, Paint how);
/// The text alone.
std::string plain(const Line& line);
std::size_t columns_of(const Line& line);
/// Appends, joined with the last piece where the look is the same.
void add(Line& line, std::string_view text, Style style = {});

struct WrapOptions {
  std::size_t width = 80;  ///< columns, at least 1
  Line first = {};         ///< before the first row
  Line rest = {};          ///< before each further row
};
/// Rows of at most `width` columns, broken at spaces and between wide characters, in words only
/// where one is too long for a row. At least one row. Where the width is too small for the
/// prefixes, they are left out. Pure.
std::vector<Line> wrap(const Line& line, const WrapOptions& options);
/// Broken at the width alone and with all its spaces: for code.
std::vector<Line> chop(const Line& line, const WrapOptions& options);
/// At most `columns` wide, with "…" where it was cut.
Line clipped(const Line& line, std::size_t columns);

}  // namespace oap::terminal
