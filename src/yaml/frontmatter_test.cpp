#include "yaml/frontmatter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/print.hpp"
#include "yaml/testing/case_file.hpp"

namespace oap::yaml {
namespace {

using ::testing::HasSubstr;

TEST(Frontmatter, Cases) {
  const auto cases = testing::read_cases(OAP_SOURCE_DIR "/src/yaml/cases/frontmatter.case");
  ASSERT_GT(cases.size(), 10U);
  for (const testing::Case& one : cases) {
    SCOPED_TRACE("frontmatter.case:" + std::to_string(one.line) + " " + one.name);
    const std::string& expected = one.expected.at(0);
    const Result<Frontmatter> split = split_frontmatter(one.text, "f.md");
    if (expected.rfind("error: ", 0) == 0) {
      ASSERT_FALSE(split);
      EXPECT_EQ(split.error().code(), Code::kConfiguration);
      EXPECT_THAT(split.error().message(), HasSubstr(expected.substr(7)));
      continue;
    }
    ASSERT_TRUE(split) << split.error().message();
    EXPECT_EQ(std::to_string(split->body_line) + " " + json::print(split->fields), expected);
    int line = 1;
    std::size_t at = 0;
    for (; line < split->body_line; ++line) {
      at = one.text.find('\n', at) + 1;
    }
    EXPECT_EQ(split->body, one.text.substr(at));
  }
}

TEST(Frontmatter, ByteOrderMarkAndCrlf) {
  const auto split = split_frontmatter("\xEF\xBB\xBF---\r\na: 1\r\n---\r\nbody\r\n", "f.md");
  ASSERT_TRUE(split);
  EXPECT_EQ(json::print(split->fields), R"({"a":1})");
  EXPECT_EQ(split->body, "body\r\n");
  EXPECT_EQ(split->body_line, 4);
}

TEST(Frontmatter, TheEndOfTheTextMayCloseTheFence) {
  const auto split = split_frontmatter("---\na: 1\n---", "f.md");
  ASSERT_TRUE(split);
  EXPECT_EQ(split->body, "");
  const auto empty = split_frontmatter("", "f.md");
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->body, "");
  EXPECT_EQ(empty->body_line, 1);
}

TEST(Frontmatter, BodyNeedNotBeUtf8) {
  const auto split = split_frontmatter("---\na: 1\n---\n\xff\xfe", "f.md");
  ASSERT_TRUE(split);
  EXPECT_EQ(split->body, "\xff\xfe");
  EXPECT_FALSE(split_frontmatter("---\na: \xff\n---\n", "f.md"));
}

}  // namespace
}  // namespace oap::yaml
