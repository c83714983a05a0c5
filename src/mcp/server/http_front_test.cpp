#include <fstream>

#include <gmock/gmock.h>

#include "mcp/server/testing/front_house.hpp"

namespace oap::mcp {
namespace {

using testing::FrontHouse;
using testing::kEnvelope;
using Http = FrontHouse::Http;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

struct Case {
  int line = 0;
  std::string name;
  std::string head;
  std::string body;
  std::string expected;
};

std::vector<Case> read_cases() {
  std::ifstream file(OAP_SOURCE_DIR "/src/mcp/server/cases/http.case");
  std::vector<Case> cases;
  std::vector<std::string> lines;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.starts_with('#')) {
      continue;
    }
    if (!line.empty()) {
      lines.push_back(line);
    } else {
      lines.clear();
    }
    if (lines.size() == 4) {
      cases.push_back({number - 3, lines[0], lines[1], lines[2], lines[3]});
      lines.clear();
    }
  }
  return cases;
}

net::HeaderList headers_of(std::string_view text, const std::string& session) {
  net::HeaderList headers;
  for (std::string_view each : text::split(text, ';')) {
    each = text::trim(each);
    const std::size_t colon = each.find(':');
    if (each == "modern") {
      headers.emplace_back("MCP-Protocol-Version", "2026-07-28");
    } else if (each == "session") {
      headers.emplace_back("Mcp-Session-Id", session);
    } else if (colon != std::string_view::npos) {
      headers.emplace_back(each.substr(0, colon), text::trim(each.substr(colon + 1)));
    }
  }
  return headers;
}

TEST(HttpFront, AnswersEveryCaseOfTheTable) {
  const auto cases = read_cases();
  ASSERT_GT(cases.size(), 50U);
  FrontHouse house;
  for (const Case& each : cases) {
    SCOPED_TRACE("http.case:" + std::to_string(each.line) + " " + each.name);
    const std::string session = house.begin();
    std::string body = text::replace_all(each.body, "META", kEnvelope);
    const std::size_t space = each.head.find(' ');
    const Http http =
        house.send(each.head.substr(0, space),
                   headers_of(space == std::string::npos ? "" : each.head.substr(space), session),
                   body == "-" ? "" : body);
    const auto words = text::split_words(each.expected);
    EXPECT_EQ(std::to_string(http->status_), words[0]) << http->answer_;
    for (std::size_t i = 1; i < words.size(); ++i) {
      const bool no = words[i].starts_with('!');
      const std::string word(no ? words[i].substr(1) : words[i]);
      EXPECT_EQ(http->answer_.find(word) == std::string::npos, no) << word << "\n" << http->answer_;
    }
  }
}

// --- modern ---------------------------------------------------------------------------------

TEST(HttpFrontModern, APlainResultIsJsonAndComplete) {
  FrontHouse house;
  const Http http = house.call(1, "echo", R"("arguments":{"a":1})");
  EXPECT_EQ(http->status_, 200);
  EXPECT_FALSE(http->streaming_);
  EXPECT_EQ(http->header("Content-Type"), "application/json");
  EXPECT_EQ(http->header("Mcp-Session-Id"), "");
  EXPECT_THAT(http->answer_,
              AllOf(HasSubstr(R"("resultType":"complete")"),
                    HasSubstr(R"("io.modelcontextprotocol/serverInfo":{"name":"script")"),
                    Not(HasSubstr("ttlMs"))));
}

TEST(HttpFrontModern, ProgressMakesItAStreamInOrder) {
  FrontHouse house;
  const Http http = house.modern(
      1, "tools/call", "progress", "",
      R"("_meta":{"progressToken":"tok",)" + kEnvelope.substr(std::string(R"("_meta":{)").size()));
  EXPECT_TRUE(http->streaming_);
  EXPECT_TRUE(http->over_);
  EXPECT_EQ(http->header("X-Accel-Buffering"), "no");
  EXPECT_EQ(http->header("Content-Type"), "text/event-stream");
  const auto events = http->events();
  ASSERT_THAT(events, SizeIs(4));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(events[static_cast<std::size_t>(i)],
                AllOf(HasSubstr(R"("progressToken":"tok")"),
                      HasSubstr(R"("progress":)" + std::to_string(i))));
  }
  EXPECT_THAT(events[3], HasSubstr(R"("text":"done")"));
  EXPECT_THAT(http->answer_, Not(HasSubstr("\nid:")));
}

TEST(HttpFrontModern, ProgressWithoutATokenIsNothing) {
  FrontHouse house;
  EXPECT_FALSE(house.call(1, "progress")->streaming_);
}

TEST(HttpFrontModern, LogsOnlyWhereAskedAndAtThatLevel) {
  FrontHouse house;
  EXPECT_FALSE(house.call(1, "log")->streaming_);
  const Http http = house.modern(2, "tools/call", "log", "",
                                 R"("_meta":{"io.modelcontextprotocol/logLevel":"warning",)" +
                                     kEnvelope.substr(std::string(R"("_meta":{)").size()));
  const auto events = http->events();
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_THAT(events[0], HasSubstr(R"("level":"error")"));
}

TEST(HttpFrontModern, AClientThatTakesNoStreamGetsTheAnswerAlone) {
  FrontHouse house;
  const std::string meta =
      R"("_meta":{"progressToken":1,)" + kEnvelope.substr(std::string(R"("_meta":{)").size());
  const Http http =
      house.send("POST",
                 {{"MCP-Protocol-Version", "2026-07-28"},
                  {"Mcp-Method", "tools/call"},
                  {"Mcp-Name", "progress"},
                  {"Accept", "application/json"}},
                 FrontHouse::message(1, "tools/call", R"("name":"progress",)" + meta));
  EXPECT_FALSE(http->streaming_);
  EXPECT_THAT(http->answer_, HasSubstr("done"));
}

TEST(HttpFrontModern, LeavingCancelsTheCall) {
  FrontHouse house;
  const Http http = house.call(1, "wait");
  EXPECT_EQ(http->status_, 0);
  EXPECT_EQ(house.front->counts().requests, 1U);
  http->leave();
  house.turn();
  EXPECT_EQ(house.service.cancelled_, 1);
  EXPECT_EQ(house.front->counts().requests, 0U);
}

TEST(HttpFrontModern, AThrowingServiceIsAnInternalError) {
  FrontHouse house;
  EXPECT_THAT(house.call(1, "throw")->answer_,
              AllOf(HasSubstr("-32603"), Not(HasSubstr("thrown by a tool"))));
}

TEST(HttpFrontModern, TooManyAtOnceAreRefusedAndLaterServed) {
  HttpFrontOptions options;
  options.limits.max_requests = 2;
  FrontHouse house(options);
  const Http one = house.call(1, "wait");
  const Http two = house.call(2, "wait");
  const Http three = house.call(3, "echo");
  EXPECT_EQ(three->status_, 429);
  EXPECT_EQ(three->header("Retry-After"), "1");
  EXPECT_THAT(three->answer_, HasSubstr("-31001"));
  house.service.release();
  house.turn();
  EXPECT_EQ(one->status_, 200);
  EXPECT_EQ(house.call(4, "echo")->status_, 200);
}

TEST(HttpFrontModern, ListensToWhatItAskedForUnderItsOwnId) {
  FrontHouse house;
  const Http tools = house.modern(7, "subscriptions/listen", "",
                                  R"("notifications":{"toolsListChanged":true,
      "resourceSubscriptions":["test://a","test://secret","test://a",5]})");
  const Http prompts =
      house.modern(8, "subscriptions/listen", "", R"("notifications":{"promptsListChanged":true})");
  EXPECT_EQ(house.front->counts().streams, 2U);
  EXPECT_EQ(house.front->counts().requests, 0U);
  ASSERT_THAT(tools->events(), SizeIs(1));
  EXPECT_EQ(tools->events()[0],
            R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":)"
            R"({"_meta":{"io.modelcontextprotocol/subscriptionId":7},"notifications":)"
            R"({"toolsListChanged":true,"resourceSubscriptions":["test://a"]}}})");
  house.service.feed().publish({Change::Kind::kTools, ""});
  house.service.feed().publish({Change::Kind::kResource, "test://b"});
  house.service.feed().publish({Change::Kind::kResource, "test://a"});
  EXPECT_THAT(prompts->events(), SizeIs(1));
  ASSERT_THAT(tools->events(), SizeIs(3));
  EXPECT_EQ(tools->events()[1],
            R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":)"
            R"({"_meta":{"io.modelcontextprotocol/subscriptionId":7}}})");
  EXPECT_EQ(tools->events()[2],
            R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":)"
            R"({"_meta":{"io.modelcontextprotocol/subscriptionId":7},"uri":"test://a"}})");
  EXPECT_EQ(house.service.watched_["test://a"], 1);
  tools->leave();
  house.turn();
  EXPECT_EQ(house.service.watched_["test://a"], 0);
  EXPECT_EQ(house.front->counts().streams, 1U);
  house.close(Millis(0));
  ASSERT_THAT(prompts->events(), SizeIs(2));
  EXPECT_THAT(prompts->events()[1],
              AllOf(HasSubstr(R"("id":8,"result":{)"),
                    HasSubstr(R"("io.modelcontextprotocol/subscriptionId":8)")));
  EXPECT_TRUE(prompts->over_);
}

TEST(HttpFrontModern, AListenerThatDoesNotReadIsLetGo) {
  FrontHouse house;
  const Http http =
      house.modern(1, "subscriptions/listen", "", R"("notifications":{"toolsListChanged":true})");
  http->stuck_ = true;
  house.service.feed().publish({Change::Kind::kTools, ""});
  EXPECT_TRUE(http->over_);
  EXPECT_EQ(house.front->counts().streams, 0U);
}

TEST(HttpFrontModern, TenThousandListenersAllHear) {
  FrontHouse house;
  std::vector<Http> all;
  for (int i = 0; i < 10'000; ++i) {
    auto http = std::make_shared<testing::FakeExchange>();
    http->head_.method = "POST";
    http->head_.headers = {{"Host", "localhost"},
                           {"Content-Type", "application/json"},
                           {"MCP-Protocol-Version", "2026-07-28"},
                           {"Mcp-Method", "subscriptions/listen"}};
    http->body_ = FrontHouse::message(i, "subscriptions/listen",
                                      R"("notifications":{"toolsListChanged":true},)" + kEnvelope);
    house.runtime.run(house.front->serve(http));
    all.push_back(std::move(http));
  }
  EXPECT_EQ(house.front->counts().streams, 10'000U);
  house.service.feed().publish({Change::Kind::kTools, ""});
  for (const Http& http : all) {
    ASSERT_THAT(http->events(), SizeIs(2));
  }
  EXPECT_THAT(all[4711]->events()[1], HasSubstr(R"(subscriptionId":4711})"));
}

// --- security ---------------------------------------------------------------------------------

TEST(HttpFront, PrincipalsComeFromTheAuthenticator) {
  class Names final : public Authenticator {
   public:
    Task<tl::expected<Principal, Refusal>> authenticate(net::RequestHead head) override {
      const std::string* name = head.header("X-User");
      if (name == nullptr) {
        co_return tl::unexpected<Refusal>(Refusal{401, "Bearer x", "no token"});
      }
      Principal principal;
      principal.user_id = *name;
      co_return principal;
    }
  };
  Names names;
  HttpFrontOptions options;
  options.authenticator = &names;
  FrontHouse house(options);
  const Http refused = house.send("POST", {}, FrontHouse::message(1, "ping", ""));
  EXPECT_EQ(refused->status_, 401);
  EXPECT_EQ(refused->header("WWW-Authenticate"), "Bearer x");
  const Http begun = house.send(
      "POST", {{"X-User", "ann"}},
      FrontHouse::message(1, "initialize", R"("protocolVersion":"2025-11-25","capabilities":{})"));
  const std::string session = begun->header("Mcp-Session-Id");
  ASSERT_FALSE(session.empty());
  for (const auto& [user, status] : {std::pair("ann", 200), std::pair("bob", 404)}) {
    EXPECT_EQ(house
                  .send("POST", {{"X-User", user}, {"Mcp-Session-Id", session}},
                        FrontHouse::message(2, "tools/list", ""))
                  ->status_,
              status);
  }
  EXPECT_EQ(house.send("DELETE", {{"X-User", "bob"}, {"Mcp-Session-Id", session}})->status_, 404);
  EXPECT_EQ(house.front->counts().sessions, 1U);
}

TEST(HttpFront, ClosingCancelsWhatRunsAndLeavesNoRequestOpen) {
  FrontHouse house;
  const Http waiting = house.call(1, "wait");
  house.close(Millis(0));
  EXPECT_EQ(house.service.cancelled_, 1);
  EXPECT_TRUE(waiting->over_);
}

}  // namespace
}  // namespace oap::mcp
