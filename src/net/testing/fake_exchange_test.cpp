#include "net/testing/fake_exchange.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oap::net::testing {
namespace {

using ::testing::ElementsAre;

TEST(FakeExchange, AnswersOnce) {
  FakeExchange exchange("POST", "/mcp", {{"Accept", "x"}}, "body");
  EXPECT_EQ(*exchange.head().header("accept"), "x");
  EXPECT_EQ(exchange.take_body(), "body");
  int gone = 0;
  exchange.on_disconnect([&] { ++gone; });
  exchange.respond({404, {{"X-A", "b"}}, "no"});
  exchange.respond({200, {}, "late"});
  exchange.start_stream(200, {});
  exchange.leave();
  EXPECT_EQ(exchange.reply().status, 404);
  EXPECT_EQ(exchange.reply().body, "no");
  EXPECT_EQ(*exchange.header("x-a"), "b");
  EXPECT_TRUE(exchange.is_finished());
  EXPECT_EQ(gone, 0);
}

TEST(FakeExchange, StreamsUntilTheClientLeaves) {
  FakeExchange exchange("GET", "/mcp");
  EXPECT_EQ(exchange.write("early").error().code(), Code::kFailedPrecondition);
  exchange.start_stream(200, {});
  EXPECT_TRUE(exchange.write("a"));
  exchange.stop_reading();
  EXPECT_EQ(exchange.write("b").error().code(), Code::kResourceExhausted);
  int gone = 0;
  exchange.on_disconnect([&] { ++gone; });
  exchange.leave();
  exchange.leave();
  exchange.on_disconnect([&] { ++gone; });
  EXPECT_EQ(gone, 2);
  EXPECT_EQ(exchange.write("c").error().code(), Code::kUnavailable);
  EXPECT_THAT(exchange.pieces(), ElementsAre("a"));
  EXPECT_TRUE(exchange.ended());
  EXPECT_FALSE(exchange.is_finished());
}

}  // namespace
}  // namespace oap::net::testing
