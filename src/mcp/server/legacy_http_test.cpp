#include <gmock/gmock.h>

#include "mcp/server/session_stream.hpp"
#include "mcp/server/testing/front_house.hpp"

namespace oap::mcp {
namespace {

using testing::FrontHouse;
using Http = FrontHouse::Http;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const std::string kToken = R"(,"_meta":{"progressToken":"tok"})";

std::string id_of(const std::string& message) {
  const auto parsed = json::parse(message);
  return json::print(*json::find(*parsed, "id"));
}

std::string answer_to(const std::string& question, const std::string& result) {
  return R"({"jsonrpc":"2.0","id":)" + id_of(question) + R"(,"result":)" + result + "}";
}

std::string cancel(int id) {
  return R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" +
         std::to_string(id) + "}}";
}

TEST(LegacyFront, SessionIdsAreLongAndDiffer) {
  FrontHouse house;
  const std::string one = house.begin();
  const std::string two = house.begin();
  EXPECT_GE(one.size(), 32U);
  EXPECT_NE(one, two);
  EXPECT_EQ(house.front->counts().sessions, 2U);
}

TEST(LegacyFront, AStreamBeginsWithAPrimingEvent) {
  FrontHouse house;
  const std::string session = house.begin();
  const Http http = house.legacy_call(session, 1, "progress", kToken);
  EXPECT_TRUE(http->streaming_);
  EXPECT_TRUE(http->over_);
  EXPECT_THAT(http->answer_, ::testing::StartsWith("id: 2-0\nretry: 1000\ndata: \n\nid: 2-1\n"));
  ASSERT_THAT(http->events(), SizeIs(4));
  EXPECT_THAT(http->events()[3], HasSubstr("done"));
}

TEST(LegacyFront, OlderClientsGetNoEventWithoutData) {
  FrontHouse house;
  const std::string session = house.begin("2025-06-18");
  const Http http = house.legacy_call(session, 1, "progress", kToken);
  EXPECT_THAT(http->answer_, Not(HasSubstr("data: \n")));
  EXPECT_THAT(http->events(), SizeIs(4));
}

TEST(LegacyFront, LeavingIsNoCancelAndTheRestIsResumed) {
  FrontHouse house;
  const std::string session = house.begin();
  const Http http = house.legacy_call(session, 1, "ask");
  const std::string last = http->last_id();
  ASSERT_THAT(http->events(), SizeIs(1));
  http->leave();
  house.turn();
  EXPECT_EQ(house.service.cancelled_, 0);
  EXPECT_EQ(house.legacy(session, answer_to(http->events()[0], R"({"action":"accept"})"))->status_,
            202);
  const Http again = house.resume(session, last);
  EXPECT_EQ(again->status_, 200);
  ASSERT_THAT(again->events(), SizeIs(1));
  EXPECT_THAT(again->events()[0], AllOf(HasSubstr(R"("id":1)"), HasSubstr("accept")));
  EXPECT_TRUE(again->over_);
  const Http first = house.resume(session, last.substr(0, last.find('-')) + "-0");
  EXPECT_THAT(first->events(), SizeIs(2));
}

TEST(LegacyFront, ResumingWhileItRunsGoesOnThere) {
  FrontHouse house;
  const std::string session = house.begin();
  const Http http = house.legacy_call(session, 1, "poll");
  EXPECT_TRUE(http->streaming_);
  EXPECT_TRUE(http->over_);
  EXPECT_THAT(http->answer_, HasSubstr("retry: 700\ndata: \n\n"));
  const Http again = house.resume(session, http->last_id());
  EXPECT_FALSE(again->over_);
  house.service.release();
  house.turn();
  ASSERT_THAT(again->events(), SizeIs(1));
  EXPECT_THAT(again->events()[0], HasSubstr("waited"));
  EXPECT_TRUE(again->over_);
}

TEST(LegacyFront, AStreamOfWhichNothingIsLeftIsNotTakenUpAgain) {
  FrontHouse house;
  const std::string session = house.begin();
  const Http http = house.legacy_call(session, 1, "progress", kToken);
  EXPECT_TRUE(http->over_);
  const Http again = house.resume(session, http->last_id());
  EXPECT_EQ(again->status_, 204);
  EXPECT_TRUE(again->over_);
  EXPECT_FALSE(again->streaming_);
}

TEST(LegacyFront, AStreamIsReplayedForItsOwnSessionOnly) {
  FrontHouse house;
  const std::string mine = house.begin();
  const std::string theirs = house.begin();
  const Http http = house.legacy_call(mine, 1, "progress", kToken);
  house.legacy_call(mine, 2, "progress", kToken);
  EXPECT_EQ(house.resume(theirs, "2-0")->status_, 400);
  const Http again = house.resume(mine, "2-1");
  ASSERT_THAT(again->events(), SizeIs(3));
  EXPECT_THAT(again->events()[2], HasSubstr(R"("id":1,)"));
}

TEST(LegacyFront, WhatIsKeptIsBounded) {
  HttpFrontOptions options;
  options.limits.max_kept_events = 2;
  FrontHouse house(options);
  const std::string session = house.begin();
  house.legacy_call(session, 1, "progress", kToken);
  EXPECT_THAT(house.resume(session, "2-0")->events(), SizeIs(2));
}

TEST(LegacyFront, AQuestionIsAnsweredByItsOwnSessionOnly) {
  FrontHouse house;
  const std::string mine = house.begin();
  const std::string theirs = house.begin();
  const Http http = house.legacy_call(mine, 1, "ask");
  ASSERT_THAT(http->events(), SizeIs(1));
  EXPECT_THAT(http->events()[0], HasSubstr(R"("method":"elicitation/create")"));
  const std::string answer = answer_to(http->events()[0], R"({"action":"decline"})");
  EXPECT_EQ(house.legacy(theirs, answer)->status_, 202);
  EXPECT_THAT(http->events(), SizeIs(1));
  house.legacy(mine, answer);
  ASSERT_THAT(http->events(), SizeIs(2));
  EXPECT_THAT(http->events()[1], HasSubstr("decline"));
}

TEST(LegacyFront, AnErrorOfTheClientReachesTheTool) {
  FrontHouse house;
  const std::string session = house.begin();
  const Http http = house.legacy_call(session, 1, "ask");
  house.legacy(session, R"({"jsonrpc":"2.0","id":)" + id_of(http->events()[0]) +
                            R"(,"error":{"code":-1,"message":"User rejected"}})");
  EXPECT_THAT(http->events()[1], HasSubstr(R"("code":-1,"message":"User rejected")"));
}

TEST(LegacyFront, NobodyIsAskedForWhatHeDidNotDeclare) {
  FrontHouse house;
  const std::string session = house.begin("2025-11-25", "{}");
  const Http http = house.legacy_call(session, 1, "ask");
  EXPECT_THAT(http->answer_, HasSubstr("requiredCapabilities"));
  EXPECT_FALSE(http->streaming_);
}

TEST(LegacyFront, CancellingEndsTheCallWithoutAnAnswer) {
  FrontHouse house;
  const std::string session = house.begin();
  const Http http = house.legacy_call(session, 1, "wait");
  const Http other = house.legacy_call(session, 2, "wait");
  EXPECT_EQ(house.legacy(session, cancel(1))->status_, 202);
  house.turn();
  EXPECT_EQ(house.service.cancelled_, 1);
  EXPECT_EQ(http->status_, 202);
  EXPECT_THAT(http->answer_, IsEmpty());
  EXPECT_FALSE(other->over_);
  house.service.release();
  house.turn();
  EXPECT_THAT(other->answer_, HasSubstr("waited"));
}

TEST(LegacyFront, CancellingAnothersRequestIsNothing) {
  FrontHouse house;
  const std::string mine = house.begin();
  const std::string theirs = house.begin();
  const Http http = house.legacy_call(mine, 1, "wait");
  house.legacy(theirs, cancel(1));
  house.turn();
  EXPECT_FALSE(http->over_);
}

TEST(LegacyFront, AnIdUnderWayIsRefused) {
  FrontHouse house;
  const std::string session = house.begin();
  const Http http = house.legacy_call(session, 1, "wait");
  EXPECT_THAT(house.legacy_call(session, 1, "echo")->answer_, HasSubstr("still under way"));
  EXPECT_FALSE(http->over_);
  EXPECT_EQ(house.legacy_call(house.begin(), 1, "echo")->status_, 200);
}

TEST(LegacyFront, DeleteEndsEverythingOfTheSession) {
  FrontHouse house;
  const std::string session = house.begin();
  const Http listener = house.send("GET", {{"Mcp-Session-Id", session}});
  const Http call = house.legacy_call(session, 1, "wait");
  house.legacy(session, FrontHouse::message(2, "resources/subscribe", R"("uri":"test://a")"));
  EXPECT_EQ(house.service.watched_["test://a"], 1);
  EXPECT_EQ(house.send("DELETE", {{"Mcp-Session-Id", session}})->status_, 204);
  house.turn();
  EXPECT_TRUE(listener->over_);
  EXPECT_TRUE(call->over_);
  EXPECT_EQ(house.service.cancelled_, 1);
  EXPECT_EQ(house.service.watched_["test://a"], 0);
  EXPECT_EQ(house.service.sessions_ended_, 1);
  EXPECT_EQ(house.front->counts().sessions, 0U);
  EXPECT_EQ(house.legacy_call(session, 3, "echo")->status_, 404);
}

TEST(LegacyFront, OneGetStreamCarriesWhatComesUnasked) {
  FrontHouse house;
  const std::string session = house.begin();
  const Http http = house.send("GET", {{"Mcp-Session-Id", session}});
  EXPECT_EQ(http->status_, 200);
  EXPECT_EQ(house.send("GET", {{"Mcp-Session-Id", session}})->status_, 409);
  const std::string subscribe =
      FrontHouse::message(2, "resources/subscribe", R"("uri":"test://a")");
  house.legacy(session, subscribe);
  house.legacy(session, subscribe);
  EXPECT_EQ(house.service.watched_["test://a"], 1);
  house.service.feed().publish({Change::Kind::kResource, "test://b"});
  house.service.feed().publish({Change::Kind::kResource, "test://a"});
  house.service.feed().publish({Change::Kind::kTools, ""});
  ASSERT_THAT(http->events(), SizeIs(2));
  EXPECT_EQ(http->events()[0], R"({"jsonrpc":"2.0","method":"notifications/resources/updated",)"
                               R"("params":{"uri":"test://a"}})");
  EXPECT_EQ(http->events()[1], R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})");
  const std::string last = http->last_id();
  http->leave();
  house.service.feed().publish({Change::Kind::kPrompts, ""});
  const Http again = house.resume(session, last);
  ASSERT_THAT(again->events(), SizeIs(1));
  EXPECT_THAT(again->events()[0], HasSubstr("prompts/list_changed"));
  EXPECT_FALSE(again->over_);
}

TEST(LegacyFront, LogsAreFilteredPerSession) {
  FrontHouse house;
  const std::string quiet = house.begin();
  const std::string loud = house.begin();
  house.legacy(quiet, FrontHouse::message(1, "logging/setLevel", R"("level":"error")"));
  EXPECT_THAT(house.legacy_call(quiet, 2, "log")->events(), SizeIs(2));
  EXPECT_THAT(house.legacy_call(loud, 2, "log")->events(), SizeIs(3));
}

TEST(LegacyFront, ABatchIsAnsweredOnOneStream) {
  FrontHouse house;
  const std::string session = house.begin("2025-03-26");
  const Http http = house.legacy(
      session, R"([{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"x"},)"
               R"({"jsonrpc":"2.0","id":2,"method":"tools/list"},{"jsonrpc":"2.0","id":3}])");
  EXPECT_TRUE(http->over_);
  ASSERT_THAT(http->events(), SizeIs(3));
  EXPECT_THAT(http->answer_, AllOf(HasSubstr(R"("id":1,"result":{})"), HasSubstr(R"("echo")"),
                                   HasSubstr(R"("id":3,"error")")));
  EXPECT_EQ(house.legacy(session, R"([{"jsonrpc":"2.0","method":"x"}])")->status_, 202);
  EXPECT_EQ(house.legacy(session, "[]")->status_, 400);
  EXPECT_THAT(house.legacy(session, "[{]")->answer_, HasSubstr("-32700"));
}

TEST(LegacyFront, RootsChangedReachesTheService) {
  FrontHouse house;
  house.legacy(house.begin(), R"({"jsonrpc":"2.0","method":"notifications/roots/list_changed"})");
  EXPECT_EQ(house.service.roots_changed_, 1);
}

TEST(LegacyFront, AHandshakeThatFailsLeavesNoSession) {
  FrontHouse house;
  const Http http = house.send("POST", {}, FrontHouse::message(1, "initialize", ""));
  EXPECT_THAT(http->answer_, HasSubstr("-32602"));
  EXPECT_EQ(house.front->counts().sessions, 0U);
}

TEST(LegacyFront, TakingUpAStreamEndsItsOldConnection) {
  FrontHouse house;
  const std::string session = house.begin();
  const Http http = house.legacy_call(session, 1, "ask");
  const Http again = house.resume(session, http->last_id());
  EXPECT_TRUE(http->over_);
  EXPECT_FALSE(again->over_);
  house.legacy(session, answer_to(http->events()[0], R"({"action":"accept"})"));
  EXPECT_THAT(http->events(), SizeIs(1));
  EXPECT_THAT(again->events(), SizeIs(1));
}

TEST(LegacyFront, AClientThatDoesNotReadIsLetGoAndMayResume) {
  FrontHouse house;
  const std::string session = house.begin();
  const Http http = house.legacy_call(session, 1, "ask");
  const std::string last = http->last_id();
  http->stuck_ = true;
  house.legacy(session, answer_to(http->events()[0], R"({"action":"accept"})"));
  EXPECT_TRUE(http->over_);
  EXPECT_THAT(house.resume(session, last)->events(), SizeIs(1));
}

TEST(LegacyFront, FollowedResourcesAreBounded) {
  FrontHouse house;
  const std::string session = house.begin();
  const auto follow = [&](int i) {
    return house.legacy(session,
                        FrontHouse::message(i, "resources/subscribe",
                                            R"("uri":"test://)" + std::to_string(i) + '"'));
  };
  for (int i = 0; i < 1000; ++i) {
    ASSERT_THAT(follow(i)->answer_, HasSubstr("result"));
  }
  EXPECT_EQ(follow(1000)->status_, 429);
  EXPECT_THAT(follow(5)->answer_, HasSubstr("result"));
}

TEST(LegacyFront, SessionsAreBounded) {
  HttpFrontOptions options;
  options.limits.max_sessions = 3;
  FrontHouse house(options);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(house.begin().empty());
  }
  EXPECT_EQ(house.begin(), "");
  EXPECT_EQ(house.front->counts().sessions, 3U);
}

Task<void> wait_until_no_session(HttpFront& front) {
  const Deadline limit = Deadline::after(Millis(10'000));
  while (front.counts().sessions > 0 && !limit.passed()) {
    co_await testing::take_turns(1);
  }
}

TEST(LegacyFront, IdleSessionsEnd) {
  HttpFrontOptions options;
  options.limits.session_idle = Millis(20);
  FrontHouse house(options);
  const std::string session = house.begin();
  house.runtime.run(wait_until_no_session(*house.front));
  EXPECT_EQ(house.front->counts().sessions, 0U);
  EXPECT_EQ(house.legacy_call(session, 1, "echo")->status_, 404);
}

Task<void> wait_for_text(Http http, std::string text) {
  const Deadline limit = Deadline::after(Millis(10'000));
  while (http->answer_.find(text) == std::string::npos && !limit.passed()) {
    co_await testing::take_turns(1);
  }
}

TEST(LegacyFront, IdleStreamsAreKeptAlive) {
  HttpFrontOptions options;
  options.limits.keep_alive = Millis(10);
  FrontHouse house(options);
  const Http legacy = house.send("GET", {{"Mcp-Session-Id", house.begin()}});
  const Http modern =
      house.modern(1, "subscriptions/listen", "", R"("notifications":{"toolsListChanged":true})");
  house.runtime.run(wait_for_text(legacy, "\n\n:\n\n"));
  house.runtime.run(wait_for_text(modern, "\n\n:\n\n"));
  EXPECT_THAT(legacy->answer_, HasSubstr("\n\n:\n\n"));
  EXPECT_THAT(modern->answer_, HasSubstr("\n\n:\n\n"));
}

TEST(EventId, ReadsOnlyItsOwnForm) {
  EXPECT_EQ(parse_event_id("12-7")->stream, 12U);
  EXPECT_EQ(to_string(EventId{12, 7}), "12-7");
  for (const char* text : {"", "-", "1-", "-1", "1-2-3", "a-1", "1- 2", "99999999999999999999-1"}) {
    EXPECT_FALSE(parse_event_id(text)) << text;
  }
}

TEST(EventStore, KeepsTheNewestOfAllSessionsWithinItsBytes) {
  FrontLimits limits;
  limits.max_kept_bytes = 1000;
  EventStore store(limits);
  const auto one = std::make_shared<EventLog>();
  const auto two = std::make_shared<EventLog>();
  for (std::uint64_t i = 1; i <= 3; ++i) {
    store.keep(one, {1, i}, std::string(100, 'x'));
    store.keep(two, {1, i}, std::string(100, 'y'));
  }
  EXPECT_LE(store.bytes(), 1000U);
  EXPECT_THAT(one->events, SizeIs(2));
  EXPECT_THAT(two->events, SizeIs(2));
  store.sweep(std::chrono::steady_clock::now() + limits.kept_for);
  EXPECT_THAT(one->events, IsEmpty());
  EXPECT_EQ(store.bytes(), 0U);
}

}  // namespace
}  // namespace oap::mcp
