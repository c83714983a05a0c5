#include <gmock/gmock.h>

#include "async/scope.hpp"
#include "async/sleep.hpp"
#include "base/log.hpp"
#include "json/print.hpp"
#include "mcp/testing/linked_client.hpp"

namespace oap::mcp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::LinkedClient;
using ::testing::Not;
using testing::server;
using testing::tool_call;

class QuestionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    OAP_NEEDS_PYTHON();
    log::set_level(log::Level::kOff);
  }
};

Task<Answer<json::Object>> answer_later(std::string owner, std::vector<std::string>* asked,
                                        Millis pause, std::string method, json::Object params) {
  const auto slept = co_await async::sleep_for(pause);
  asked->push_back(owner + " " + method + (slept ? "" : " cancelled"));
  params["method"] = method;
  co_return params;
}

/// Answers with the method, after a while.
RequestOptions answering(std::string owner, std::vector<std::string>* asked,
                         Millis pause = Millis(0)) {
  RequestOptions options;
  options.owner = owner;
  options.ask = [owner, asked, pause](std::string method, json::Object params) {
    return answer_later(owner, asked, pause, std::move(method), std::move(params));
  };
  return options;
}

std::string text_of(const Result<ToolResult>& result) {
  return result ? result->joined_text() : result.error().to_string();
}

TEST_F(QuestionTest, IsAnsweredByTheOneCallerThatIsThere) {
  LinkedClient client(server("curious.py"));
  ASSERT_TRUE(client);
  std::vector<std::string> asked;
  const ToolCall call = tool_call("ask", R"({"method":"elicitation/create"})");
  EXPECT_THAT(text_of(client.call(call, answering("a", &asked))),
              HasSubstr(R"("result": {"n": 1, "method": "elicitation/create"})"));
  EXPECT_THAT(asked, ElementsAre("a elicitation/create"));
  EXPECT_THAT(client.text("ask", R"({"method":"sampling/createMessage"})"), HasSubstr("-32601"));
  EXPECT_THAT(client.text("ask", R"({"method":"roots/list"})"), HasSubstr("-32601"));
}

Task<void> call_into(Client* client, std::string tool, std::string arguments,
                     RequestOptions options, std::string* out) {
  auto result = co_await client->call_tool(tool_call(tool, arguments), std::move(options));
  *out = result ? result->joined_text() : result.error().error.to_string();
}

/// One call waits, another asks.
Task<void> wait_and_ask(Executor executor, Client* client, RequestOptions waiting,
                        RequestOptions asking, std::string* out) {
  async::Scope scope(executor);
  std::string ignored;
  scope.spawn(call_into(client, "wait", "{}", std::move(waiting), &ignored));
  co_await call_into(client, "ask", R"({"method":"sampling/createMessage"})", std::move(asking),
                     out);
  std::string released;
  RequestOptions plain;
  co_await call_into(client, "release", "{}", std::move(plain), &released);
  co_await scope.join();
}

TEST_F(QuestionTest, IsPutToNobodyWhereItMayBeMeantForSomeoneElse) {
  LinkedClient client(server("curious.py"));
  ASSERT_TRUE(client);
  std::vector<std::string> asked;
  std::string out;
  async::Runtime& runtime = client.runtime();
  runtime.run(wait_and_ask(runtime.executor(), client.operator->(), answering("a", &asked),
                           answering("b", &asked), &out));
  EXPECT_THAT(out, HasSubstr("-32601"));
  EXPECT_TRUE(asked.empty());
  RequestOptions stranger;
  stranger.owner = "c";
  runtime.run(wait_and_ask(runtime.executor(), client.operator->(), stranger,
                           answering("b", &asked), &out));
  EXPECT_THAT(out, HasSubstr("-32601"));
  runtime.run(wait_and_ask(runtime.executor(), client.operator->(), answering("a", &asked),
                           answering("a", &asked), &out));
  EXPECT_THAT(out, HasSubstr("result"));
  EXPECT_THAT(asked, ElementsAre("a sampling/createMessage"));
}

/// One call asks and is not answered; another one asks meanwhile.
Task<void> ask_and_ask(Executor executor, Client* client, RequestOptions silent,
                       RequestOptions asking, std::string* first, std::string* second) {
  async::Scope scope(executor);
  const std::string question = R"({"method":"elicitation/create"})";
  async::Event begun(executor);
  silent.ask = [ask = silent.ask, begun](std::string method, json::Object params) mutable {
    begun.notify();
    return ask(std::move(method), std::move(params));
  };
  scope.spawn(call_into(client, "ask", question, std::move(silent), first));
  const Deadline patience = Deadline::after(Millis(20'000));
  co_await begun.wait(patience);
  co_await call_into(client, "ask", question, std::move(asking), second);
  scope.cancel();
  co_await scope.join();
}

TEST_F(QuestionTest, OneThatWaitsForAnAnswerIsNotTakenForTheOneThatAsks) {
  LinkedClient client(server("curious.py"));
  ASSERT_TRUE(client);
  std::vector<std::string> asked;
  std::string first;
  std::string second;
  async::Runtime& runtime = client.runtime();
  RequestOptions silent = answering("a", &asked, Millis(30'000));
  RequestOptions asking = answering("b", &asked);
  runtime.run(
      ask_and_ask(runtime.executor(), client.operator->(), silent, asking, &first, &second));
  EXPECT_THAT(second, HasSubstr("-32601")) << "nobody knows who is behind them";
  silent.party = "ann";
  asking.party = "bob";
  runtime.run(
      ask_and_ask(runtime.executor(), client.operator->(), silent, asking, &first, &second));
  EXPECT_THAT(second, HasSubstr("-32601"));
  asking.party = "ann";
  asked.clear();
  runtime.run(
      ask_and_ask(runtime.executor(), client.operator->(), silent, asking, &first, &second));
  EXPECT_THAT(second, HasSubstr("result"));
  EXPECT_THAT(asked, ElementsAre("b elicitation/create", "a elicitation/create cancelled"));
}

TEST_F(QuestionTest, WhoDoesNotComeBackStandsInNobodysWayForLong) {
  ServerSpec spec = server("curious.py");
  spec.question_patience = Millis(0);
  LinkedClient client(spec);
  ASSERT_TRUE(client);
  std::vector<std::string> asked;
  std::string first;
  std::string second;
  async::Runtime& runtime = client.runtime();
  RequestOptions silent = answering("a", &asked, Millis(30'000));
  silent.party = "ann";
  RequestOptions asking = answering("b", &asked);
  asking.party = "bob";
  runtime.run(
      ask_and_ask(runtime.executor(), client.operator->(), silent, asking, &first, &second));
  EXPECT_THAT(second, HasSubstr("-32601")) << "this one may have been the other's";
  EXPECT_THAT(first, HasSubstr("has not been answered"));
  const ToolCall call = tool_call("ask", R"({"method":"elicitation/create"})");
  EXPECT_THAT(text_of(client.call(call, asking)), HasSubstr("result"));
}

TEST_F(QuestionTest, ThinkingAboutItIsNoIdleness) {
  ServerSpec spec = server("curious.py");
  spec.call_timeout = Millis(150);
  LinkedClient client(spec);
  ASSERT_TRUE(client);
  std::vector<std::string> asked;
  const ToolCall call = tool_call("ask", R"({"method":"elicitation/create"})");
  EXPECT_THAT(text_of(client.call(call, answering("a", &asked, Millis(500)))), HasSubstr("result"));
}

TEST_F(QuestionTest, ThatIsTakenBackIsNotAnswered) {
  LinkedClient client(server("curious.py"));
  ASSERT_TRUE(client);
  std::vector<std::string> asked;
  EXPECT_EQ(text_of(client.call(tool_call("withdraw"), answering("a", &asked, Millis(30'000)))),
            "withdrawn");
  EXPECT_THAT(asked, ElementsAre("a sampling/createMessage cancelled"));
  EXPECT_EQ(client.text("answers"), "[]");
}

TEST_F(QuestionTest, EndsWithTheCallThatItIsAbout) {
  LinkedClient client(server("curious.py"));
  ASSERT_TRUE(client);
  std::vector<std::string> asked;
  EXPECT_EQ(text_of(client.call(tool_call("leave"), answering("a", &asked, Millis(30'000)))),
            "left");
  EXPECT_THAT(asked, ElementsAre("a sampling/createMessage cancelled"));
}

TEST_F(QuestionTest, AreBoundedAndNeverAnsweredTwice) {
  LinkedClient client(server("curious.py"));
  ASSERT_TRUE(client);
  std::vector<std::string> asked;
  const ToolCall flood = tool_call("flood", R"({"count":100})");
  EXPECT_EQ(text_of(client.call(flood, answering("a", &asked, Millis(300)))), "36");
  EXPECT_EQ(asked.size(), 64U);
  asked.clear();
  EXPECT_THAT(text_of(client.call(tool_call("twice"), answering("a", &asked, Millis(50)))),
              HasSubstr("same"));
  EXPECT_EQ(asked.size(), 1U);
  EXPECT_EQ(json::parse(client.text("answers"))->get_array().size(), 101U);
}

TEST_F(QuestionTest, OfTheEraKillsOrConfusesOldServersButTheyAreUsedAllTheSame) {
  for (const char* kind : {"dies", "ignores", "deaf"}) {
    ServerSpec spec = server("brittle.py", {kind});
    spec.start_timeout = Millis(4000);
    LinkedClient client(spec);
    ASSERT_TRUE(client) << kind << (client.error() ? client.error()->to_string() : "");
    EXPECT_EQ(client->era(), Era::kLegacy);
    const auto tools = client.tools();
    ASSERT_TRUE(tools) << kind;
    EXPECT_EQ(tools->front().name, kind);
  }
}

}  // namespace
}  // namespace oap::mcp
