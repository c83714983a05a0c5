#include "gateway/upstream/mcp_upstream.hpp"

#include <gmock/gmock.h>

#include "gateway/upstream/testing/upstream_fixture.hpp"
#include "jsonrpc/message.hpp"

namespace oap::gateway::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class McpUpstreamTest : public UpstreamTest {
 protected:
  static Called broken() { return mcp::failed(Error(Code::kUpstream, "not an answer")); }
};

// --- Breaker ----------------------------------------------------------------------------------

TEST_F(McpUpstreamTest, FiveFailuresOpenTheBreakerOfThatToolAlone) {
  server_.on_call = [](const ToolCall& call) {
    return call.tool == "bad" ? broken() : Called(ToolResult::text("ok"));
  };
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(text("bad"), HasSubstr("not an answer"));
  }
  const std::string refused = text("bad");
  EXPECT_THAT(refused, HasSubstr("tool 'bad' of MCP server 'files'"));
  EXPECT_THAT(refused, HasSubstr("next attempt in"));
  EXPECT_EQ(server_.count("call bad"), 5);
  EXPECT_EQ(text("good"), "ok");
  EXPECT_THAT(up().health().breakers, ElementsAre(::testing::Pair("bad", "open")));
  clock_.advance(Millis(66'001));
  EXPECT_EQ(up().health().breakers.at("bad"), "half_open");
  server_.on_call = nullptr;
  EXPECT_EQ(text("bad"), "ok");
  EXPECT_TRUE(up().health().breakers.empty());
  EXPECT_EQ(up().health().errors, 6U);
  EXPECT_EQ(up().health().calls, 8U);
}

TEST_F(McpUpstreamTest, TimeoutsOpenTheBreakerWhereTheyWereLongEnough) {
  for (int i = 0; i < 5; ++i) {
    call("hang", Deadline::after(Millis(1)));
  }
  EXPECT_EQ(up().health().breakers.count("hang"), 1U);
}

TEST_F(McpUpstreamTest, ImpatientCallersDoNotOpenTheBreakerForOthers) {
  options_.timeout_counts_from = Millis(1000);
  for (int i = 0; i < 20; ++i) {
    call("hang", Deadline::after(Millis(1)));
  }
  EXPECT_TRUE(up().health().breakers.empty());
}

TEST_F(McpUpstreamTest, ToolErrorsAndRefusalsDoNotOpenTheBreaker) {
  int turn = 0;
  server_.on_call = [&turn](const ToolCall&) -> Called {
    if (++turn % 2 == 0) {
      return ToolResult::text("no such file", true);
    }
    return mcp::refused(jsonrpc::kInvalidParams, "path is missing");
  };
  for (int i = 0; i < 30; ++i) {
    call("echo");
  }
  EXPECT_TRUE(up().health().breakers.empty());
  EXPECT_EQ(server_.count("call echo"), 30);
}

TEST_F(McpUpstreamTest, AToolThatKillsTheServerFiveTimesIsShutOutTheOthersAreNot) {
  options_.supervisor.restart.free_failures = 100;
  server_.on_call = [this](const ToolCall& call) -> Called {
    if (call.tool != "poison") {
      return ToolResult::text("ok");
    }
    server_.link()->die();
    return mcp::failed(Error(Code::kUnavailable, "the server ended"));
  };
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(text("poison"), HasSubstr("ended while 'poison' ran"));
    EXPECT_EQ(text("echo"), "ok");
  }
  EXPECT_THAT(text("poison"), HasSubstr("circuit breaker"));
  EXPECT_EQ(server_.connects, 6);
}

Task<void> cancel_many(McpUpstream& upstream, FakeServer& server) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  std::vector<std::optional<Called>> places(20);
  async::Scope scope(executor);
  for (auto& place : places) {
    scope.spawn(call_into(upstream, tool_call("hang"), place));
  }
  EXPECT_TRUE(co_await until([&server] { return server.count("call hang") == 20; }));
  scope.cancel();
  co_await scope.join();
  for (const auto& place : places) {
    EXPECT_EQ(place->error().error.code(), Code::kCancelled);
  }
}

TEST_F(McpUpstreamTest, CancelledCallsAreNeitherErrorsNorFailures) {
  runtime_.run(cancel_many(up(), server_));
  EXPECT_TRUE(up().health().breakers.empty());
  EXPECT_EQ(up().health().errors, 0U);
  EXPECT_EQ(up().health().open_calls, 0U);
}

// --- Bulkhead and limits ----------------------------------------------------------------------

Task<void> crowd(McpUpstream& upstream, FakeServer& server, std::string tool,
                 std::vector<std::optional<Called>>& places, int served) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  async::Scope scope(executor);
  for (auto& place : places) {
    scope.spawn(call_into(upstream, tool_call(tool), place));
  }
  EXPECT_TRUE(co_await until([&] {
    return server.count("call " + tool) == served &&
           std::count_if(places.begin(), places.end(), [](const auto& p) { return p; }) > 0;
  }));
  EXPECT_EQ(server.link()->open_requests(), static_cast<std::size_t>(served));
  server.hangs = [](const std::string&) { return false; };
  server.link()->release();
  co_await scope.join();
}

std::vector<int> tally(const std::vector<std::optional<Called>>& places) {
  std::vector<int> counts(2);
  for (const auto& place : places) {
    const bool refused = !*place && place->error().error.code() == Code::kResourceExhausted;
    counts[refused ? 1 : 0] += place->has_value() || refused ? 1 : 0;
  }
  return counts;
}

TEST_F(McpUpstreamTest, WhatExceedsPlacesAndQueueIsRefusedAtOnce) {
  options_.max_concurrent = 2;
  options_.max_waiting = 3;
  ASSERT_TRUE(start());
  std::vector<std::optional<Called>> places(10);
  runtime_.run(crowd(up(), server_, "hang", places, 2));
  EXPECT_EQ(tally(places), (std::vector<int>{5, 5}));
  EXPECT_EQ(server_.count("call hang"), 5);
  EXPECT_TRUE(up().health().breakers.empty());
  EXPECT_EQ(text("echo"), "ok") << "all places are free again";
}

Task<void> ask_into(mcp::AskHandler ask, bool& answered) {
  json::Object params;
  const auto answer = co_await ask("elicitation/create", std::move(params));
  answered = answer.has_value();
}

Task<mcp::Answer<json::Object>> think(async::Event done) {
  const Deadline never = Deadline::never();
  co_await done.wait(never);
  co_return json::Object{};
}

Task<void> ask_while_others_call(McpUpstream& upstream, FakeServer& server, std::string& others) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  async::Event done(executor);
  async::Scope scope(executor);
  mcp::RequestOptions asking;
  asking.ask = [done](std::string, json::Object) { return think(done); };
  std::optional<Called> first;
  scope.spawn(call_with_into(upstream, tool_call("hang"), std::move(asking), first));
  EXPECT_TRUE(co_await until([&server] { return server.count("call hang") == 1; }));
  bool answered = false;
  scope.spawn(ask_into(server.last_options->ask, answered));
  mcp::RequestOptions options;
  others = text_of(co_await upstream.call(tool_call("echo"), std::move(options)));
  done.notify();
  EXPECT_TRUE(co_await until([&answered] { return answered; }));
  server.link()->release();
  co_await scope.join();
}

TEST_F(McpUpstreamTest, WhoWaitsForAPersonKeepsNoPlaceFromTheOthers) {
  options_.max_concurrent = 1;
  options_.max_waiting = 0;
  std::string others;
  runtime_.run(ask_while_others_call(up(), server_, others));
  EXPECT_EQ(others, "ok");
}

TEST_F(McpUpstreamTest, AToolMayHaveALimitOfItsOwn) {
  options_.max_waiting = 1;
  options_.tools["hang"].max_concurrent = 1;
  ASSERT_TRUE(start());
  std::vector<std::optional<Called>> places(5);
  runtime_.run(crowd(up(), server_, "hang", places, 1));
  EXPECT_EQ(tally(places), (std::vector<int>{2, 3}));
}

TEST_F(McpUpstreamTest, PerToolTimeoutsReachTheLinkAndTheSoonestDeadlineHolds) {
  options_.tools["slow"] = {Millis(77'000), Millis(5'000), 0};
  EXPECT_EQ(text("slow"), "ok");
  EXPECT_EQ(server_.last_options->idle_timeout, Millis(77'000));
  EXPECT_LE(server_.last_options->deadline.left(), Millis(5'000));
  EXPECT_EQ(text("other"), "ok");
  EXPECT_FALSE(server_.last_options->idle_timeout);
  EXPECT_TRUE(server_.last_options->deadline.is_never());
  mcp::RequestOptions options;
  options.idle_timeout = Millis(3);
  ToolCall call = tool_call("slow");
  call.deadline = Deadline::after(Millis(100));
  runtime_.run(up().call(std::move(call), std::move(options)));
  EXPECT_EQ(server_.last_options->idle_timeout, Millis(3));
  EXPECT_LE(server_.last_options->deadline.left(), Millis(100));
}

TEST_F(McpUpstreamTest, AListThatHangsEndsAfterTheListTimeout) {
  options_.list_timeout = Millis(5);
  server_.hangs = [](const std::string& method) { return method == "tools/list"; };
  const auto tools = runtime_.run(up().list_tools(Deadline::never()));
  ASSERT_FALSE(tools);
  EXPECT_EQ(tools.error().code(), Code::kDeadlineExceeded);
}

TEST_F(McpUpstreamTest, EachListIsAskedForByItsName) {
  for (const ListKind kind :
       {ListKind::kTools, ListKind::kResources, ListKind::kTemplates, ListKind::kPrompts}) {
    EXPECT_TRUE(runtime_.run(up().list(kind, Deadline::never())));
  }
  EXPECT_THAT(server_.seen,
              ElementsAre("tools/list tools", "resources/list resources",
                          "resources/templates/list resourceTemplates", "prompts/list prompts"));
}

// --- Cache ------------------------------------------------------------------------------------

class CachedTest : public McpUpstreamTest {
 protected:
  CachedTest() {
    options_.cache_ttl = Millis(1000);
    options_.read_only_tools = {"read", "hang"};
  }
  std::string read(const std::string& user, json::Object extra = {}) {
    ToolCall call = tool_call("read", user);
    call.extra = std::move(extra);
    mcp::RequestOptions options;
    return text_of(runtime_.run(up().call(std::move(call), std::move(options))));
  }
  int reads() const { return server_.count("call read"); }
};

TEST_F(CachedTest, OnlyDeclaredToolsAreAnsweredFromTheCacheAndOnlyToTheSameUser) {
  EXPECT_EQ(read("u"), "ok");
  EXPECT_EQ(read("u"), "ok");
  EXPECT_EQ(reads(), 1);
  EXPECT_EQ(read("v"), "ok");
  EXPECT_EQ(reads(), 2);
  text("write");
  text("write");
  EXPECT_EQ(server_.count("call write"), 2);
  clock_.advance(Millis(1000));
  read("u");
  EXPECT_EQ(reads(), 3);
}

TEST_F(CachedTest, MetaDoesNotMatterAnswersToQuestionsDo) {
  read("u");
  read("u", json::Object{{"_meta", json::Object{{"traceparent", "x"}}}});
  EXPECT_EQ(reads(), 1);
  read("u", json::Object{{"inputResponses", json::Object()}});
  read("u", json::Object{{"inputResponses", json::Object()}});
  EXPECT_EQ(reads(), 3);
}

TEST_F(CachedTest, ErrorsAreNotKept) {
  server_.on_call = [](const ToolCall&) { return Called(ToolResult::text("no", true)); };
  read("u");
  read("u");
  EXPECT_EQ(reads(), 2);
}

TEST_F(CachedTest, AListChangeAndARestartEmptyIt) {
  read("u");
  server_.events.on_list_changed(mcp::ClientEvents::List::kTools);
  read("u");
  EXPECT_EQ(reads(), 2);
  server_.link()->die();
  text("write");
  read("u");
  EXPECT_EQ(reads(), 3);
}

Task<void> change_under_call(McpUpstream& upstream, FakeServer& server) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  std::optional<Called> place;
  async::Scope scope(executor);
  scope.spawn(call_into(upstream, tool_call("hang"), place));
  EXPECT_TRUE(co_await until([&server] { return server.count("call hang") == 1; }));
  server.events.on_list_changed(mcp::ClientEvents::List::kTools);
  server.hangs = [](const std::string&) { return false; };
  server.link()->release();
  co_await scope.join();
  EXPECT_EQ(text_of(*place), "ok");
}

TEST_F(CachedTest, AResultAskedForBeforeAChangeIsNotKept) {
  runtime_.run(change_under_call(up(), server_));
  text("hang");
  EXPECT_EQ(server_.count("call hang"), 2);
}

TEST_F(McpUpstreamTest, WithoutATimeNothingIsCached) {
  options_.read_only_tools = {"read"};
  text("read");
  text("read");
  EXPECT_EQ(server_.count("call read"), 2);
}

// --- Events, subscriptions --------------------------------------------------------------------

class EventsTest : public McpUpstreamTest {
 protected:
  void listen() {
    up().on_change(
        [this](ListKind kind) { lists_.push_back(kind); },
        [this](json::Object params) { updated_.emplace_back(json::get_string(params, "uri")); });
  }
  std::vector<ListKind> lists_;
  std::vector<std::string> updated_;
};

TEST_F(EventsTest, ABurstOfListChangesIsToldOnce) {
  ASSERT_TRUE(start());
  listen();
  for (int i = 0; i < 100; ++i) {
    server_.events.on_list_changed(mcp::ClientEvents::List::kTools);
    server_.events.on_list_changed(mcp::ClientEvents::List::kResources);
  }
  EXPECT_TRUE(eventually([this] { return !lists_.empty(); }));
  EXPECT_THAT(lists_,
              UnorderedElementsAre(ListKind::kTools, ListKind::kResources, ListKind::kTemplates));
  server_.events.on_list_changed(mcp::ClientEvents::List::kPrompts);
  EXPECT_TRUE(eventually([this] { return lists_.size() == 4; }));
}

TEST_F(EventsTest, AReconnectTellsOfTheListsThatTheServerHasAndFollowsAnew) {
  server_.info.capabilities["resources"] = json::Object();
  listen();
  EXPECT_TRUE(runtime_.run(up().watch("file:///a")));
  EXPECT_TRUE(runtime_.run(up().watch("file:///b")));
  runtime_.run(up().unwatch("file:///b"));
  runtime_.run(up().set_log_level("info"));
  runtime_.run(up().set_log_level("error"));
  runtime_.run(up().set_log_level("nonsense"));
  EXPECT_TRUE(lists_.empty());
  server_.link()->die();
  server_.seen.clear();
  EXPECT_EQ(text("echo"), "ok");
  EXPECT_TRUE(eventually([this] { return lists_.size() == 3 && server_.seen.size() == 3; }));
  EXPECT_THAT(lists_,
              UnorderedElementsAre(ListKind::kTools, ListKind::kResources, ListKind::kTemplates));
  EXPECT_THAT(updated_, ElementsAre("file:///a"));
  EXPECT_THAT(server_.seen, UnorderedElementsAre("level info", "watch file:///a", "call echo"));
}

TEST_F(EventsTest, ALogLevelSetBeforeTheStartIsToldAtTheStart) {
  runtime_.run(up().set_log_level("debug"));
  EXPECT_EQ(server_.connects, 0);
  ASSERT_TRUE(start());
  EXPECT_TRUE(eventually([this] { return server_.count("level debug") == 1; }));
}

TEST_F(EventsTest, NotificationsAndUpdatesPassThrough) {
  ASSERT_TRUE(start());
  listen();
  std::string other;
  up().on_notification(
      [&other](const std::string& method, const json::Object&) { other = method; });
  server_.events.on_resource_updated(json::Object{{"uri", "x"}});
  server_.events.on_other("notifications/message", {});
  EXPECT_THAT(updated_, ElementsAre("x"));
  EXPECT_EQ(other, "notifications/message");
}

TEST_F(McpUpstreamTest, OtherRequestsPassThroughAndSayWhereTheServerEnded) {
  mcp::RequestOptions options;
  EXPECT_TRUE(runtime_.run(up().request("resources/read", {}, options)));
  server_.on_request = [this](const std::string&) -> mcp::Answer<json::Object> {
    server_.link()->die();
    return mcp::failed(Error(Code::kUnavailable, "the server ended"));
  };
  const auto answer = runtime_.run(up().request("prompts/get", {}, options));
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().error.to_string(), HasSubstr("ended while 'prompts/get' ran"));
}

// --- The set ----------------------------------------------------------------------------------

TEST(UpstreamSet, ClosesAllSideBySideAndSuggestsNames) {
  async::Runtime runtime;
  std::vector<std::unique_ptr<FakeServer>> servers;
  UpstreamSet set;
  for (int i = 0; i < 3; ++i) {
    servers.push_back(std::make_unique<FakeServer>());
    McpUpstreamOptions options;
    options.supervisor.server.name = "server" + std::to_string(i);
    set.add(
        std::make_unique<McpUpstream>(runtime.executor(), options, servers.back()->connector()));
  }
  for (Upstream* upstream : set.all()) {
    ASSERT_TRUE(runtime.run(upstream->start(Deadline::never())));
  }
  ASSERT_FALSE(set.find("sever1"));
  EXPECT_THAT(set.find("sever1").error().message(), HasSubstr("server1"));
  EXPECT_TRUE(set.find("server1"));
  runtime.run(set.close());
  for (const auto& server : servers) {
    EXPECT_EQ(server->live, 0);
  }
}

}  // namespace
}  // namespace oap::gateway::testing
