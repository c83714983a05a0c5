#include "orchestration/hooks/sanity_check.hpp"

#include <gtest/gtest.h>

namespace oap::orchestration {
namespace {

std::string repeat(std::string_view unit, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) {
    text += unit;
  }
  return text;
}

TEST(SanityCheck, SoundTextsPass) {
  const std::string prose = repeat(
      "The parser reads one line, checks it against the table, and returns the first error. ", 20);
  EXPECT_FALSE(find_anomaly(prose));
  EXPECT_FALSE(find_anomaly("| a | b |\n" + repeat("|---", 60) + "|\n| 1 | 2 |"));
  EXPECT_FALSE(find_anomaly(repeat("=", 300) + "\nTitle\n" + repeat("=", 300)));
  EXPECT_FALSE(find_anomaly("x" + repeat(" ", 600) + "indented"));
  EXPECT_FALSE(find_anomaly(repeat("文件已经读取并且测试全部通过。", 30)));
  EXPECT_FALSE(find_anomaly("short"));
  EXPECT_FALSE(find_anomaly("sha256: " + repeat("0123456789abcdef", 4)));
}

TEST(SanityCheck, DegenerateTextsAreFound) {
  EXPECT_TRUE(find_anomaly("fine so far " + repeat("a", 64)));
  EXPECT_TRUE(find_anomaly("and then " + repeat("the ", 200)));
  EXPECT_TRUE(find_anomaly(repeat("ab", 400)));
  EXPECT_TRUE(find_anomaly(repeat("aab", 400)));
}

}  // namespace
}  // namespace oap::orchestration
