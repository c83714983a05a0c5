#include "platform/host_sessions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oap::platform {
namespace {

using testing::HasSubstr;

config::Missions limits(std::int64_t tokens, std::optional<double> cost) {
  config::Missions out;
  out.max_tokens = tokens > 0 ? tokens : out.max_tokens;
  out.max_cost_usd = cost;
  return out;
}

TEST(HostSessionsTest, UsageAddsUpAndStops) {
  HostSessions sessions;
  sessions.add("/w", "s", {60, 0.2});
  EXPECT_FALSE(sessions.spent("/w", "s", limits(100, 0.5)));
  sessions.add("/w", "s", {40, 0.2});
  EXPECT_THAT(sessions.spent("/w", "s", limits(100, {})).value_or(""), HasSubstr("max_tokens"));
  EXPECT_THAT(sessions.spent("/w", "s", limits(0, 0.4)).value_or(""), HasSubstr("max_cost_usd"));
  EXPECT_FALSE(sessions.spent("/other", "s", limits(1, 0.1)));
  EXPECT_FALSE(sessions.spent("/w", "other", limits(1, 0.1)));
}

TEST(HostSessionsTest, NoLimitIsNone) {
  HostSessions sessions;
  sessions.add("/w", "s", {1'000'000'000, 1'000});
  EXPECT_FALSE(sessions.spent("/w", "s", config::Missions()));
  EXPECT_FALSE(sessions.spent("/w", "s", limits(0, 0.0)));
}

TEST(HostSessionsTest, ChildrenCountForThoseThatBeganThem) {
  HostSessions sessions;
  sessions.note("/w", "child", "parent");
  sessions.note("/w", "grandchild", "child");
  sessions.add("/w", "grandchild", {10, 1});
  for (const char* session : {"parent", "child", "grandchild"}) {
    EXPECT_TRUE(sessions.spent("/w", session, limits(10, {}))) << session;
  }
  sessions.note("/w", "sibling", "parent");
  EXPECT_TRUE(sessions.spent("/w", "sibling", limits(10, {})));
}

TEST(HostSessionsTest, ACircleOfParentsEnds) {
  HostSessions sessions;
  sessions.note("/w", "a", "b");
  sessions.note("/w", "b", "a");
  sessions.note("/w", "c", "c");
  sessions.add("/w", "a", {1, 0});
  EXPECT_FALSE(sessions.spent("/w", "c", limits(1, {})));
  EXPECT_TRUE(sessions.spent("/w", "b", limits(1, {})));
}

TEST(HostSessionsTest, AllowedCallsAreRemembered) {
  HostSessions sessions;
  sessions.allow("/w", "s", "c1");
  sessions.allow("/w", "s", "");
  EXPECT_TRUE(sessions.was_allowed("/w", "s", "c1"));
  EXPECT_FALSE(sessions.was_allowed("/w", "s", ""));
  EXPECT_FALSE(sessions.was_allowed("/w", "t", "c1"));
  EXPECT_FALSE(sessions.was_allowed("/v", "s", "c1"));
}

TEST(HostSessionsTest, TheLeastUsedIsForgotten) {
  HostSessions sessions(3);
  for (const char* session : {"a", "b", "c"}) {
    sessions.allow("/w", session, "call");
  }
  sessions.note("/w", "a", "");
  sessions.note("/w", "d", "");
  EXPECT_EQ(sessions.size(), 3U);
  EXPECT_TRUE(sessions.was_allowed("/w", "a", "call"));
  EXPECT_FALSE(sessions.was_allowed("/w", "b", "call"));
}

}  // namespace
}  // namespace oap::platform
