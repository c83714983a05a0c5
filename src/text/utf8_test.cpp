#include "text/utf8.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace oap::text {
namespace {

TEST(Utf8, KnowsValidFromInvalid) {
  for (const std::string_view text :
       {"", "abc", "é", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF0\x90\x80\x80",
        "\xF4\x8F\xBF\xBF", "日本語😀"}) {
    EXPECT_TRUE(is_valid_utf8(text)) << text;
    EXPECT_EQ(sanitize_utf8(text), text);
  }
  for (const std::string_view text :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC3", "\xE0\x9F\xBF", "\xED\xA0\x80",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "a\xE2\x82",
        "\xE2\x82"
        "b"}) {
    EXPECT_FALSE(is_valid_utf8(text));
    EXPECT_TRUE(is_valid_utf8(sanitize_utf8(text)));
  }
}

TEST(Utf8, ReplacesEachMaximalPartOnce) {
  EXPECT_EQ(sanitize_utf8("a\xF0\x9F\x98z"), "a\uFFFDz");
  EXPECT_EQ(sanitize_utf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(sanitize_utf8("\xC0\xAF"), "\uFFFD\uFFFD");
}

TEST(Utf8, CountsAndIterates) {
  EXPECT_EQ(code_point_count("aé日😀"), 4U);
  EXPECT_EQ(code_point_count("a\xFFz"), 3U);
  std::vector<char32_t> seen;
  for (const CodePoint c : CodePoints("aé😀")) {
    seen.push_back(c.value);
  }
  EXPECT_EQ(seen, (std::vector<char32_t>{U'a', U'é', U'😀'}));
}

TEST(Utf8, EachCodePointComesBackAsItWas) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) {
      continue;
    }
    std::string text;
    append_utf8(text, c);
    const CodePoint back = decode_at(text, 0);
    ASSERT_TRUE(back.valid);
    ASSERT_EQ(back.value, c);
    ASSERT_EQ(back.length, text.size());
  }
  std::string text;
  append_utf8(text, 0xD800);
  append_utf8(text, 0x110000);
  EXPECT_EQ(text, "\uFFFD\uFFFD");
}

TEST(Utf8, TruncatesBetweenCodePoints) {
  EXPECT_EQ(truncate_utf8("abc", 3), "abc");
  EXPECT_EQ(truncate_utf8("abc", 2), "ab");
  EXPECT_EQ(truncate_utf8("aé", 2), "a");
  EXPECT_EQ(truncate_utf8("a😀b", 4), "a");
  EXPECT_EQ(truncate_utf8("a😀b", 5), "a😀");
  EXPECT_EQ(truncate_utf8("😀", 0), "");
  EXPECT_EQ(truncate_utf8("\x80\x80\x80\x80\x80\x80", 5).size(), 5U);
}

TEST(Utf8, ShowsWhatAReaderCannotSee) {
  EXPECT_EQ(escape_visible("ls -la 日本 😀"), "ls -la 日本 😀");
  EXPECT_EQ(escape_visible("a\u202Eb"), "a\\u{202e}b");
  EXPECT_EQ(escape_markup("<a b='\"'>&\u202E"), "&lt;a b=&#39;&quot;&#39;&gt;&amp;\\u{202e}");
  EXPECT_EQ(escape_visible("a\u200Bb\u00A0c"), "a\\u{200b}b\\u{a0}c");
  EXPECT_EQ(escape_visible("\x1b[31mred"), "\\u{1b}[31mred");
  EXPECT_EQ(escape_visible("a\nb\tc"), "a\\u{a}b\\u{9}c");
  EXPECT_EQ(escape_visible("a\nb\tc\r", {true}), "a\nb\tc\\u{d}");
  EXPECT_EQ(escape_visible("a\xFF\xE2\x82"), "a\\x{ff}\\x{e2}\\x{82}");
  EXPECT_EQ(escape_visible("\U000E0041"), "\\u{e0041}");
  EXPECT_EQ(escape_visible(std::string_view("\0", 1)), "\\u{0}");
}

TEST(Utf8, ListsDeceptiveCodePoints) {
  for (const char32_t c :
       {0x00U, 0x1FU, 0x7FU, 0x85U, 0x9FU, 0xA0U, 0xADU, 0x61CU, 0x200EU, 0x202AU, 0x2066U, 0x2069U,
        0x3164U, 0xFE0FU, 0xFEFFU, 0xFFFEU, 0x1FFFFU, 0xE0001U}) {
    EXPECT_TRUE(is_deceptive(c)) << std::hex << static_cast<unsigned>(c);
  }
  for (const char32_t c : {U' ', U'~', U'é', U'日', U'😀', U'\uFFFD', U'—', U'\u0301'}) {
    EXPECT_FALSE(is_deceptive(c)) << std::hex << static_cast<unsigned>(c);
  }
}

}  // namespace
}  // namespace oap::text
