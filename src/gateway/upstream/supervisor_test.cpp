#include "gateway/upstream/supervisor.hpp"

#include <gmock/gmock.h>

#include "gateway/upstream/testing/upstream_fixture.hpp"

namespace oap::gateway::testing {
namespace {

using ::testing::HasSubstr;
using State = Health::State;

class SupervisorTest : public UpstreamTest {
 protected:
  State state() { return up().health().state; }
};

TEST_F(SupervisorTest, NothingIsStartedBeforeTheFirstUse) {
  EXPECT_EQ(state(), State::kIdle);
  EXPECT_EQ(server_.connects, 0);
  EXPECT_FALSE(up().info());
  EXPECT_EQ(text("echo"), "ok");
  EXPECT_EQ(state(), State::kReady);
  EXPECT_EQ(up().health().pid, 4711);
  EXPECT_EQ(up().info()->protocol_version, "2025-11-25");
}

Task<void> many_calls(McpUpstream& upstream, std::vector<std::optional<Called>>& places,
                      const std::string& tool) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  async::Scope scope(executor);
  for (auto& place : places) {
    scope.spawn(call_into(upstream, tool_call(tool), place));
  }
  co_await scope.join();
}

TEST_F(SupervisorTest, AHundredFirstCallsShareOneStart) {
  options_.max_concurrent = 1000;
  server_.start_takes = Millis(2);
  std::vector<std::optional<Called>> places(100);
  runtime_.run(many_calls(up(), places, "echo"));
  for (const auto& place : places) {
    EXPECT_EQ(text_of(*place), "ok");
  }
  EXPECT_EQ(server_.connects, 1);
}

TEST_F(SupervisorTest, AHundredFirstCallsShareOneFailureToo) {
  options_.max_concurrent = 1000;
  server_.start_takes = Millis(2);
  server_.refuse = [](int) { return Error(Code::kUnavailable, "no licence found"); };
  std::vector<std::optional<Called>> places(100);
  runtime_.run(many_calls(up(), places, "echo"));
  for (const auto& place : places) {
    EXPECT_THAT(text_of(*place), HasSubstr("no licence found"));
  }
  EXPECT_EQ(server_.connects, 1);
  EXPECT_EQ(state(), State::kFailed);
}

Task<void> cancelled_start(McpUpstream& upstream, FakeServer& server,
                           std::optional<Called>& cancelled, std::optional<Called>& other) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  server.start_hangs = true;
  async::Scope first(executor);
  async::Scope second(executor);
  first.spawn(call_into(upstream, tool_call("echo"), cancelled));
  second.spawn(call_into(upstream, tool_call("echo"), other));
  EXPECT_TRUE(co_await until([&server] { return server.connects == 1; }));
  first.cancel();
  co_await first.join();
  EXPECT_FALSE(other);
  EXPECT_EQ(upstream.health().state, State::kStarting);
  co_await upstream.close();
  co_await second.join();
}

TEST_F(SupervisorTest, ACancelledStarterLeavesTheStartToTheOthersAndCloseEndsIt) {
  std::optional<Called> cancelled;
  std::optional<Called> other;
  runtime_.run(cancelled_start(up(), server_, cancelled, other));
  EXPECT_THAT(text_of(*cancelled), HasSubstr("cancelled"));
  EXPECT_THAT(text_of(*other), HasSubstr("has been stopped"));
  EXPECT_EQ(server_.live, 0);
  EXPECT_EQ(server_.connects, 1);
  EXPECT_EQ(state(), State::kStopped);
  EXPECT_THAT(text("echo"), HasSubstr("has been stopped"));
  EXPECT_EQ(server_.connects, 1);
}

TEST_F(SupervisorTest, ACallToAStartingServerWaitsNoLongerThanItsDeadline) {
  server_.start_hangs = true;
  const auto answer = call("echo", Deadline::after(Millis(5)));
  EXPECT_THAT(text_of(answer), HasSubstr("still starting"));
  EXPECT_EQ(answer.error().error.code(), Code::kDeadlineExceeded);
}

TEST_F(SupervisorTest, RepeatedFailuresMakeCallsFailAtOnceWithReasonAndTime) {
  server_.refuse = [](int) { return Error(Code::kUnavailable, "no licence found"); };
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(text("echo"), HasSubstr("no licence found"));
  }
  EXPECT_EQ(server_.connects, 3);
  const std::string refused = text("echo");
  EXPECT_THAT(refused, HasSubstr("failed 3 times in a row (last: no licence found)"));
  EXPECT_THAT(refused, HasSubstr("started again in 60.0 s"));
  EXPECT_EQ(server_.connects, 3);
  EXPECT_EQ(state(), State::kBackingOff);
  EXPECT_EQ(up().health().retry_in, Millis(60'000));
  clock_.advance(Millis(60'000));
  server_.refuse = nullptr;
  EXPECT_EQ(text("echo"), "ok");
  EXPECT_EQ(state(), State::kReady);
  EXPECT_EQ(up().health().failures_in_row, 0U);
}

Task<void> die_under(McpUpstream& upstream, FakeServer& server,
                     std::vector<std::optional<Called>>& places) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  async::Scope scope(executor);
  for (auto& place : places) {
    scope.spawn(call_into(upstream, tool_call("hang"), place));
  }
  const int all = static_cast<int>(places.size());
  EXPECT_TRUE(co_await until([&server, all] { return server.count("call hang") == all; }));
  server.link()->die();
  co_await scope.join();
}

TEST_F(SupervisorTest, DeathFailsAllOpenCallsOnceAndTheNextCallStartsAnew) {
  server_.last_words = "disk on fire";
  std::vector<std::optional<Called>> places(50);
  runtime_.run(die_under(up(), server_, places));
  for (const auto& place : places) {
    EXPECT_THAT(text_of(*place), HasSubstr("ended while 'hang' ran; it may have taken effect"));
    EXPECT_EQ(place->error().error.code(), Code::kUnavailable);
  }
  EXPECT_EQ(server_.count("call hang"), 50) << "no call is repeated";
  EXPECT_THAT(up().health().reason, HasSubstr("disk on fire"));
  EXPECT_TRUE(up().health().breakers.empty()) << "one death is one failure";
  EXPECT_EQ(text("echo"), "ok");
  EXPECT_EQ(server_.connects, 2);
  EXPECT_EQ(up().health().starts, 2U);
}

TEST_F(SupervisorTest, AnOnDemandServerThatDiedIdleIsReapedAndStartsAtTheNextUse) {
  EXPECT_EQ(text("echo"), "ok");
  server_.link()->die();
  EXPECT_TRUE(eventually([this] { return server_.live == 0; }));
  EXPECT_EQ(state(), State::kFailed);
  EXPECT_EQ(server_.connects, 1);
  EXPECT_EQ(text("echo"), "ok");
  EXPECT_EQ(server_.connects, 2);
}

TEST_F(SupervisorTest, AnAutoStartedServerComesBackByItself) {
  options_.supervisor.auto_start = true;
  ASSERT_TRUE(start());
  server_.link()->die();
  EXPECT_TRUE(eventually([this] { return server_.connects == 2 && state() == State::kReady; }));
}

TEST_F(SupervisorTest, AnAutoStartedServerThatDoesNotStartIsTriedAgainAfterThePause) {
  options_.supervisor.auto_start = true;
  options_.supervisor.restart.first_pause = Millis(1);
  options_.supervisor.restart.longest_pause = Millis(1);
  server_.refuse = [this](int connect) -> std::optional<Error> {
    clock_.advance(Millis(1));
    return connect < 20 ? std::optional(Error(Code::kUnavailable, "not yet")) : std::nullopt;
  };
  EXPECT_FALSE(start());
  EXPECT_TRUE(eventually([this] {
    clock_.advance(Millis(1));
    return state() == State::kReady;
  }));
  EXPECT_EQ(server_.connects, 20);
}

TEST_F(SupervisorTest, WhatOnlyAPersonCanMendIsNotTriedInTheBackground) {
  options_.supervisor.auto_start = true;
  server_.refuse = [](int) { return Error(Code::kUnauthenticated, "log in first"); };
  EXPECT_FALSE(start());
  runtime_.run(until([turns = 0]() mutable { return ++turns > 20; }));
  EXPECT_EQ(server_.connects, 1);
  server_.refuse = nullptr;
  EXPECT_EQ(text("echo"), "ok");
}

TEST_F(SupervisorTest, AThousandRestartsLeaveNothingBehind) {
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(text("echo"), "ok") << i;
    server_.link()->die();
  }
  EXPECT_EQ(server_.connects, 1000);
  EXPECT_TRUE(eventually([this] { return server_.live == 0; }));
  EXPECT_TRUE(server_.links.empty());
}

TEST_F(SupervisorTest, OneThatOnlyListsAndEndsIsNotStartedWithoutEnd) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(runtime_.run(up().list_tools(Deadline::after(Millis(10'000))))) << i;
    server_.link()->die();
  }
  EXPECT_FALSE(runtime_.run(up().list_tools(Deadline::after(Millis(10'000)))));
  EXPECT_EQ(state(), State::kBackingOff);
  EXPECT_EQ(server_.connects, 3);
}

Task<void> restart_over_stubborn(McpUpstream& upstream, FakeServer& server,
                                 std::optional<Called>& place) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  server.close_hangs_until_released = true;
  FakeLink* old = server.link();
  old->die();
  async::Scope scope(executor);
  scope.spawn(call_into(upstream, tool_call("echo"), place));
  co_await until([turns = 0]() mutable { return ++turns > 10; });
  EXPECT_EQ(server.connects, 1) << "the old process has not ended yet";
  server.close_hangs_until_released = false;
  old->release();
  co_await scope.join();
}

TEST_F(SupervisorTest, TheOldProcessHasEndedBeforeTheNewOneStarts) {
  EXPECT_EQ(text("echo"), "ok");
  std::optional<Called> place;
  runtime_.run(restart_over_stubborn(up(), server_, place));
  EXPECT_EQ(text_of(*place), "ok");
  EXPECT_EQ(server_.connects, 2);
}

Task<void> close_twice(McpUpstream& upstream, FakeServer& server, std::optional<Called>& place) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  async::Scope scope(executor);
  scope.spawn(call_into(upstream, tool_call("hang"), place));
  EXPECT_TRUE(co_await until([&server] { return server.count("call hang") == 1; }));
  async::Scope closing(executor);
  closing.spawn(upstream.close());
  closing.spawn(upstream.close());
  closing.cancel();
  co_await closing.join();
  EXPECT_TRUE(place) << "close() waits for the calls, although it was cancelled";
  EXPECT_EQ(server.live, 0);
  co_await scope.join();
}

TEST_F(SupervisorTest, CloseRunsToItsEndAlthoughCancelledAndTwice) {
  std::optional<Called> place;
  runtime_.run(close_twice(up(), server_, place));
  EXPECT_THAT(text_of(*place), HasSubstr("ended while 'hang' ran"));
}

TEST_F(SupervisorTest, GarbageOnItsOutputMarksItDegradedButItStillServes) {
  server_.garbage = true;
  EXPECT_EQ(text("echo"), "ok");
  EXPECT_EQ(state(), State::kDegraded);
  EXPECT_THAT(up().health().reason, HasSubstr("1000 lines"));
  EXPECT_EQ(text("echo"), "ok");
}

class ProbeTest : public SupervisorTest {
 protected:
  ProbeTest() {
    options_.supervisor.probe.interval = Millis(1000);
    options_.supervisor.probe.again = Millis(100);
    options_.supervisor.probe.timeout = Millis(1);
  }
  int probes() const { return server_.count("ping") + server_.count("server/discover"); }
  /// The probe is due and the watcher has had its turns.
  void pass(Millis time) {
    clock_.advance(time);
    runtime_.run(until([turns = 0]() mutable { return ++turns > 8; }));
  }
};

TEST_F(ProbeTest, AnIdleServerIsNotProbedAUsedOneThatDoesNotAnswerIs) {
  ASSERT_TRUE(start());
  pass(Millis(5000));
  EXPECT_EQ(probes(), 0);
  call("hang", Deadline::after(Millis(1)));
  pass(Millis(1000));
  pass(Millis(1000));
  const int once = probes();
  EXPECT_GE(once, 1);
  pass(Millis(5000));
  EXPECT_EQ(probes(), once) << "not used since";
}

TEST_F(ProbeTest, ACallWithoutAnAnswerIsLookedIntoSoonButNotAtEachCall) {
  options_.supervisor.probe.interval = Millis(1'000'000);
  options_.supervisor.probe.again = Millis(100);
  ASSERT_TRUE(start());
  clock_.advance(Millis(100));
  for (int i = 0; i < 20; ++i) {
    call("hang", Deadline::after(Millis(1)));
  }
  EXPECT_TRUE(eventually([this] { return probes() == 1; }));
  pass(Millis(99));
  EXPECT_EQ(probes(), 1);
  call("hang", Deadline::after(Millis(1)));
  pass(Millis(1));
  EXPECT_EQ(probes(), 2);
}

TEST_F(ProbeTest, AModernServerIsAskedToDiscover) {
  server_.era = mcp::Era::kModern;
  ASSERT_TRUE(start());
  call("hang", Deadline::after(Millis(1)));
  pass(Millis(1000));
  EXPECT_EQ(server_.count("server/discover"), 1);
}

TEST_F(ProbeTest, AnAnswerToACallIsAProofOfHealth) {
  EXPECT_EQ(text("echo"), "ok");
  pass(Millis(1000));
  EXPECT_EQ(probes(), 0);
}

TEST_F(ProbeTest, ARefusalIsASignOfLife) {
  server_.on_request = [](const std::string&) -> mcp::Answer<json::Object> {
    return mcp::refused(-32601, "Method not found");
  };
  call("hang", Deadline::after(Millis(1)));
  for (int i = 0; i < 5; ++i) {
    call("hang", Deadline::after(Millis(1)));
    pass(Millis(1000));
  }
  EXPECT_EQ(state(), State::kReady);
  EXPECT_EQ(server_.connects, 1);
}

TEST_F(ProbeTest, ThreeMissesRestartAHungServer) {
  options_.supervisor.auto_start = true;
  ASSERT_TRUE(start());
  server_.hangs = [](const std::string&) { return true; };
  call("hang", Deadline::after(Millis(1)));
  pass(Millis(1000));
  pass(Millis(100));
  EXPECT_EQ(server_.connects, 1);
  server_.hangs = [](const std::string& name) { return name == "ping"; };
  clock_.advance(Millis(100));
  EXPECT_TRUE(eventually([this] { return server_.connects == 2; }));
  EXPECT_TRUE(eventually([this] { return state() == State::kReady; }));
}

Task<void> busy_server(McpUpstream& upstream, FakeServer& server, FakeClock& clock,
                       std::optional<Called>& place) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  server.hangs = [](const std::string&) { return true; };
  async::Scope scope(executor);
  scope.spawn(call_into(upstream, tool_call("hang"), place));
  EXPECT_TRUE(co_await until([&server] { return server.count("call hang") == 1; }));
  for (int i = 0; i < 10; ++i) {
    clock.advance(Millis(1000));
    co_await until([turns = 0]() mutable { return ++turns > 8; });
  }
  EXPECT_EQ(upstream.health().state, State::kDegraded);
  EXPECT_EQ(server.connects, 1) << "a call is open: it may just be busy";
  server.link()->release();
  co_await scope.join();
}

TEST_F(ProbeTest, ABusyServerIsDegradedButNotEndedUnderItsCall) {
  ASSERT_TRUE(start());
  std::optional<Called> place;
  runtime_.run(busy_server(up(), server_, clock_, place));
  EXPECT_EQ(text_of(*place), "ok");
}

}  // namespace
}  // namespace oap::gateway::testing
