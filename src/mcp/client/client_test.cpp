#include "mcp/client/client.hpp"

#include <gmock/gmock.h>
#include <signal.h>

#include "async/deadline.hpp"
#include "async/scope.hpp"
#include "async/sleep.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "json/print.hpp"
#include "mcp/testing/linked_client.hpp"
#include "sandbox/testing/process.hpp"

namespace oap::mcp {
namespace {

using ::testing::HasSubstr;
using testing::LinkedClient;
using testing::server;
using ::testing::StartsWith;
using testing::tool_call;

class ClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    OAP_NEEDS_PYTHON();
    log::set_level(log::Level::kOff);
  }
};

std::string explain(const LinkedClient& client) {
  return client.error() ? client.error()->to_string() : "";
}

TEST_F(ClientTest, ListsAndCallsTools) {
  LinkedClient client(server("echo.py"));
  ASSERT_TRUE(client) << explain(client);
  EXPECT_EQ(client->info().protocol_version, "2025-11-25");
  const auto tools = client.tools();
  ASSERT_TRUE(tools);
  ASSERT_EQ(tools->size(), 4U);
  EXPECT_EQ(tools->front().public_name(), "echo__echo");
  EXPECT_EQ(client.text("echo", R"({"text":"Hello, World! ü\n\u0000"})"),
            std::string("Hello, World! ü\n\0", 18));
  EXPECT_EQ(client.text("fails"), "tool error: it did not work");
  EXPECT_THAT(client.text("nope"), StartsWith("error: invalid_argument"));

  const auto sum = client.call("add", R"({"a":2,"b":3})");
  ASSERT_TRUE(sum);
  EXPECT_EQ(json::print(*sum->structured), R"({"total":5})");
  EXPECT_EQ(json::print(sum->meta), R"({"fixture/kept":true})");
}

TEST_F(ClientTest, SendsIdempotencyKeyAndProgressToken) {
  LinkedClient client(server("echo.py"));
  ASSERT_TRUE(client);
  ToolCall call = tool_call("meta");
  call.idempotency_key = "key-1";
  const auto result = client.call(call);
  ASSERT_TRUE(result);
  EXPECT_THAT(result->joined_text(), HasSubstr(R"("oap/idempotencyKey": "key-1")"));
  EXPECT_THAT(result->joined_text(), HasSubstr("progressToken"));
}

Task<void> echo_into(Client* client, std::string text, std::vector<std::string>* out) {
  ToolCall call = tool_call("echo");
  call.arguments["text"] = text;
  RequestOptions options;
  const auto result = co_await client->call_tool(std::move(call), std::move(options));
  out->push_back(result ? result->joined_text() : result.error().error.to_string());
}

Task<void> many_echoes(Executor executor, Client* client, std::vector<std::string>* out) {
  async::Scope scope(executor);
  for (int i = 0; i < 200; ++i) {
    scope.spawn(echo_into(client, "text " + std::to_string(i), out));
  }
  co_await scope.join();
}

TEST_F(ClientTest, ManyCallsShareOneLink) {
  LinkedClient client(server("echo.py"));
  ASSERT_TRUE(client);
  std::vector<std::string> out;
  client.runtime().run(many_echoes(client.runtime().executor(), client.operator->(), &out));
  std::vector<std::string> expected;
  for (int i = 0; i < 200; ++i) {
    expected.push_back("text " + std::to_string(i));
  }
  EXPECT_THAT(out, ::testing::UnorderedElementsAreArray(expected));
}

TEST_F(ClientTest, ADeathInMidCallSaysExitCodeAndLastWords) {
  LinkedClient client(server("dies.py"));
  ASSERT_TRUE(client);
  ASSERT_TRUE(client.tools());
  const std::string text = client.text("echo");
  EXPECT_THAT(text, StartsWith("error: unavailable"));
  EXPECT_THAT(text, HasSubstr("exit code 7"));
  EXPECT_THAT(text, HasSubstr("the disk is on fire"));
  EXPECT_FALSE(client->alive());
  EXPECT_THAT(client.text("echo"), HasSubstr("exit code 7"));
}

TEST_F(ClientTest, AStartThatFailsSaysWhy) {
  LinkedClient dead(server("dies.py", {"start"}));
  ASSERT_FALSE(dead);
  EXPECT_THAT(explain(dead), HasSubstr("exit code 3"));
  EXPECT_THAT(explain(dead), HasSubstr("no licence found"));

  ServerSpec silent = server("hangs.py", {"start"});
  silent.start_timeout = Millis(300);
  silent.eof_grace = Millis(0);
  LinkedClient hung(silent);
  ASSERT_FALSE(hung);
  EXPECT_EQ(hung.error()->code(), Code::kDeadlineExceeded);
  EXPECT_THAT(explain(hung), HasSubstr("did not answer `initialize` within 0.3 s"));

  ServerSpec missing = server("echo.py");
  missing.process.argv = {"no-such-program-here"};
  LinkedClient absent(missing);
  ASSERT_FALSE(absent);
  EXPECT_THAT(explain(absent), HasSubstr("no-such-program-here"));
}

TEST_F(ClientTest, SpeaksEachKnownVersionAndRefusesOthers) {
  for (const std::string& version : known_versions()) {
    LinkedClient client(server("versions.py", {version}));
    ASSERT_TRUE(client) << explain(client);
    EXPECT_EQ(client->info().protocol_version, version);
    EXPECT_TRUE(client.tools());
  }
  LinkedClient future(server("versions.py", {"2099-01-01"}));
  EXPECT_THAT(explain(future), HasSubstr("speaks protocol version '2099-01-01'"));
  LinkedClient broken(server("versions.py", {"error"}));
  EXPECT_THAT(explain(broken), HasSubstr("the database is down"));
  LinkedClient garbage(server("versions.py", {"garbage"}));
  ASSERT_FALSE(garbage);
  EXPECT_EQ(garbage.error()->code(), Code::kUpstream);
}

TEST_F(ClientTest, ACallWithoutAnAnswerIsCancelledAtTheServer) {
  ServerSpec spec = server("hangs.py");
  spec.call_timeout = Millis(200);
  LinkedClient client(spec);
  ASSERT_TRUE(client);
  EXPECT_THAT(client.text("hang"), HasSubstr("did not answer tools/call within 0.2 s"));
  ToolCall late = tool_call("hang");
  late.deadline = Deadline::after(Millis(100));
  const auto result = client.call(late);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(client.text("seen"), "[3, 4]");
}

Task<Result<ToolResult>> hanging_call(Client* client) {
  ToolCall call = tool_call("hang");
  RequestOptions options;
  auto result = co_await client->call_tool(std::move(call), std::move(options));
  co_return result ? Result<ToolResult>(*std::move(result)) : fail(result.error().error);
}

Task<Result<ToolResult>> cancelled_call(Client* client) {
  const Deadline soon = Deadline::after(Millis(100));
  co_return co_await async::with_deadline(soon, hanging_call(client), "the call");
}

TEST_F(ClientTest, ACancelledCallIsCancelledAtTheServer) {
  LinkedClient client(server("hangs.py"));
  ASSERT_TRUE(client);
  const auto result = client.runtime().run(cancelled_call(client.operator->()));
  ASSERT_FALSE(result);
  EXPECT_EQ(client.text("seen"), "[3]");
  EXPECT_TRUE(client->alive());
}

TEST_F(ClientTest, GarbageBetweenMessagesIsSkippedAndCounted) {
  LinkedClient client(server("floods.py"));
  ASSERT_TRUE(client);
  EXPECT_EQ(client.text("garbage"), "after the garbage");
  EXPECT_EQ(client->faults().garbage, 10U);
  EXPECT_EQ(client.text("garbage"), "after the garbage");
}

TEST_F(ClientTest, ALargeAnswerPassesAndATooLargeOneFailsOnlyItsCall) {
  LinkedClient client(server("floods.py"));
  ASSERT_TRUE(client);
  const auto large = client.call("large", R"({"bytes":12000000})");
  ASSERT_TRUE(large) << large.error().to_string();
  EXPECT_EQ(large->joined_text().size(), 12'000'000U);
  for (const char* arguments : {R"({"bytes":20000000})", R"({"bytes":20000000,"last":true})",
                                R"({"bytes":20000000,"nobody":true})"}) {
    const std::string text = client.text("large", arguments);
    EXPECT_THAT(text, StartsWith("error: resource_exhausted")) << arguments;
    EXPECT_THAT(text, HasSubstr("over the limit"));
  }
  EXPECT_EQ(client->faults().oversize, 3U);
  EXPECT_EQ(client.text("garbage"), "after the garbage");
}

TEST_F(ClientTest, AFloodedStderrBlocksNothingAndKeepsItsEnd) {
  LinkedClient client(server("floods.py"));
  ASSERT_TRUE(client);
  EXPECT_EQ(client.text("stderr", R"({"bytes":5000000})"), "after the flood");
  EXPECT_LE(client->stderr_tail().size(), 4096U);
}

TEST_F(ClientTest, UnusableAnswersEndTheCallAtOnce) {
  LinkedClient client(server("floods.py"));
  ASSERT_TRUE(client);
  EXPECT_THAT(client.text("broken"), HasSubstr("gave an answer that cannot be read"));
  EXPECT_THAT(client.text("shape", R"({"result":7})"), HasSubstr("must be an object"));
  EXPECT_THAT(client.text("shape", R"({"result":{}})"), HasSubstr("content array"));
  EXPECT_THAT(client.text("answer", R"({"error":{"code":-32603,"message":"oh"}})"),
              HasSubstr("answered with error -32603: oh"));
  EXPECT_THAT(client.text("answer", R"({"error":"oh"})"), HasSubstr("cannot be read"));
  EXPECT_THAT(client.text("answer", R"({"result":{},"error":{}})"), HasSubstr("has both"));
  EXPECT_EQ(client.text("garbage"), "after the garbage");
}

TEST_F(ClientTest, DoubledLateAndInventedAnswersAreDropped) {
  LinkedClient client(server("duplicates.py"));
  ASSERT_TRUE(client);
  EXPECT_EQ(client.text("echo", R"({"text":"one"})"), "one");
  EXPECT_EQ(client.text("echo", R"({"text":"two"})"), "two");
  EXPECT_EQ(client.text("echo", R"({"text":"three"})"), "three");
  EXPECT_GE(client->faults().unknown_answers, 8U);
}

TEST_F(ClientTest, ProgressKeepsACallAliveUpToAHardEnd) {
  ServerSpec spec = server("slow.py");
  spec.call_timeout = Millis(1000);
  spec.call_hard_timeout = Millis(3000);
  LinkedClient client(spec);
  ASSERT_TRUE(client);
  std::vector<double> seen;
  RequestOptions options;
  options.on_progress = [&seen](const json::Object& params) {
    seen.push_back(json::get_double(params, "progress"));
    EXPECT_EQ(json::get_double(params, "total"), 5.0);
    EXPECT_THAT(std::string(json::get_string(params, "message")), StartsWith("step "));
    EXPECT_FALSE(params.contains("progressToken"));
  };
  const auto result =
      client.call(tool_call("steps", R"({"steps":5,"pause":0.3})"), std::move(options));
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_THAT(seen, ::testing::ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(client.text("silent", R"({"steps":1,"pause":9})"), HasSubstr("within 1 s"));
  EXPECT_THAT(client.text("forever", R"({"pause":0.1})"), StartsWith("error: deadline_exceeded"));
}

TEST_F(ClientTest, AStubbornServerAndItsChildAreKilled) {
  ServerSpec spec = server("stubborn.py");
  spec.eof_grace = Millis(50);
  spec.term_grace = Millis(50);
  const std::string mark = new_id("stubborn_");
  spec.process.env["OAP_MARK"] = mark;
  LinkedClient client(spec);
  ASSERT_TRUE(client);
  ASSERT_TRUE(json::parse(client.text("pids")));
  ASSERT_TRUE(sandbox::testing::marked_come(mark, 2));
  client.runtime().run(client->close());
  EXPECT_TRUE(sandbox::testing::marked(mark).empty());
  EXPECT_FALSE(client->alive());
  EXPECT_THAT(client.text("pids"), StartsWith("error: unavailable"));
}

TEST_F(ClientTest, AServerThatClosesAPipeIsReportedAndEnded) {
  for (const char* tool : {"output", "input"}) {
    LinkedClient client(server("closes.py"));
    ASSERT_TRUE(client);
    if (std::string_view(tool) == "input") {
      ToolCall call = tool_call(tool);
      call.deadline = Deadline::after(Millis(100));
      EXPECT_FALSE(client.call(call));
      while (client->alive() && client->stderr_tail() != "closed") {
        client.runtime().run(async::sleep_for(Millis(5)));
      }
    }
    const std::string text = client.text(tool);
    EXPECT_THAT(text, StartsWith("error: unavailable")) << tool;
    EXPECT_FALSE(client->alive());
  }
}

TEST_F(ClientTest, FollowsPagesAndBoundsThem) {
  LinkedClient good(server("pages.py", {"good"}));
  const auto tools = good.tools();
  ASSERT_TRUE(tools) << tools.error().to_string();
  ASSERT_EQ(tools->size(), 3U);
  EXPECT_EQ((*tools)[2].name, "c");
  for (const char* kind : {"loop", "endless"}) {
    LinkedClient client(server("pages.py", {kind}));
    const auto endless = client.tools();
    ASSERT_FALSE(endless) << kind;
    EXPECT_THAT(endless.error().message(), HasSubstr("does not end"));
  }
  LinkedClient odd(server("pages.py", {"odd"}));
  const auto kept = odd.tools();
  ASSERT_TRUE(kept);
  ASSERT_EQ(kept->size(), 2U);
  EXPECT_THAT(json::print((*kept)[1].definition), HasSubstr(R"("future":{"a":1})"));
  LinkedClient none(server("pages.py", {"none"}));
  EXPECT_FALSE(none.tools());
  LinkedClient missing(server("pages.py", {"missing"}));
  const auto empty = missing.tools();
  ASSERT_TRUE(empty);
  EXPECT_TRUE(empty->empty());
}

TEST_F(ClientTest, AnswersTheServersQuestions) {
  ServerSpec spec = server("asks.py");
  spec.workspace = "/tmp/a b";
  int changes = 0;
  ClientEvents events;
  events.on_list_changed = [&changes](ClientEvents::List list) {
    changes += list == ClientEvents::List::kTools ? 1 : 0;
  };
  LinkedClient client(spec, std::move(events));
  ASSERT_TRUE(client);
  EXPECT_THAT(client.text("ping"), HasSubstr(R"("result": {})"));
  EXPECT_THAT(client.text("roots/list"), HasSubstr("file:///tmp/a%20b"));
  EXPECT_THAT(client.text("sampling/createMessage"), HasSubstr("-32601"));
  EXPECT_EQ(changes, 3);
}

}  // namespace
}  // namespace oap::mcp
