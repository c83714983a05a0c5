#include "mcp/oauth/challenge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oap::mcp::oauth {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string show(std::string_view header) {
  std::string out;
  for (const Challenge& challenge : parse_challenges(header)) {
    out += "[" + challenge.scheme;
    for (const auto& [name, value] : challenge.params) {
      out += " " + name + "=" + value;
    }
    out += "]";
  }
  return out;
}

TEST(Challenge, ReadsWhatServersSend) {
  EXPECT_EQ(show(""), "");
  EXPECT_EQ(show("Bearer"), "[bearer]");
  EXPECT_EQ(show("Bearer scope=\"a b\", resource_metadata=\"https://x/y?z=1,2\""),
            "[bearer scope=a b resource_metadata=https://x/y?z=1,2]");
  EXPECT_EQ(show("bearer ERROR=invalid_token , Scope = \"a\""),
            "[bearer error=invalid_token scope=a]");
  EXPECT_EQ(show("Basic realm=\"x\", Bearer error=\"e\", Negotiate"),
            "[basic realm=x][bearer error=e][negotiate]");
  EXPECT_EQ(show("Negotiate abc==, Bearer scope=s"), "[negotiate][bearer scope=s]");
  EXPECT_EQ(show("Bearer realm=\"a \\\"q\\\" b\""), "[bearer realm=a \"q\" b]");
  EXPECT_EQ(show(",, ,Bearer a=1,,b=2,"), "[bearer a=1 b=2]");
}

TEST(Challenge, InventsNothing) {
  EXPECT_EQ(show("Bearer scope=\"never closed"), "[bearer]");
  EXPECT_EQ(show("=x"), "");
  EXPECT_EQ(show("\"Bearer\""), "");
  EXPECT_EQ(show("Bearer scope="), "[bearer]");
  EXPECT_EQ(show("Bearer\x01scope=a"), "[bearer]");
  EXPECT_FALSE(bearer_challenge("Basic scope=\"a\""));
  EXPECT_EQ(bearer_challenge("Basic scope=\"a\", Bearer scope=\"b\"")->scope, "b");
}

TEST(Challenge, LongInputIsLinear) {
  const std::string many(200'000, ',');
  EXPECT_EQ(show(many + "Bearer"), "[bearer]");
  std::string params = "Bearer ";
  for (int i = 0; i < 20'000; ++i) {
    params += "a=b,";
  }
  EXPECT_EQ(parse_challenges(params).front().params.size(), 20'000U);
}

TEST(Challenge, WrittenOnesReadBackAndCannotSplitAHeader) {
  const std::string text = write_challenge(
      {"invalid_token", "a \"quoted\" \\ word\r\nSet-Cookie: x=1", "a b", "https://x/y"});
  EXPECT_THAT(text, Not(HasSubstr("\n")));
  EXPECT_THAT(text, Not(HasSubstr("\r")));
  const auto back = bearer_challenge(text);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->error, "invalid_token");
  EXPECT_EQ(back->error_description, "a \"quoted\" \\ wordSet-Cookie: x=1");
  EXPECT_EQ(back->scope, "a b");
  EXPECT_EQ(back->resource_metadata, "https://x/y");
  EXPECT_EQ(write_challenge({}), "Bearer");
}

}  // namespace
}  // namespace oap::mcp::oauth
