#include "platform/host_sessions.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "os/testing/temp_dir.hpp"
#include "platform/host_ledger.hpp"

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

TEST(HostSessionsTest, WhatIsUsedOutlivesTheDaemon) {
  const os::testing::TempDir dir;
  const std::string file = dir / "host-sessions.jsonl";
  const auto with_daemon = [&](const std::function<void(HostSessions&)>& work) {
    HostSessions sessions;
    auto ledger = HostLedger::open(file, sessions);
    ASSERT_TRUE(ledger) << ledger.error().message();
    sessions.set_listener([&](const HostSessions::Entry& entry) { ledger->write(entry); });
    work(sessions);
  };
  with_daemon([](HostSessions& sessions) {
    sessions.note("/w", "child", "s");
    sessions.add("/w", "child", {60, 0.25});
    sessions.add("/w", "s", {10, 0});
  });
  {
    std::ofstream torn(file, std::ios::app);
    torn << "{\"workspace\":\"/w\",\"session\":\"s\",\"tok";
  }
  with_daemon([](HostSessions& sessions) {
    EXPECT_EQ(sessions.size(), 2U);
    EXPECT_TRUE(sessions.spent("/w", "s", limits(70, {})));
    EXPECT_FALSE(sessions.spent("/w", "s", limits(71, {})));
    EXPECT_TRUE(sessions.spent("/w", "child", limits(70, {}))) << "who began it has spent";
    sessions.add("/w", "child", {1, 0});
  });
  with_daemon([](HostSessions& sessions) {
    EXPECT_TRUE(sessions.spent("/w", "s", limits(71, {})));
    EXPECT_TRUE(sessions.spent("/w", "s", limits(0, 0.25)));
  });
  EXPECT_EQ(std::filesystem::status(file).permissions(), std::filesystem::perms(0600));
}

TEST(HostSessionsTest, ALedgerThatCannotBeReadIsAnError) {
  const os::testing::TempDir dir;
  std::filesystem::create_directory(dir / "ledger");
  HostSessions sessions;
  const auto ledger = HostLedger::open(dir / "ledger", sessions);
  ASSERT_FALSE(ledger);
  EXPECT_THAT(ledger.error().message(), HasSubstr("remove it"));
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
