#include "gateway/upstream/health_probe.hpp"

#include <gmock/gmock.h>

#include "gateway/upstream/testing/upstream_fixture.hpp"
#include "net/testing/loopback_server.hpp"

namespace oap::gateway::testing {
namespace {

using ::testing::HasSubstr;
using State = Health::State;

class UrlProbe : public UpstreamTest {
 protected:
  UrlProbe() {
    options_.supervisor.server.http = &http_;
    options_.supervisor.probe.interval = Millis(1000);
    options_.supervisor.probe.again = Millis(100);
  }
  void use() { EXPECT_EQ(text("echo"), "ok"); }
  bool asked(std::size_t times) {
    return runtime_.run(until([this, times] { return web_->requests().size() >= times; }));
  }
  void serve(std::vector<net::testing::Reply> replies) {
    web_ = std::make_unique<net::testing::LoopbackServer>(std::move(replies));
    options_.supervisor.probe.url = web_->url() + "/health";
  }
  State state() { return up().health().state; }

  net::HttpClient http_{runtime_.executor()};
  std::unique_ptr<net::testing::LoopbackServer> web_;
};

TEST_F(UrlProbe, AnyTwoHundredIsHealthyThoughNobodyAskedTheServerItself) {
  serve({net::testing::answer(204, "")});
  use();
  clock_.advance(Millis(1000));
  ASSERT_TRUE(asked(1));
  EXPECT_THAT(web_->requests()[0].head, HasSubstr("GET /health"));
  EXPECT_EQ(server_.count("ping"), 0);
  EXPECT_EQ(state(), State::kReady);
}

TEST_F(UrlProbe, ThreeBadAnswersInARowRestartTheServer) {
  serve({net::testing::answer(503, "no"), net::testing::answer(302, "away"),
         net::testing::answer(500, "no"), net::testing::answer(200, "well")});
  options_.supervisor.auto_start = true;
  use();
  clock_.advance(Millis(1000));
  ASSERT_TRUE(asked(1));
  for (std::size_t times = 2; times <= 3; ++times) {
    EXPECT_EQ(server_.connects, 1);
    ASSERT_TRUE(runtime_.run(until([this, times] {
      clock_.advance(Millis(1));
      return web_->requests().size() >= times;
    })));
  }
  EXPECT_TRUE(eventually([this] { return server_.connects == 2; }));
}

TEST_F(UrlProbe, AMissInBetweenIsForgiven) {
  serve({net::testing::answer(503, "no"), net::testing::answer(503, "no"),
         net::testing::answer(200, "well")});
  use();
  clock_.advance(Millis(1000));
  EXPECT_TRUE(runtime_.run(until([this] {
    clock_.advance(Millis(1));
    return web_->requests().size() == 3;
  })));
  EXPECT_EQ(server_.connects, 1);
  EXPECT_TRUE(eventually([this] { return state() == State::kReady; }));
}

}  // namespace
}  // namespace oap::gateway::testing
