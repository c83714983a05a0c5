#include "net/http_date.hpp"

#include <gtest/gtest.h>

namespace oap::net {
namespace {

TEST(ParseHttpDate, ReadsTheThreeForms) {
  const WallTime expected{std::chrono::seconds(784'111'777)};
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), expected);
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), expected);
  EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994"), expected);
}

TEST(ParseHttpDate, RefusesTheRest) {
  for (const char* text :
       {"", "soon", "120", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 06 Nov 99999 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49 GMT", "Sun, -6 Nov 1994 08:49:37 GMT"}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
}

TEST(FormatHttpDate, IsWhatParsingTakes) {
  const WallTime at{std::chrono::seconds(784'111'777)};
  EXPECT_EQ(format_http_date(at), "Sun, 06 Nov 1994 08:49:37 GMT");
  for (int i = 0; i < 2000; ++i) {
    const WallTime each{std::chrono::seconds(1'000'003LL * i)};
    ASSERT_EQ(parse_http_date(format_http_date(each)), each) << i;
  }
}

}  // namespace
}  // namespace oap::net
