#include "terminal/screen.hpp"

#include <gtest/gtest.h>

#include "terminal/style.hpp"

namespace oap::terminal {
namespace {

Line line(const std::string& text) { return {{text}}; }

TEST(Screen, DrawsOverItsOwnRowsOnly) {
  Screen screen(Paint::kNone, 20);
  EXPECT_EQ(screen.frame({}, {{line("status"), line("> ab")}, 1, 4, true}),
            "\x1b[?25l\r\x1b[Jstatus\r\n> ab\r\x1b[4C\x1b[?25h");
  EXPECT_EQ(screen.frame({}, {{line("status"), line("> ab")}, 1, 4, true}), "");
  EXPECT_EQ(screen.frame({line("done")}, {{line("> ")}, 0, 2, true}),
            "\x1b[?25l\r\x1b[1A\x1b[Jdone\r\n> \r\x1b[2C\x1b[?25h");
  EXPECT_EQ(screen.erase(), "\r\x1b[J\x1b[?25h");
  EXPECT_EQ(screen.erase(), "");
}

TEST(Screen, CountsRowsThatTheTerminalHasWrappedAnew) {
  Screen screen(Paint::kNone, 20);
  screen.frame({}, {{line("123456789012345"), line("x")}, 1, 1, true});
  screen.set_width(10);
  EXPECT_EQ(screen.frame({}, {{line("y")}, 0, 1, true}),
            "\x1b[?25l\r\x1b[2A\x1b[Jy\r\x1b[1C\x1b[?25h");
}

TEST(Style, PaintsAndEndsEachPiece) {
  const Line row = {{"a", {}}, {"b", {.bold = true, .colour = Colour::kRed}}};
  EXPECT_EQ(paint(row, Paint::kColour), "a\x1b[1;31mb\x1b[0m");
  EXPECT_EQ(paint(row, Paint::kNone), "ab");
}

TEST(Style, WrapsWithPrefixesAndGivesThemUpWhereTheyDoNotFit) {
  const auto rows = wrap({{"one two three"}}, {8, {{"- "}}, {{"  "}}});
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(plain(rows[0]), "- one");
  EXPECT_EQ(plain(rows[1]), "  two");
  EXPECT_EQ(plain(wrap({{"ab"}}, {2, {{"- "}}, {{"  "}}})[0]), "ab");
  EXPECT_EQ(plain(chop({{"a  b"}}, {3, {}, {}})[1]), "b");
  EXPECT_EQ(plain(clipped(line("日本語"), 4)), "日…");
}

}  // namespace
}  // namespace oap::terminal
