#include <gmock/gmock.h>

#include "mcp/server/testing/front_house.hpp"

namespace oap::mcp {
namespace {

using testing::FrontHouse;
using Http = FrontHouse::Http;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// A front where eight of everything can be kept, for callers who have to say who they are.
class FairShare : public ::testing::Test {
 protected:
  static HttpFrontOptions options(Authenticator* authenticator) {
    HttpFrontOptions options;
    options.limits.max_sessions = 8;
    options.limits.max_parked = 8;
    options.limits.max_streams = 8;
    options.limits.max_watched = 8;
    options.limits.max_requests = 4;
    options.authenticator = authenticator;
    return options;
  }
  void be(const std::string& user) { house_.always = {{"X-User", user}}; }
  Http initialize() {
    return house_.send("POST", {},
                       FrontHouse::message(0, "initialize",
                                           R"("protocolVersion":"2025-11-25","capabilities":{})"));
  }
  Http listen(const std::string& filter = R"({"toolsListChanged":true})") {
    return house_.modern(1, "subscriptions/listen", "", R"("notifications":)" + filter);
  }
  /// How many of the answers begin what was asked for.
  template <class Ask>
  int count(int times, Ask ask, const std::string& sign) {
    int got = 0;
    for (int i = 0; i < times; ++i) {
      last_ = ask();
      got += last_->answer_.find(sign) == std::string::npos ? 0 : 1;
      kept_.push_back(last_);
    }
    return got;
  }

  testing::HeaderAuthenticator authenticator_;
  FrontHouse house_{options(&authenticator_)};
  std::vector<Http> kept_;
  Http last_;
};

TEST_F(FairShare, OfSessions) {
  const auto begin = [this] { return initialize(); };
  be("ann");
  EXPECT_EQ(count(8, begin, "serverInfo"), 4);
  EXPECT_EQ(last_->status_, 429);
  EXPECT_THAT(last_->answer_, AllOf(HasSubstr("8 sessions"), HasSubstr("more than 2"),
                                    HasSubstr(R"("code":-31001)")));
  be("bob");
  EXPECT_EQ(count(8, begin, "serverInfo"), 2);
  be("cid");
  EXPECT_EQ(count(8, begin, "serverInfo"), 2);
  EXPECT_EQ(last_->status_, 503);
}

TEST_F(FairShare, OfListenStreamsAndTheyComeBackWhenTheyEnd) {
  const auto open = [this] { return listen(); };
  be("ann");
  EXPECT_EQ(count(8, open, "acknowledged"), 4);
  EXPECT_EQ(last_->status_, 429);
  EXPECT_THAT(last_->answer_, HasSubstr("8 event streams"));
  be("bob");
  EXPECT_EQ(count(8, open, "acknowledged"), 2);
  for (const Http& each : kept_) {
    each->leave();
  }
  be("ann");
  EXPECT_EQ(count(8, open, "acknowledged"), 4);
}

TEST_F(FairShare, OfLegacyGetStreamsToo) {
  be("ann");
  std::vector<std::string> sessions;
  for (int i = 0; i < 4; ++i) {
    sessions.push_back(initialize()->header("Mcp-Session-Id"));
  }
  const auto open = [&] { return listen(); };
  EXPECT_EQ(count(4, open, "acknowledged"), 4);
  EXPECT_EQ(house_.send("GET", {{"Mcp-Session-Id", sessions[0]}})->status_, 429);
  kept_.back()->leave();
  const Http got = house_.send("GET", {{"Mcp-Session-Id", sessions[0]}});
  EXPECT_EQ(got->status_, 200);
  EXPECT_EQ(house_.send("GET", {{"Mcp-Session-Id", sessions[1]}})->status_, 429);
  got->leave();
  EXPECT_EQ(house_.send("GET", {{"Mcp-Session-Id", sessions[1]}})->status_, 200);
}

TEST_F(FairShare, OfParkedCalls) {
  const auto ask = [this] { return house_.call(1, "ask"); };
  be("ann");
  EXPECT_EQ(count(8, ask, "input_required"), 4);
  be("bob");
  EXPECT_EQ(count(2, ask, "input_required"), 2);
  EXPECT_EQ(count(1, ask, "input_required"), 0);
  EXPECT_THAT(last_->answer_, HasSubstr("8 calls that wait for their clients' input"));
}

TEST_F(FairShare, OfFollowedResources) {
  be("ann");
  const Http http = listen(R"({"resourceSubscriptions":["a:1","a:2","a:3","a:4","a:5","a:6"]})");
  EXPECT_THAT(http->answer_, HasSubstr(R"(["a:1","a:2","a:3","a:4"])"));
  be("bob");
  const std::string session = initialize()->header("Mcp-Session-Id");
  const auto follow = [&] {
    const std::string uri = "b:" + std::to_string(kept_.size());
    return house_.legacy(
        session, FrontHouse::message(static_cast<int>(kept_.size()) + 1, "resources/subscribe",
                                     R"("uri":")" + uri + '"'));
  };
  EXPECT_EQ(count(6, follow, R"("result")"), 2);
  EXPECT_EQ(last_->status_, 429);
  http->leave();
  house_.turn();
  EXPECT_EQ(count(6, follow, R"("result")"), 2);
}

TEST_F(FairShare, ManySessionsAreNoWayToManyRequests) {
  be("ann");
  for (int i = 0; i < 4; ++i) {
    const std::string session = initialize()->header("Mcp-Session-Id");
    for (int call = 1; call <= 2; ++call) {
      kept_.push_back(house_.legacy_call(session, call, "wait"));
    }
  }
  EXPECT_EQ(house_.front->counts().requests, 4U);
  EXPECT_EQ(kept_.back()->status_, 429);
}

TEST(FairShareWithoutCredentials, TheOperatorOfThisMachineMayHaveAll) {
  HttpFrontOptions options;
  options.limits.max_streams = 8;
  for (const auto& [peer, expected] : {std::pair("127.0.0.1:5000", 8), std::pair("[::1]:5000", 8),
                                       std::pair("192.0.2.7:5000", 4)}) {
    FrontHouse house(options);
    house.peer = peer;
    int got = 0;
    std::vector<Http> kept;
    for (int i = 0; i < 9; ++i) {
      kept.push_back(house.modern(1, "subscriptions/listen", "", R"("notifications":{})"));
      got += kept.back()->streaming_ ? 1 : 0;
    }
    EXPECT_EQ(got, expected) << peer;
  }
}

TEST(FairShareWithoutCredentials, AddressesAreHoldersWhateverThePort) {
  HttpFrontOptions options;
  options.limits.max_sessions = 8;
  FrontHouse house(options);
  int got = 0;
  for (int port = 1; port <= 8; ++port) {
    house.peer = "192.0.2.7:" + std::to_string(port);
    got += house.begin().empty() ? 0 : 1;
  }
  EXPECT_EQ(got, 4);
  house.peer = "192.0.2.8:1";
  EXPECT_FALSE(house.begin().empty());
}

TEST(Bounds, AHandshakeKeepsLittle) {
  FrontHouse house;
  const std::string big(70'000, 'x');
  EXPECT_EQ(house.begin("2025-11-25", R"({"experimental":{"x":")" + big + R"("}})"), "");
  EXPECT_EQ(house.front->counts().sessions, 0U);
}

TEST(Bounds, ALongUriIsNotFollowed) {
  FrontHouse house;
  const std::string uri = "a:" + std::string(5'000, 'x');
  const Http http = house.modern(1, "subscriptions/listen", "",
                                 R"("notifications":{"resourceSubscriptions":[")" + uri + R"("]})");
  EXPECT_THAT(http->answer_, HasSubstr("acknowledged"));
  EXPECT_TRUE(house.service.watched_.empty());
  const std::string session = house.begin();
  EXPECT_THAT(
      house
          .legacy(session, FrontHouse::message(1, "resources/subscribe", R"("uri":")" + uri + '"'))
          ->answer_,
      HasSubstr("-32602"));
}

// --- who a session and a parked call belong to -------------------------------------------------

TEST_F(FairShare, AnotherRoleOfTheSameUserHasNoPartInASession) {
  be("ann");
  const std::string session = initialize()->header("Mcp-Session-Id");
  ASSERT_FALSE(session.empty());
  house_.always = {{"X-User", "ann"}, {"X-Role", "admin"}};
  const std::string list = FrontHouse::message(1, "tools/list", "");
  EXPECT_EQ(house_.legacy(session, list)->status_, 404);
  EXPECT_EQ(house_.send("DELETE", {{"Mcp-Session-Id", session}})->status_, 404);
  EXPECT_EQ(house_.send("GET", {{"Mcp-Session-Id", session}})->status_, 404);
  be("ann");
  EXPECT_EQ(house_.legacy(session, list)->status_, 200);
}

TEST_F(FairShare, AnotherRoleOfTheSameUserCannotComeBackToAParkedCall) {
  be("ann");
  const Http first = house_.call(1, "ask");
  const auto answer = json::parse(first->answer_);
  const std::string state(json::get_string(*json::find_object(*answer, "result"), "requestState"));
  ASSERT_FALSE(state.empty());
  const std::string back = R"("requestState":")" + state +
                           R"(","inputResponses":{"input-1":{"action":"accept","content":{}}})";
  house_.always = {{"X-User", "ann"}, {"X-Role", "admin"}};
  EXPECT_THAT(house_.call(2, "ask", back)->answer_, HasSubstr("-32602"));
  be("ann");
  EXPECT_THAT(house_.call(3, "ask", back)->answer_, HasSubstr("answered"));
}

}  // namespace
}  // namespace oap::mcp
