#include "gateway/serve/endpoint_audit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/runtime.hpp"
#include "async/sleep.hpp"
#include "gateway/serve/http_service.hpp"
#include "gateway/testing/endpoint_house.hpp"
#include "json/print.hpp"
#include "mcp/server/testing/front_house.hpp"

namespace oap::gateway {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class EndpointAuditTest : public ::testing::Test {
 protected:
  ~EndpointAuditTest() override { runtime_.run(audit_.close()); }
  void turn_away(const std::string& peer, int status = 401) {
    audit_.turned_away({peer, "POST", "/mcp?token=hunter2", status, "no credential"});
  }
  void wait_for_records(std::size_t count) {
    const Deadline deadline = Deadline::after(Millis(5'000));
    while (sink_.events.size() < count && !deadline.passed()) {
      Task<Result<void>> turn = async::sleep_for(Millis(1));
      EXPECT_TRUE(runtime_.run(std::move(turn)));
    }
    ASSERT_EQ(sink_.events.size(), count);
  }
  std::string details(std::size_t at) const {
    return json::print(json::Value(sink_.events[at].details));
  }

  async::Runtime runtime_;
  testing::RecordingAudit sink_;
  testing::MaskingRedactor redactor_;
  EndpointAudit audit_{runtime_.executor(), sink_, redactor_, Millis(40)};
};

TEST_F(EndpointAuditTest, AFloodAtTheDoorIsFewRecordsThatCountIt) {
  turn_away("192.0.2.1:1000");
  wait_for_records(1);
  EXPECT_EQ(sink_.events[0].event_type, "access_denied");
  EXPECT_EQ(sink_.events[0].permission_decision, "deny");
  EXPECT_EQ(sink_.events[0].resource, "/mcp");
  EXPECT_EQ(sink_.events[0].reason, "no credential");
  for (int i = 0; i < 10'000; ++i) {
    turn_away("192.0.2." + std::to_string(i % 200) + ":" + std::to_string(i), i % 2 ? 401 : 403);
  }
  wait_for_records(2);
  EXPECT_THAT(details(1), AllOf(HasSubstr(R"("count":10000)"), HasSubstr(R"("401":5000)"),
                                HasSubstr(R"("403":5000)"), HasSubstr("192.0.2.7"),
                                Not(HasSubstr("192.0.2.8"))));
}

TEST_F(EndpointAuditTest, WhatCameLastIsWrittenAtTheEnd) {
  turn_away("192.0.2.1:1");
  wait_for_records(1);
  turn_away("192.0.2.1:2");
  runtime_.run(audit_.close());
  ASSERT_EQ(sink_.events.size(), 2U);
  EXPECT_THAT(details(1), HasSubstr(R"("count":1)"));
}

TEST_F(EndpointAuditTest, ALongNameIsCutAndShowsItself) {
  mcp::Caller caller;
  ASSERT_TRUE(runtime_.run(audit_.unknown(caller, std::string(100'000, 'x') + "\u202E", "no")));
  EXPECT_LT(sink_.events[0].tool.size(), 1'000U);
}

// --- the door itself, and what is told to whom --------------------------------------------------

class DoorTest : public ::testing::Test {
 protected:
  DoorTest() {
    auto upstream = std::make_unique<testing::ListedUpstream>("files");
    upstream->told.state = Health::State::kFailed;
    upstream->told.reason = "its last words: hunter2";
    upstreams_.add(std::move(upstream));
    mcp::HttpFrontOptions options;
    options.authenticator = &authenticator_;
    options.on_turned_away = [this](const mcp::TurnedAway& visit) {
      visits_.push_back(std::to_string(visit.status) + " " + std::string(visit.target));
    };
    front_ = std::make_unique<mcp::HttpFront>(runtime_.executor(), inner_, std::move(options));
    HttpServiceOptions paths;
    paths.authenticator = &authenticator_;
    paths.metrics = [] { return std::string("opencode_mcp_calls 1\n"); };
    paths.clean = [this](const std::string& text) { return redactor_.redact(text); };
    http_ = std::make_unique<HttpService>(*front_, upstreams_, std::move(paths));
  }
  ~DoorTest() override { runtime_.run(front_->close(Deadline::after(Millis(0)))); }

  std::shared_ptr<mcp::testing::FakeExchange> get(const std::string& target,
                                                  net::HeaderList headers = {},
                                                  const std::string& method = "GET") {
    auto exchange = std::make_shared<mcp::testing::FakeExchange>();
    exchange->head_.method = method;
    exchange->head_.target = target;
    exchange->head_.headers = std::move(headers);
    if (exchange->head_.header("Host") == nullptr) {
      exchange->head_.headers.emplace_back("Host", "127.0.0.1:80");
    }
    runtime_.run(http_->handle(exchange));
    return exchange;
  }

  async::Runtime runtime_;
  testing::MaskingRedactor redactor_;
  UpstreamSet upstreams_;
  mcp::testing::HeaderAuthenticator authenticator_;
  mcp::testing::ScriptService inner_{runtime_.executor()};
  std::vector<std::string> visits_;
  std::unique_ptr<mcp::HttpFront> front_;
  std::unique_ptr<HttpService> http_;
};

TEST_F(DoorTest, HealthTellsStrangersNothingButTheStatus) {
  const std::string stranger = get("/health")->answer_;
  EXPECT_THAT(stranger, AllOf(HasSubstr("degraded"), Not(HasSubstr("files"))));
  const std::string known = get("/health", {{"X-User", "ann"}})->answer_;
  EXPECT_THAT(known, AllOf(HasSubstr("files"), HasSubstr("***"), Not(HasSubstr("hunter2"))));
}

TEST_F(DoorTest, MetricsNeedCredentials) {
  EXPECT_EQ(get("/metrics")->status_, 401);
  EXPECT_THAT(get("/metrics", {{"X-User", "ann"}})->answer_, HasSubstr("opencode_mcp_calls"));
}

TEST_F(DoorTest, WhoeverIsTurnedAwayIsToldOf) {
  get("/metrics");
  get("/mcp", {}, "POST");
  get("/mcp", {{"Host", "evil.example"}}, "POST");
  get("/health", {{"Host", "evil.example"}});
  get("/health");
  EXPECT_THAT(visits_,
              ::testing::ElementsAre("401 /metrics", "401 /mcp", "403 /mcp", "403 /health"));
}

}  // namespace
}  // namespace oap::gateway
