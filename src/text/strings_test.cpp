#include "text/strings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oap::text {
namespace {

using testing::ElementsAre;

TEST(Strings, Pieces) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim("   "), "");
  EXPECT_THAT(split("a,,b", ','), ElementsAre("a", "", "b"));
  EXPECT_THAT(split("", ','), ElementsAre(""));
  EXPECT_THAT(split("a,", ','), ElementsAre("a", ""));
  EXPECT_THAT(split_lines("a\r\n\nb"), ElementsAre("a", "", "b"));
  EXPECT_THAT(split_lines("a\n"), ElementsAre("a"));
  EXPECT_THAT(split_lines(""), ElementsAre());
  EXPECT_THAT(split_words("  a \t b\n"), ElementsAre("a", "b"));
  EXPECT_EQ(join(std::vector<std::string>{"a", "b"}, ", "), "a, b");
  EXPECT_EQ(join(std::vector<std::string_view>{}, ", "), "");
}

TEST(Strings, LetterCase) {
  EXPECT_EQ(lower_ascii("ABC é"), "abc é");
  EXPECT_TRUE(equals_ci("Content-Type", "content-type"));
  EXPECT_FALSE(equals_ci("ab", "abc"));
  EXPECT_TRUE(starts_with_ci("Bearer x", "bearer "));
  EXPECT_FALSE(starts_with_ci("Be", "bearer"));
}

TEST(Strings, Replaces) {
  EXPECT_EQ(replace_all("aXbXX", "X", "--"), "a--b----");
  EXPECT_EQ(replace_all("aa", "a", "aa"), "aaaa");
  EXPECT_EQ(replace_all("abc", "", "x"), "abc");
  EXPECT_TRUE(contains("abc", "bc"));
}

}  // namespace
}  // namespace oap::text
