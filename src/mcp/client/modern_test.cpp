#include <gmock/gmock.h>

#include "async/sleep.hpp"
#include "base/log.hpp"
#include "json/print.hpp"
#include "mcp/testing/linked_client.hpp"

namespace oap::mcp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::LinkedClient;
using testing::server;
using testing::tool_call;

class ModernTest : public ::testing::Test {
 protected:
  void SetUp() override {
    OAP_NEEDS_PYTHON();
    log::set_level(log::Level::kOff);
  }
};

std::string explain(const LinkedClient& client) {
  return client.error() ? client.error()->to_string() : "";
}

Task<Answer<json::Object>> accept(std::string method, json::Object params) {
  json::Object content;
  content["said"] = method + " " + std::string(json::get_string(params, "message"));
  json::Object answer;
  answer["action"] = "accept";
  answer["content"] = std::move(content);
  co_return answer;
}

RequestOptions with_answers() {
  RequestOptions options;
  options.ask = &accept;
  return options;
}

std::string text_of(const Result<ToolResult>& result) {
  return result ? result->joined_text() : result.error().to_string();
}

TEST_F(ModernTest, IsFoundOutWithoutAHandshake) {
  LinkedClient client(server("modern.py"));
  ASSERT_TRUE(client) << explain(client);
  EXPECT_EQ(client->era(), Era::kModern);
  EXPECT_EQ(client->info().protocol_version, "2026-07-28");
  EXPECT_EQ(json::get_string(client->info().implementation, "name"), "modern");
  EXPECT_EQ(client->info().instructions, "be nice");
  EXPECT_EQ(client.text("echo", R"({"text":"ü"})"), "ü");
  EXPECT_TRUE(client->pid());
}

TEST_F(ModernTest, ASlowServerIsStillTakenForWhatItIs) {
  ServerSpec spec = server("modern.py", {"slow"});
  spec.start_timeout = Millis(3500);
  LinkedClient client(spec);
  ASSERT_TRUE(client) << explain(client);
  EXPECT_EQ(client->era(), Era::kModern);
}

TEST_F(ModernTest, ASlowServerThatTookTheHandshakeIsSpokenToInItsEra) {
  ServerSpec spec = server("modern.py", {"slow", "turns"});
  spec.start_timeout = Millis(3500);
  LinkedClient client(spec);
  ASSERT_TRUE(client) << explain(client);
  EXPECT_EQ(client->era(), Era::kLegacy);
  EXPECT_EQ(client.text("echo", R"({"text":"still here"})"), "still here");
}

TEST_F(ModernTest, AVersionThatNobodyHereSpeaksIsNamed) {
  LinkedClient client(server("modern.py", {"future"}));
  ASSERT_FALSE(client);
  EXPECT_THAT(explain(client), HasSubstr("speaks only the protocol versions 2099-01-01"));
}

TEST_F(ModernTest, ARequiredEraIsKept) {
  ServerSpec spec = server("echo.py");
  spec.era = Era::kModern;
  LinkedClient legacy(spec);
  EXPECT_FALSE(legacy);
  ServerSpec other = server("modern.py");
  other.era = Era::kLegacy;
  LinkedClient modern(other);
  EXPECT_THAT(explain(modern), HasSubstr("this server speaks only 2026-07-28"));
}

TEST_F(ModernTest, TheEnvelopeSaysWhoAsksAndKeepsWhatTheCallerSaid) {
  LinkedClient client(server("modern.py"));
  ASSERT_TRUE(client);
  RequestOptions options;
  options.log_level = "debug";
  options.client_info = json::parse_object(R"({"name":"caller","version":"2"})").value();
  options.capabilities = json::parse_object(R"({"sampling":{}})").value();
  ToolCall call = tool_call("meta");
  call.extra = json::parse_object(R"({"_meta":{"traceparent":"00-1",
      "io.modelcontextprotocol/clientInfo":{"name":"evil"},"progressToken":"theirs"}})")
                   .value();
  const auto meta = json::parse(text_of(client.call(call, options)));
  ASSERT_TRUE(meta);
  EXPECT_EQ(json::get_string(*meta, "traceparent"), "00-1");
  EXPECT_EQ(json::get_string(*meta, kMetaVersion), "2026-07-28");
  EXPECT_EQ(json::get_string(*meta, kMetaLogLevel), "debug");
  EXPECT_EQ(json::print(*json::find(*meta, kMetaClientInfo)), R"({"name":"caller","version":"2"})");
  EXPECT_EQ(json::print(*json::find(*meta, kMetaCapabilities)), R"({"sampling":{}})");
  EXPECT_TRUE(json::find(*meta, "progressToken")->is_int64());
}

TEST_F(ModernTest, ALegacyServerNeverSeesAnEnvelope) {
  LinkedClient client(server("echo.py"));
  ASSERT_TRUE(client);
  ToolCall call = tool_call("meta");
  call.extra = json::parse_object(R"({"_meta":{"traceparent":"00-1",
      "io.modelcontextprotocol/clientInfo":{"name":"x"},
      "io.modelcontextprotocol/protocolVersion":"2026-07-28"}})")
                   .value();
  const std::string text = text_of(client.call(call));
  EXPECT_THAT(text, HasSubstr("traceparent"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("io.modelcontextprotocol")));
}

TEST_F(ModernTest, InputIsGivenUntilTheResultIsComplete) {
  LinkedClient client(server("modern.py"));
  ASSERT_TRUE(client);
  const std::string text = text_of(client.call(tool_call("state"), with_answers()));
  EXPECT_THAT(text, HasSubstr("state {\"name\": {\"action\": \"accept\""));
  EXPECT_THAT(text, HasSubstr("elicitation/create colour?"));
  EXPECT_THAT(text, HasSubstr("then {\"again\""));
  EXPECT_EQ(text_of(client.call(tool_call("poll"))), "done");
}

TEST_F(ModernTest, InputThatNobodyGivesIsAFailureAndRoundsAreBounded) {
  ServerSpec spec = server("modern.py");
  spec.workspace = "/tmp/a b";
  LinkedClient client(spec);
  ASSERT_TRUE(client);
  EXPECT_THAT(client.text("state"), HasSubstr("nobody is there to give it"));
  EXPECT_THAT(text_of(client.call(tool_call("forever"), with_answers())), HasSubstr("16 times"));
  EXPECT_EQ(client->faults().unknown_answers, 0U);
}

TEST_F(ModernTest, InputRequiredCanBeTheResult) {
  LinkedClient client(server("modern.py"));
  ASSERT_TRUE(client);
  RequestOptions options = with_answers();
  options.keep_input_required = true;
  const auto result = client.call(tool_call("state"), options);
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(json::get_string(result->extra, "resultType"), "input_required");
  EXPECT_NE(json::find_object(result->extra, "inputRequests"), nullptr);
  ToolCall again = tool_call("poll");
  again.extra = json::parse_object(R"({"requestState":"later","inputResponses":{}})").value();
  EXPECT_EQ(text_of(client.call(again, options)), "responses");
  const auto task = client.call(tool_call("task"));
  ASSERT_TRUE(task);
  EXPECT_EQ(json::print(to_json(*task)),
            R"({"resultType":"task","task":{"taskId":"t1","status":"working"}})");
}

TEST_F(ModernTest, AGivenUpCallIsCancelledByANotification) {
  LinkedClient client(server("modern.py"));
  ASSERT_TRUE(client);
  RequestOptions options;
  options.idle_timeout = Millis(100);
  EXPECT_FALSE(client.call(tool_call("hang"), options));
  EXPECT_EQ(json::parse(client.text("seen"))->get_array().size(), 1U);
}

TEST_F(ModernTest, ListingsTellHowLongTheyHold) {
  LinkedClient client(server("modern.py"));
  ASSERT_TRUE(client);
  const auto listed =
      client.runtime().run(client->list("tools/list", "tools", Deadline::after(Millis(5000))));
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->items.size(), 1U);
  EXPECT_EQ(listed->ttl_ms, 5000);
  EXPECT_FALSE(listed->cache_public);
  const auto none =
      client.runtime().run(client->list("prompts/list", "prompts", Deadline::after(Millis(5000))));
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->items.empty());
}

/// Runs the loop until the server's streams look so.
bool listens_become(LinkedClient& client, const std::string& wanted) {
  const Deadline patience = Deadline::after(Millis(10'000));
  while (!patience.passed()) {
    if (client.text("listens") == wanted) {
      return true;
    }
    client.runtime().run(async::sleep_for(Millis(5)));
  }
  return false;
}

TEST_F(ModernTest, FollowsListsAndResourcesOnOneStream) {
  int lists = 0;
  std::vector<std::string> updates;
  ClientEvents events;
  events.on_list_changed = [&lists](ClientEvents::List) { ++lists; };
  events.on_resource_updated = [&updates](const json::Object& params) {
    updates.emplace_back(json::get_string(params, "uri"));
  };
  LinkedClient client(server("modern.py"), events);
  ASSERT_TRUE(client);
  EXPECT_TRUE(listens_become(client, R"([{"toolsListChanged": true}])"));
  client.text("change");
  EXPECT_EQ(lists, 1);
  ASSERT_TRUE(client.runtime().run(client->watch("file:///a")));
  ASSERT_TRUE(client.runtime().run(client->watch("file:///a")));
  const std::string both =
      R"([{"toolsListChanged": true, "resourceSubscriptions": ["file:///a"]}])";
  EXPECT_EQ(client.text("listens"), both);
  EXPECT_FALSE(client.runtime().run(client->watch("file:///refused")));
  client.runtime().run(client->unwatch("file:///a"));
  client.text("change");
  EXPECT_THAT(updates, ::testing::Contains("file:///a"));
  client.runtime().run(client->unwatch("file:///a"));
  EXPECT_TRUE(listens_become(client, R"([{"toolsListChanged": true}])"));
}

TEST_F(ModernTest, ASubscriptionThatTheServerEndsIsOpenedAnew) {
  int lists = 0;
  ClientEvents events;
  events.on_list_changed = [&lists](ClientEvents::List) { ++lists; };
  LinkedClient client(server("modern.py", {"strict"}), events);
  ASSERT_TRUE(client);
  for (int round = 1; round <= 3; ++round) {
    ASSERT_TRUE(listens_become(client, R"([{"toolsListChanged": true}])"));
    client.text("change");
    EXPECT_EQ(lists, round);
  }
}

}  // namespace
}  // namespace oap::mcp
