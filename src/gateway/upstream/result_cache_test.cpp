#include "gateway/upstream/result_cache.hpp"

#include <gtest/gtest.h>

#include "json/parse.hpp"

namespace oap::gateway {
namespace {

ToolCall call_of(const std::string& tool, const std::string& arguments,
                 const std::string& user = "u", const std::string& tenant = "t") {
  ToolCall call;
  call.tool = tool;
  call.arguments = json::parse_object(arguments).value();
  call.principal.user_id = user;
  call.principal.tenant = tenant;
  return call;
}

class ResultCacheTest : public ::testing::Test {
 protected:
  void keep(const ToolCall& call, const ToolResult& result = ToolResult::text("one")) {
    cache_.keep(ResultCache::key(call), result, cache_.epoch(), clock_.steady());
  }
  const ToolResult* find(const ToolCall& call) {
    return cache_.find(ResultCache::key(call), clock_.steady());
  }
  FakeClock clock_;
  ResultCache cache_{Millis(1000), 4000};
};

TEST_F(ResultCacheTest, AnswersEqualCallsUntilTheResultIsTooOld) {
  keep(call_of("read", R"({"a":1,"b":[2]})"));
  const ToolResult* hit = find(call_of("read", R"({"b":[2],"a":1})"));
  ASSERT_NE(hit, nullptr);
  EXPECT_EQ(hit->joined_text(), "one");
  clock_.advance(Millis(999));
  EXPECT_NE(find(call_of("read", R"({"a":1,"b":[2]})")), nullptr);
  clock_.advance(Millis(1));
  EXPECT_EQ(find(call_of("read", R"({"a":1,"b":[2]})")), nullptr);
  EXPECT_EQ(cache_.bytes(), 0u);
}

TEST_F(ResultCacheTest, NeverCrossesToolsArgumentsUsersOrTenants) {
  keep(call_of("read", R"({"a":1})"));
  EXPECT_EQ(find(call_of("rea", R"({"a":1})")), nullptr);
  EXPECT_EQ(find(call_of("read", R"({"a":2})")), nullptr);
  EXPECT_EQ(find(call_of("read", R"({"a":"1"})")), nullptr);
  EXPECT_EQ(find(call_of("read", R"({"a":1})", "v")), nullptr);
  EXPECT_EQ(find(call_of("read", R"({"a":1})", "u", "s")), nullptr);
  // What could run together if the parts were simply joined.
  EXPECT_EQ(find(call_of("read", R"({"a":1})", "", "tu")), nullptr);
  EXPECT_EQ(find(call_of("read", R"({"a":1})", "tu", "")), nullptr);
  EXPECT_NE(find(call_of("read", R"({"a":1})")), nullptr);
}

TEST_F(ResultCacheTest, KeepsOnlyCompleteResultsWithoutError) {
  keep(call_of("a", "{}"), ToolResult::text("bad", true));
  ToolResult partial = ToolResult::text("asks");
  partial.extra["resultType"] = "input_required";
  keep(call_of("b", "{}"), partial);
  ToolResult task = ToolResult::text("task");
  task.extra["task"] = json::Object{{"taskId", "1"}};
  keep(call_of("c", "{}"), task);
  EXPECT_EQ(cache_.size(), 0u);
  ToolResult complete = ToolResult::text("done");
  complete.extra["resultType"] = "complete";
  keep(call_of("d", "{}"), complete);
  EXPECT_EQ(cache_.size(), 1u);
}

TEST_F(ResultCacheTest, DropsTheLeastRecentlyUsedAndNothingTooLargeEnters) {
  const std::string kilobyte(1000, 'x');
  for (const char* tool : {"a", "b", "c"}) {
    keep(call_of(tool, "{}"), ToolResult::text(kilobyte));
  }
  const std::size_t before = cache_.size();
  ASSERT_GE(before, 2u);
  ASSERT_NE(find(call_of("b", "{}")), nullptr);
  for (const char* tool : {"d", "e", "f"}) {
    keep(call_of(tool, "{}"), ToolResult::text(kilobyte));
    ASSERT_NE(find(call_of("b", "{}")), nullptr) << tool;
  }
  EXPECT_EQ(find(call_of("a", "{}")), nullptr);
  EXPECT_LE(cache_.bytes(), 4000u);
  keep(call_of("huge", "{}"), ToolResult::text(std::string(5000, 'x')));
  EXPECT_EQ(find(call_of("huge", "{}")), nullptr);
  EXPECT_NE(find(call_of("b", "{}")), nullptr);
}

TEST_F(ResultCacheTest, WhatWasAskedBeforeAClearIsNotKept) {
  const std::uint64_t epoch = cache_.epoch();
  cache_.clear();
  cache_.keep("key", ToolResult::text("old"), epoch, clock_.steady());
  EXPECT_EQ(cache_.size(), 0u);
}

TEST_F(ResultCacheTest, KeepingTheSameKeyTwiceReplaces) {
  keep(call_of("a", "{}"), ToolResult::text("one"));
  const std::size_t bytes = cache_.bytes();
  keep(call_of("a", "{}"), ToolResult::text("two"));
  EXPECT_EQ(cache_.size(), 1u);
  EXPECT_EQ(cache_.bytes(), bytes);
  EXPECT_EQ(find(call_of("a", "{}"))->joined_text(), "two");
}

TEST(ResultCacheOff, ZeroTimeKeepsNothing) {
  ResultCache cache(Millis(0), 1000);
  cache.keep("key", ToolResult::text("one"), cache.epoch(), SteadyTime{});
  EXPECT_EQ(cache.size(), 0u);
  EXPECT_FALSE(cache.on());
}

}  // namespace
}  // namespace oap::gateway
