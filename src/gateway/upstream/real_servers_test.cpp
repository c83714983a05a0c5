#include <cerrno>
#include <csignal>

#include <gmock/gmock.h>
#include <sys/wait.h>

#include "base/ids.hpp"
#include "gateway/upstream/testing/upstream_fixture.hpp"
#include "json/parse.hpp"
#include "mcp/testing/linked_client.hpp"
#include "sandbox/testing/process.hpp"

// Component tests: real children that misbehave.

namespace oap::gateway::testing {
namespace {

using ::testing::HasSubstr;
using State = Health::State;

bool has_children() { return ::waitpid(-1, nullptr, WNOHANG) != -1 || errno != ECHILD; }
bool runs(int pid) { return ::kill(pid, 0) == 0; }

class RealServers : public ::testing::Test {
 protected:
  RealServers() {
    options_.supervisor.watch_interval = Millis(5);
    options_.supervisor.restart.free_failures = 3;
    options_.list_debounce = Millis(1);
    options_.timeout_counts_from = Millis(0);
  }
  ~RealServers() override {
    if (upstream_) {
      runtime_.run(upstream_->close());
    }
  }
  McpUpstream& up(const std::string& script, std::vector<std::string> arguments = {}) {
    if (!upstream_) {
      options_.supervisor.server = mcp::testing::server(script, std::move(arguments));
      options_.supervisor.server.eof_grace = Millis(100);
      options_.supervisor.server.term_grace = Millis(100);
      options_.supervisor.server.process.env["OAP_MARK"] = mark_;
      upstream_ = std::make_unique<McpUpstream>(runtime_.executor(), options_, mcp_connector());
    }
    return *upstream_;
  }
  std::string text(const std::string& tool, const std::string& arguments = "{}",
                   Deadline deadline = Deadline::after(Millis(20'000))) {
    mcp::RequestOptions options;
    options.deadline = deadline;
    return text_of(runtime_.run(
        upstream_->call(mcp::testing::tool_call(tool, arguments), std::move(options))));
  }
  bool eventually(std::function<bool()> condition) {
    return runtime_.run(until(std::move(condition)));
  }

  const std::string mark_ = new_id("real_");
  McpUpstreamOptions options_;
  async::Runtime runtime_;
  std::unique_ptr<McpUpstream> upstream_;
};

Task<void> fifty_calls(McpUpstream& upstream, const std::string& tool,
                       std::vector<std::optional<Called>>& places) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  async::Scope scope(executor);
  for (auto& place : places) {
    scope.spawn(call_into(upstream, tool_call(tool), place));
  }
  co_await scope.join();
}

TEST_F(RealServers, DeathUnderFiftyCallsFailsThemAllAndTheNextUseStartsAnew) {
  OAP_NEEDS_PYTHON();
  McpUpstream& dies = up("dies.py");
  std::vector<std::optional<Called>> places(50);
  runtime_.run(fifty_calls(dies, "echo", places));
  for (const auto& place : places) {
    ASSERT_TRUE(place);
    ASSERT_FALSE(*place);
    EXPECT_EQ(place->error().error.code(), Code::kUnavailable) << text_of(*place);
  }
  EXPECT_THAT(dies.health().reason, HasSubstr("the disk is on fire"));
  EXPECT_TRUE(dies.health().breakers.empty());
  ASSERT_TRUE(runtime_.run(dies.list_tools(Deadline::after(Millis(20'000)))));
  EXPECT_EQ(dies.health().state, State::kReady);
  EXPECT_GE(dies.health().starts, 2U);
}

TEST_F(RealServers, OneThatDiesAtTheStartBacksOffWithItsLastWords) {
  OAP_NEEDS_PYTHON();
  options_.supervisor.restart.free_failures = 1;
  options_.supervisor.restart.first_pause = Millis(60'000);
  options_.supervisor.restart.longest_pause = Millis(60'000);
  McpUpstream& dies = up("dies.py", {"start"});
  EXPECT_THAT(text("echo"), HasSubstr("no licence found"));
  EXPECT_THAT(text("echo"), HasSubstr("no licence found"));
  EXPECT_THAT(text("echo"), HasSubstr("it is started again in"));
  EXPECT_EQ(dies.health().state, State::kBackingOff);
  EXPECT_THAT(dies.health().reason, HasSubstr("no licence found"));
  EXPECT_FALSE(dies.health().pid);
}

TEST_F(RealServers, AKilledIdleServerThatWasAutoStartedComesBack) {
  OAP_NEEDS_PYTHON();
  options_.supervisor.auto_start = true;
  McpUpstream& echo = up("echo.py");
  ASSERT_TRUE(runtime_.run(echo.start(Deadline::after(Millis(20'000)))));
  const int first = echo.health().pid.value();
  ::kill(first, SIGKILL);
  EXPECT_TRUE(eventually(
      [&] { return echo.health().state == State::kReady && echo.health().pid != first; }));
  EXPECT_FALSE(runs(first)) << "reaped";
}

TEST_F(RealServers, CloseDuringTheStartLeavesNoProcess) {
  OAP_NEEDS_PYTHON();
  McpUpstream& hangs = up("hangs.py", {"start"});
  const auto started = runtime_.run(hangs.start(Deadline::after(Millis(300))));
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(hangs.health().state, State::kStarting);
  EXPECT_TRUE(has_children());
  runtime_.run(hangs.close());
  EXPECT_FALSE(has_children());
  EXPECT_EQ(hangs.health().state, State::kStopped);
}

TEST_F(RealServers, AStubbornServerAndItsChildAreGoneAfterClose) {
  OAP_NEEDS_PYTHON();
  McpUpstream& stubborn = up("stubborn.py");
  const std::string pids = text("pids");
  ASSERT_TRUE(json::parse(pids)) << pids;
  ASSERT_TRUE(sandbox::testing::marked_come(mark_, 2));
  runtime_.run(stubborn.close());
  EXPECT_TRUE(sandbox::testing::marked_gone_within(mark_, Millis(20'000)));
}

TEST_F(RealServers, CallsThatHangRunOutOfTimeAndOpenTheirBreakerAlone) {
  OAP_NEEDS_PYTHON();
  options_.tools["hang"].idle_timeout = Millis(10);
  McpUpstream& hangs = up("hangs.py");
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(text("hang"), HasSubstr("deadline"));
  }
  EXPECT_THAT(text("hang"), HasSubstr("circuit breaker is open"));
  EXPECT_EQ(hangs.health().breakers.size(), 1U);
  EXPECT_EQ(text("seen").front(), '[');
}

TEST_F(RealServers, OneThatClosedItsOutputIsEndedAndStartedAnew) {
  OAP_NEEDS_PYTHON();
  McpUpstream& closes = up("closes.py");
  EXPECT_THAT(text("output"), HasSubstr("ended while 'output' ran"));
  ASSERT_TRUE(runtime_.run(closes.list_tools(Deadline::after(Millis(20'000)))));
  EXPECT_EQ(closes.health().starts, 2U);
}

}  // namespace
}  // namespace oap::gateway::testing
