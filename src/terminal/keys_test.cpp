#include "terminal/keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oap::terminal {
namespace {

using Kind = Key::Kind;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<Key> keys_of(std::string_view bytes, std::size_t piece) {
  KeyReader reader;
  std::vector<Key> keys;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    for (Key& key : reader.feed(bytes.substr(at, piece))) {
      if (key.kind == Kind::kText && !keys.empty() && keys.back().kind == Kind::kText) {
        keys.back().text += key.text;
      } else {
        keys.push_back(std::move(key));
      }
    }
  }
  for (Key& key : reader.flush()) {
    keys.push_back(std::move(key));
  }
  return keys;
}

TEST(Keys, AnyCutGivesTheSameKeys) {
  const std::string bytes =
      "aé日😀\x1b[A\x1b[1;5D\x1bOH\x1b[3~\x1b\r\x1b[13;2u\x7f\x03\t\x1b[Z\x17\x1b"
      "b\x1b[200~x\r\ny\x1b[31m\x1b[201~z\r";
  for (const std::size_t piece : {1UL, 2UL, 3UL, 7UL, 1'000UL}) {
    EXPECT_THAT(
        keys_of(bytes, piece),
        ElementsAre(Key{Kind::kText, "aé日😀"}, Key{Kind::kUp, ""}, Key{Kind::kWordLeft, ""},
                    Key{Kind::kHome, ""}, Key{Kind::kDelete, ""}, Key{Kind::kNewline, ""},
                    Key{Kind::kNewline, ""}, Key{Kind::kBackspace, ""}, Key{Kind::kControl, "c"},
                    Key{Kind::kTab, ""}, Key{Kind::kBackTab, ""}, Key{Kind::kEraseWord, ""},
                    Key{Kind::kWordLeft, ""}, Key{Kind::kPaste, "x\ny[31m"}, Key{Kind::kText, "z"},
                    Key{Kind::kEnter, ""}))
        << piece;
  }
}

TEST(Keys, ALoneEscapeIsToldByTime) {
  KeyReader reader;
  EXPECT_THAT(reader.feed("\x1b"), IsEmpty());
  EXPECT_TRUE(reader.waits());
  EXPECT_THAT(reader.flush(), ElementsAre(Key{Kind::kEscape, ""}));
  EXPECT_FALSE(reader.waits());
  EXPECT_THAT(reader.feed("\x1b\x1b"), ElementsAre(Key{Kind::kEscape, ""}));
  EXPECT_THAT(reader.feed("[A"), ElementsAre(Key{Kind::kUp, ""}));
}

TEST(Keys, UnknownSequencesAndBadBytes) {
  EXPECT_THAT(keys_of("\x1b[99;99;99X\x1b[?1;2ca", 1), ElementsAre(Key{Kind::kText, "a"}));
  EXPECT_THAT(keys_of("a\xFF\xC3(b", 1), ElementsAre(Key{Kind::kText, "a\uFFFD\uFFFD(b"}));
  EXPECT_THAT(keys_of("\xC2\x9B"
                      "2J",
                      1),
              ElementsAre(Key{Kind::kText, "\uFFFD2J"}));
  EXPECT_THAT(keys_of(std::string(200, '\x1b'), 3).size(), 200U);
  const std::string endless = "\x1b[" + std::string(100'000, '1');
  EXPECT_LE(keys_of(endless, 4'096).size(), 2U);
}

TEST(Keys, PastesAreKeptToTheirEndMark) {
  const std::string big(1U << 20U, 'x');
  for (const std::size_t piece : {4'096UL, 100'000UL}) {
    const auto keys = keys_of("\x1b[200~" + big + "\x1b[20\x1b[201~", piece);
    ASSERT_EQ(keys.size(), 1U);
    EXPECT_EQ(keys[0].kind, Kind::kPaste);
    EXPECT_EQ(keys[0].text, big + "[20");
  }
  EXPECT_EQ(pasted_text("a\rb\r\nc\td\x1b[2J\x00"
                        "e\xC2\x9B"),
            "a\nb\nc\td[2J");
}

TEST(Keys, SeveralLinesInOneGoAreAPaste) {
  const auto one_go = [](std::string_view bytes) {
    KeyReader reader;
    return as_pasted(reader.feed(bytes));
  };
  EXPECT_THAT(one_go("a\rb\tc\r\rd"), ElementsAre(Key{Kind::kPaste, "a\nb\tc\n\nd"}));
  EXPECT_THAT(one_go("a\rb\rc\r"),
              ElementsAre(Key{Kind::kPaste, "a\nb\nc"}, Key{Kind::kEnter, ""}));
  EXPECT_EQ(one_go("a\rb\r").size(), 4U);
  EXPECT_EQ(one_go("a\rb\rc\r\x1b[A").size(), 7U);
  EXPECT_EQ(one_go("\x03\r\r\r").size(), 4U);
  EXPECT_THAT(one_go(""), IsEmpty());
}

}  // namespace
}  // namespace oap::terminal
