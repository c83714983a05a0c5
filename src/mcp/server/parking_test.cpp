#include "mcp/server/parking.hpp"

#include <gmock/gmock.h>

#include "mcp/server/testing/front_house.hpp"

namespace oap::mcp {
namespace {

using testing::FrontHouse;
using Http = FrontHouse::Http;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string state_of(const Http& http) {
  const auto answer = json::parse(http->answer_);
  const json::Object* result = json::find_object(*answer, "result");
  return result == nullptr ? "" : std::string(json::get_string(*result, "requestState"));
}

std::string retry(const std::string& state, const std::string& responses) {
  return R"("requestState":")" + state + R"(","inputResponses":)" + responses;
}

const std::string kYes = R"({"action":"accept","content":{"name":"Ann"}})";
const std::string kSample =
    R"({"role":"assistant","model":"m","content":{"type":"text","text":"hi"}})";

TEST(Parking, AQuestionIsTheAnswerAndTheRetryIsServedByTheSameCall) {
  FrontHouse house;
  const Http first = house.call(1, "ask");
  EXPECT_EQ(first->status_, 200);
  EXPECT_FALSE(first->streaming_);
  EXPECT_THAT(first->answer_,
              AllOf(HasSubstr(R"("id":1)"), HasSubstr(R"("resultType":"input_required")"),
                    HasSubstr(R"("inputRequests":{"input-1":{"method":"elicitation/create")"),
                    HasSubstr("serverInfo")));
  EXPECT_EQ(house.front->counts().parked, 1U);
  const Http second = house.call(2, "ask", retry(state_of(first), R"({"input-1":)" + kYes + "}"));
  EXPECT_THAT(second->answer_, AllOf(HasSubstr(R"("id":2)"), HasSubstr("Ann"),
                                     HasSubstr(R"("resultType":"complete")")));
  EXPECT_EQ(house.front->counts().parked, 0U);
  EXPECT_EQ(house.front->counts().requests, 0U);
  EXPECT_EQ(house.service.seen_.size(), 1U);
}

TEST(Parking, StateIsGoodForOneReturn) {
  FrontHouse house;
  const std::string state = state_of(house.call(1, "ask"));
  const std::string more = retry(state, R"({"input-1":)" + kYes + "}");
  EXPECT_THAT(house.call(2, "ask", more)->answer_, HasSubstr("Ann"));
  EXPECT_THAT(house.call(3, "ask", more)->answer_, HasSubstr("-32602"));
}

TEST(Parking, AsksAgainForWhatIsMissingOrWrong) {
  for (const char* responses :
       {"{}", R"({"wrong":{"action":"accept"}})", R"({"input-1":12345})", R"({"input-1":{}})",
        R"({"input-1":{"action":"maybe"}})", R"({"input-1":{"action":"accept","content":5}})"}) {
    FrontHouse house;
    const std::string before = state_of(house.call(1, "ask"));
    const Http again = house.call(2, "ask", retry(before, responses));
    EXPECT_THAT(again->answer_, HasSubstr("input-1")) << responses;
    const std::string after = state_of(again);
    EXPECT_NE(after, before);
    const Http last = house.call(3, "ask", retry(after, R"({"more":{},"input-1":)" + kYes + "}"));
    EXPECT_THAT(last->answer_, HasSubstr("Ann")) << responses;
  }
}

TEST(Parking, InputThatIsNoObjectIsAnErrorAndLosesNothing) {
  FrontHouse house;
  const std::string state = state_of(house.call(1, "ask"));
  EXPECT_THAT(house.call(2, "ask", retry(state, "null"))->answer_, HasSubstr("-32602"));
  EXPECT_THAT(house.call(3, "ask", retry(state, R"({"input-1":)" + kYes + "}"))->answer_,
              HasSubstr("Ann"));
}

TEST(Parking, SeveralQuestionsGoOutTogetherAndRoundsFollow) {
  FrontHouse house;
  const Http first = house.call(1, "both");
  EXPECT_THAT(first->answer_, AllOf(HasSubstr("input-1"), HasSubstr("input-2")));
  const Http second =
      house.call(2, "both", retry(state_of(first), R"({"input-2":)" + kSample + "}"));
  EXPECT_THAT(second->answer_, AllOf(HasSubstr("input-1"), Not(HasSubstr("input-2"))));
  const Http third = house.call(3, "both", retry(state_of(second), R"({"input-1":)" + kYes + "}"));
  EXPECT_THAT(third->answer_, AllOf(HasSubstr("Ann"), HasSubstr("hi")));

  const Http round1 = house.call(4, "twice");
  const Http round2 =
      house.call(5, "twice", retry(state_of(round1), R"({"input-1":)" + kYes + "}"));
  EXPECT_THAT(round2->answer_, HasSubstr(R"("input-2":{)"));
  const Http round3 =
      house.call(6, "twice", retry(state_of(round2), R"({"input-2":)" + kYes + "}"));
  EXPECT_THAT(round3->answer_, HasSubstr("Ann"));
}

TEST(Parking, ForeignAndChangedStateIsRefused) {
  FrontHouse house;
  const std::string state = state_of(house.call(1, "ask", R"("arguments":{"a":1})"));
  const std::string yes = R"({"input-1":)" + kYes + "}";
  const std::vector<std::string> wrong = {
      state + "-TAMPERED", state.substr(0, state.size() - 1), state.substr(0, 20),
      state.substr(0, state.size() - 2) + (state.ends_with("AA") ? "BB" : "AA")};
  for (const std::string& each : wrong) {
    EXPECT_THAT(house.call(2, "ask", R"("arguments":{"a":1},)" + retry(each, yes))->answer_,
                HasSubstr("-32602"))
        << each;
  }
  EXPECT_THAT(house.call(3, "ask", R"("arguments":{"a":2},)" + retry(state, yes))->answer_,
              HasSubstr("not issued for this request"));
  EXPECT_THAT(house.call(4, "both", R"("arguments":{"a":1},)" + retry(state, yes))->answer_,
              HasSubstr("not issued for this request"));
  EXPECT_THAT(house.call(5, "ask", R"("arguments":{"a":1},)" + retry(state, yes))->answer_,
              HasSubstr("Ann"));
}

TEST(Parking, StateOfAnotherPrincipalIsRefused) {
  class Names final : public Authenticator {
   public:
    Task<tl::expected<Principal, Refusal>> authenticate(net::RequestHead /*head*/) override {
      Principal principal;
      principal.user_id = name;
      co_return principal;
    }
    std::string name = "ann";
  };
  Names names;
  HttpFrontOptions options;
  options.authenticator = &names;
  FrontHouse house(options);
  const std::string state = state_of(house.call(1, "ask"));
  const std::string more = retry(state, R"({"input-1":)" + kYes + "}");
  names.name = "bob";
  EXPECT_THAT(house.call(2, "ask", more)->answer_, HasSubstr("-32602"));
  names.name = "ann";
  EXPECT_THAT(house.call(3, "ask", more)->answer_, HasSubstr("Ann"));
}

TEST(Parking, OnlySomeMethodsMayAsk) {
  FrontHouse house;
  const Http http = house.modern(1, "prompts/get", "ask");
  EXPECT_THAT(http->answer_, HasSubstr("input_required"));
}

TEST(Parking, IsBounded) {
  HttpFrontOptions options;
  options.limits.max_parked = 1;
  FrontHouse house(options);
  const std::string state = state_of(house.call(1, "ask"));
  EXPECT_THAT(house.call(2, "ask")->answer_,
              HasSubstr("calls that wait for their clients' input as it can, 1"));
  house.call(3, "ask", retry(state, R"({"input-1":)" + kYes + "}"));
  EXPECT_THAT(house.call(4, "ask")->answer_, HasSubstr("input_required"));
}

Task<void> wait_until_none_runs(HttpFront& front) {
  const Deadline limit = Deadline::after(Millis(10'000));
  while (front.counts().requests > 0 && !limit.passed()) {
    co_await testing::take_turns(1);
  }
}

TEST(Parking, WhoeverDoesNotComeBackIsForgotten) {
  HttpFrontOptions options;
  options.limits.input_timeout = Millis(20);
  FrontHouse house(options);
  const std::string state = state_of(house.call(1, "ask"));
  house.runtime.run(wait_until_none_runs(*house.front));
  EXPECT_EQ(house.front->counts().requests, 0U);
  EXPECT_EQ(house.front->counts().parked, 0U);
  EXPECT_THAT(house.call(2, "ask", retry(state, "{}"))->answer_, HasSubstr("-32602"));
}

TEST(Parking, TheServicesOwnQuestionsPassThrough) {
  FrontHouse house;
  const Http first = house.call(1, "native");
  EXPECT_EQ(state_of(first), "theirs");
  EXPECT_THAT(house.call(2, "native", retry("theirs", "{}"))->answer_,
              HasSubstr("came back with theirs"));
  EXPECT_THAT(house.service.last_params_, HasSubstr("inputResponses"));
  EXPECT_EQ(house.front->counts().parked, 0U);
}

TEST(Parking, ClosingGivesUpWhatIsParked) {
  FrontHouse house;
  house.call(1, "ask");
  house.close(Millis(60'000));
}

TEST(TicketSeal, OpensOnlyWhatItSealed) {
  const TicketSeal seal;
  const TicketSeal other;
  const Ticket ticket{std::string(16, 'c'), 7, SteadyTime(std::chrono::seconds(9))};
  const std::string state = seal.seal(ticket, "ann");
  ASSERT_TRUE(seal.open(state, "ann"));
  EXPECT_EQ(seal.open(state, "ann")->call, ticket.call);
  EXPECT_EQ(seal.open(state, "ann")->round, 7U);
  EXPECT_EQ(seal.open(state, "ann")->expires, ticket.expires);
  EXPECT_FALSE(seal.open(state, "bob"));
  EXPECT_FALSE(other.is_ours(state));
  EXPECT_FALSE(other.open(state, "ann"));
  for (std::size_t i = 0; i < state.size(); ++i) {
    std::string changed = state;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(seal.open(changed, "ann")) << i;
  }
}

}  // namespace
}  // namespace oap::mcp
