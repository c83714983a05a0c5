#include <random>

#include "gateway/upstream/testing/upstream_fixture.hpp"

// Many calls, deaths, refused starts, cancellations and a close in the middle, at random.

namespace oap::gateway::testing {
namespace {

class StormTest : public UpstreamTest, public ::testing::WithParamInterface<unsigned> {};

Task<void> timed_call(Upstream& upstream, std::string tool, Deadline deadline, int& ended) {
  mcp::RequestOptions options;
  options.deadline = deadline;
  auto answer = co_await upstream.call(tool_call(std::move(tool)), std::move(options));
  EXPECT_TRUE(answer || !answer.error().error.message().empty());
  ++ended;
}

struct Storm {
  McpUpstream& upstream;
  FakeServer& server;
  FakeClock& clock;
  std::minstd_rand random;
  int begun = 0;
  int ended = 0;

  int roll(int sides) { return static_cast<int>(random() % static_cast<unsigned>(sides)); }

  void step(std::vector<std::unique_ptr<async::Scope>>& scopes) {
    switch (roll(12)) {
      case 0:
        if (server.link() != nullptr) {
          server.link()->die();
        }
        break;
      case 1:
        scopes[static_cast<std::size_t>(roll(4))]->cancel();
        break;
      case 2:
        clock.advance(Millis(roll(60'000)));
        break;
      case 3:
        if (server.link() != nullptr) {
          server.events.on_list_changed(mcp::ClientEvents::List::kTools);
        }
        break;
      default: {
        ++begun;
        const Deadline deadline = Deadline::after(Millis(1 + roll(10)));
        scopes[static_cast<std::size_t>(roll(8))]->spawn(
            timed_call(upstream, roll(2) == 0 ? "hang" : "echo", deadline, ended));
      }
    }
  }
};

Task<void> rage(Storm& storm) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  std::vector<std::unique_ptr<async::Scope>> scopes;
  for (int i = 0; i < 8; ++i) {
    scopes.push_back(std::make_unique<async::Scope>(executor));
  }
  for (int i = 0; i < 300; ++i) {
    storm.step(scopes);
    if (storm.roll(4) == 0) {
      co_await async::sleep_for(Millis(1));
    }
  }
  co_await storm.upstream.close();
  for (const auto& scope : scopes) {
    co_await scope->join();
  }
}

TEST_P(StormTest, EveryCallEndsAndNothingIsLeft) {
  options_.max_concurrent = 8;
  options_.max_waiting = 16;
  options_.tools["hang"].max_concurrent = 4;
  options_.supervisor.auto_start = GetParam() % 2 == 0;
  options_.supervisor.restart.first_pause = Millis(1000);
  options_.supervisor.probe.interval = Millis(1000);
  server_.start_takes = Millis(GetParam() % 3);
  server_.refuse = [](int connect) {
    return connect % 3 == 0 ? std::optional(Error(Code::kUnavailable, "no")) : std::nullopt;
  };
  Storm storm{up(), server_, clock_, std::minstd_rand(GetParam() + 1)};
  runtime_.run(rage(storm));
  EXPECT_EQ(storm.begun, storm.ended);
  EXPECT_GT(storm.begun, 100);
  EXPECT_GT(server_.connects, 1);
  EXPECT_EQ(server_.live, 0);
  EXPECT_TRUE(server_.links.empty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, StormTest, ::testing::Range(0U, 20U));

}  // namespace
}  // namespace oap::gateway::testing
