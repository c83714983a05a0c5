#include "crypto/claims.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oap::crypto {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};
constexpr std::string_view kRest = R"("iss":"https://id","aud":"https://me/mcp")";

Expected expected() {
  return {.issuer = "https://id", .audiences = {"https://me/mcp", "other"}, .max_age = {}};
}

Result<Claims> check(const std::string& members) {
  return check_claims("{" + std::string(kRest) + "," + members + "}", expected(), kNow);
}

TEST(ClaimsTest, AGoodTokenIsRead) {
  const auto claims = check_claims(
      R"({"iss":"https://id","aud":["x","other"],"sub":"ann","exp":1700000100.5,"nbf":1700000000,
          "iat":1699999999,"scope":"a b"})",
      expected(), kNow);
  ASSERT_TRUE(claims) << claims.error().message();
  EXPECT_EQ(claims->issuer, "https://id");
  EXPECT_EQ(claims->subject, "ann");
  EXPECT_THAT(claims->audience, ElementsAre("x", "other"));
  EXPECT_EQ(claims->expires, kNow + Millis(100'500));
  EXPECT_EQ(claims->issued, kNow - Millis(1'000));
  EXPECT_EQ(claims->all.at("scope"), "a b");
}

TEST(ClaimsTest, TimesHoldToTheSecondWithTheLeeway) {
  EXPECT_TRUE(check(R"("exp":1699999941)"));
  EXPECT_THAT(check(R"("exp":1699999940)").error().message(),
              HasSubstr("expired at 2023-11-14T22:12:20.000Z"));
  EXPECT_TRUE(check(R"("exp":1700001000,"nbf":1700000060)"));
  EXPECT_THAT(check(R"("exp":1700001000,"nbf":1700000061)").error().message(),
              HasSubstr("not valid before"));
  EXPECT_TRUE(check(R"("exp":1700001000,"iat":1700000060)"));
  EXPECT_THAT(check(R"("exp":1700001000,"iat":1700000061)").error().message(), HasSubstr("future"));
}

TEST(ClaimsTest, MissingAndMalformedClaimsAreRefused) {
  for (const std::string_view members :
       {R"("sub":"a")", R"("exp":null)", R"("exp":"1700001000")", R"("exp":-1)", R"("exp":1e300)",
        R"("exp":true)", R"("exp":1700001000,"nbf":"soon")", R"("exp":1700001000,"iat":[])",
        R"("exp":1700001000,"sub":5)", R"("exp":1700001000,"exp":1700002000)"}) {
    const auto claims = check(std::string(members));
    ASSERT_FALSE(claims) << members;
    EXPECT_EQ(claims.error().code(), Code::kUnauthenticated);
  }
  for (const std::string_view payload :
       {"", "[]", "x", R"({"exp":1700001000})", R"({"iss":"https://id","exp":1700001000})",
        R"({"iss":"https://id/","aud":"other","exp":1700001000})",
        R"({"iss":["https://id"],"aud":"other","exp":1700001000})",
        R"({"iss":"https://id","aud":"OTHER","exp":1700001000})",
        R"({"iss":"https://id","aud":[],"exp":1700001000})",
        R"({"iss":"https://id","aud":["other",7],"exp":1700001000})",
        R"({"iss":"https://id","aud":{"other":1},"exp":1700001000})"}) {
    const auto claims = check_claims(payload, expected(), kNow);
    ASSERT_FALSE(claims) << payload;
    EXPECT_EQ(claims.error().code(), Code::kUnauthenticated);
  }
}

TEST(ClaimsTest, AnEmptyExpectationMatchesNothing) {
  EXPECT_FALSE(check_claims(R"({"iss":"","aud":"","exp":1700001000})",
                            {.issuer = "", .audiences = {""}, .max_age = {}}, kNow));
  EXPECT_FALSE(check_claims(R"({"iss":"a","aud":"","exp":1700001000})",
                            {.issuer = "a", .audiences = {""}, .max_age = {}}, kNow));
  EXPECT_FALSE(check_claims(R"({"iss":"a","aud":"b","exp":1700001000})",
                            {.issuer = "a", .audiences = {}, .max_age = {}}, kNow));
}

TEST(ClaimsTest, AnAgeLimitNeedsIat) {
  Expected young = expected();
  young.max_age = Millis(600'000);
  const std::string rest = "{" + std::string(kRest) + R"(,"exp":1800000000)";
  EXPECT_FALSE(check_claims(rest + "}", young, kNow));
  EXPECT_TRUE(check_claims(rest + R"(,"iat":1699999400})", young, kNow));
  EXPECT_FALSE(check_claims(rest + R"(,"iat":1699999340})", young, kNow));
}

}  // namespace
}  // namespace oap::crypto
