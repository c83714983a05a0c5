#include <atomic>

#include <gmock/gmock.h>

#include "base/log.hpp"
#include "mcp/testing/http_client.hpp"
#include "mcp/testing/scripted_http.hpp"

namespace oap::mcp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace testing;  // NOLINT(google-build-using-namespace): the servers and clients of tests

class ModernHttp : public ::testing::Test {
 protected:
  void SetUp() override { log::set_level(log::Level::kOff); }
};

TEST_F(ModernHttp, SendsRoutingHeadersAndNoSession) {
  ScriptedHttp server(Era::kModern, [](const ExchangePtr& http, const Received& request) {
    if (request.method == "resources/read" || request.method == "tasks/get") {
      answer(*http, 200, reply_to(request, R"("result":{"resultType":"complete"})"),
             {{"Mcp-Session-Id", "evil"}});
      return true;
    }
    return false;
  });
  {
    HttpLinked client(server.url());
    ASSERT_TRUE(client) << client.why();
    EXPECT_EQ(client->era(), Era::kModern);
    EXPECT_EQ(client.text("grüße"), "called");
    json::Object uri;
    uri["uri"] = "file:///a b";
    EXPECT_TRUE(client.run(client->request("resources/read", std::move(uri), {})));
    json::Object task;
    task["taskId"] = "=?base64?x?=";
    EXPECT_TRUE(client.run(client->request("tasks/get", std::move(task), {})));
  }
  std::vector<std::string> seen;
  for (const Received& each : server.received()) {
    seen.push_back(each.head.method + " " + each.header("Mcp-Method") + " " +
                   each.header("Mcp-Name") + " " + each.header("MCP-Protocol-Version") + " " +
                   each.header("Mcp-Session-Id"));
  }
  EXPECT_THAT(seen, ElementsAre("POST server/discover - 2026-07-28 -",
                                "POST tools/call =?base64?Z3LDvMOfZQ==?= 2026-07-28 -",
                                "POST resources/read file:///a b 2026-07-28 -",
                                "POST tasks/get =?base64?PT9iYXNlNjQ/eD89?= 2026-07-28 -"));
}

TEST_F(ModernHttp, ARecognisedErrorMeansModernAndOthersLegacy) {
  struct Case {
    int status;
    std::string error;
    std::optional<Era> era;
  };
  const std::vector<Case> cases = {
      {400, R"("error":{"code":-32020,"message":"m"})", Era::kModern},
      {400, R"("error":{"code":-32021,"message":"m"})", Era::kModern},
      {400, R"("error":{"code":-32022,"message":"m","data":{"supported":["2026-07-28"]}})",
       Era::kModern},
      {400, R"("error":{"code":-32022,"message":"m","data":{"supported":["2025-06-18"]}})",
       Era::kLegacy},
      {400, R"("error":{"code":-32022,"message":"m","data":{"supported":["2099-01-01"]}})", {}},
      {400, R"("error":{"code":-32022,"message":"m"})", {}},
      {400, R"("error":{"code":-32600,"message":"m"})", Era::kLegacy},
      {404, R"("error":{"code":-32601,"message":"m"})", Era::kLegacy},
      {200, R"("error":{"code":-32602,"message":"m"})", Era::kLegacy},
      {200, R"("result":{})", Era::kLegacy},
      {500, R"("oops":1)", Era::kLegacy},
      {503, R"("oops":1)", Era::kLegacy},
  };
  for (const Case& each : cases) {
    ScriptedHttp server(Era::kLegacy, [&](const ExchangePtr& http, const Received& request) {
      if (request.method != "server/discover") {
        return false;
      }
      answer(*http, each.status, reply_to(request, each.error));
      return true;
    });
    HttpLinked client(server.url());
    ASSERT_EQ(static_cast<bool>(client), each.era.has_value()) << each.error << client.why();
    if (client) {
      EXPECT_EQ(client->era(), *each.era) << each.error;
    } else {
      EXPECT_THAT(client.why(), HasSubstr("protocol versions")) << each.error;
    }
  }
}

TEST_F(ModernHttp, ARefusedVersionThatIsSupportedAfterAllIsTriedAgain) {
  std::atomic<int> discovers = 0;
  ScriptedHttp server(Era::kModern, [&](const ExchangePtr& http, const Received& request) {
    if (request.method != "server/discover" || ++discovers > 1) {
      return false;
    }
    answer(*http, 400,
           reply_to(request, R"("error":{"code":-32022,"message":"m",)"
                             R"("data":{"supported":["2026-07-28"]}})"));
    return true;
  });
  HttpLinked client(server.url());
  ASSERT_TRUE(client) << client.why();
  EXPECT_EQ(client->era(), Era::kModern);
  EXPECT_TRUE(client->info().capabilities.contains("tools"));
  EXPECT_EQ(discovers, 2);
}

constexpr std::string_view kTools =
    R"("result":{"resultType":"complete","tools":[)"
    R"({"name":"good","inputSchema":{"type":"object","properties":{)"
    R"("region":{"type":"string","x-mcp-header":"Region"},)"
    R"("deep":{"type":"object","properties":{"n":{"type":"integer","x-mcp-header":"N"}}},)"
    R"("on":{"type":"boolean","x-mcp-header":"On"}}}},)"
    R"({"name":"bad","inputSchema":{"type":"object","properties":{)"
    R"("x":{"type":"number","x-mcp-header":"X"}}}},)"
    R"({"name":"plain","inputSchema":{"type":"object"}}]})";

TEST_F(ModernHttp, MirrorsParametersAndDropsToolsThatDeclareItWrongly) {
  ScriptedHttp server(Era::kModern, [](const ExchangePtr& http, const Received& request) {
    if (request.method == "tools/list") {
      answer(*http, 200, reply_to(request, kTools));
    }
    return request.method == "tools/list";
  });
  HttpLinked client(server.url());
  ASSERT_TRUE(client);
  const auto tools = client.run(client->list_tools(Deadline::after(Millis(5000))));
  ASSERT_TRUE(tools);
  ASSERT_EQ(tools->size(), 2U);
  EXPECT_EQ((*tools)[1].name, "plain");
  client.text("good", R"({"region":" us ","deep":{"n":42},"on":true})");
  client.text("good", R"({"region":null,"deep":{},"on":false})");
  const auto calls = server.received("tools/call");
  EXPECT_EQ(calls[0].header("Mcp-Param-Region"), "=?base64?IHVzIA==?=");
  EXPECT_EQ(calls[0].header("Mcp-Param-N"), "42");
  EXPECT_EQ(calls[0].header("Mcp-Param-On"), "true");
  EXPECT_EQ(calls[1].header("Mcp-Param-Region"), "-");
  EXPECT_EQ(calls[1].header("Mcp-Param-N"), "-");
  EXPECT_EQ(calls[1].header("Mcp-Param-On"), "false");
}

TEST_F(ModernHttp, MissingHeadersAreLearntFromANewList) {
  ScriptedHttp server(Era::kModern, [](const ExchangePtr& http, const Received& request) {
    if (request.method == "tools/list") {
      answer(*http, 200, reply_to(request, kTools));
      return true;
    }
    if (request.method == "tools/call" && request.header("Mcp-Param-Region") == "-") {
      answer(*http, 400, reply_to(request, R"("error":{"code":-32020,"message":"missing"})"));
      return true;
    }
    return false;
  });
  HttpLinked client(server.url());
  ASSERT_TRUE(client);
  EXPECT_EQ(client.text("good", R"({"region":"eu"})"), "called");
  EXPECT_THAT(client.text("good"), HasSubstr("-32020: missing"));
  EXPECT_EQ(server.received("tools/call").size(), 4U);
}

TEST_F(ModernHttp, ErrorsOfThePeerArePassedOnVerbatim) {
  ScriptedHttp server(Era::kModern, [](const ExchangePtr& http, const Received& request) {
    if (request.method != "tools/call") {
      return false;
    }
    answer(*http, 400,
           reply_to(request, R"("error":{"code":-32021,"message":"need it",)"
                             R"("data":{"requiredCapabilities":{"sampling":{}}},"new":1})"));
    return true;
  });
  HttpLinked client(server.url());
  ASSERT_TRUE(client);
  const auto result = client.call("t");
  ASSERT_FALSE(result);
  ASSERT_TRUE(result.error().peer);
  EXPECT_EQ(result.error().peer->code, -32021);
  EXPECT_EQ(result.error().peer->message, "need it");
  EXPECT_EQ(json::print(*result.error().peer->data), R"({"requiredCapabilities":{"sampling":{}}})");
  EXPECT_EQ(json::print(result.error().peer->extra), R"({"new":1})");
}

TEST_F(ModernHttp, GivingUpClosesTheStreamAndSaysNothing) {
  std::atomic<int> gone = 0;
  std::vector<ExchangePtr> held;
  ScriptedHttp server(Era::kModern, [&](const ExchangePtr& http, const Received& request) {
    if (request.method != "tools/call") {
      return false;
    }
    start_events(*http);
    http->on_disconnect([&gone] { ++gone; });
    held.push_back(http);
    return true;
  });
  HttpLinked client(server.url());
  ASSERT_TRUE(client);
  RequestOptions options;
  options.idle_timeout = Millis(50);
  EXPECT_THAT(client.text("t", "{}", options), HasSubstr("deadline_exceeded"));
  EXPECT_TRUE(client.wait_until([&] { return gone == 1; }));
  EXPECT_EQ(server.received().size(), 2U);
}

TEST_F(ModernHttp, ABrokenStreamIsNotResumed) {
  ScriptedHttp server(Era::kModern, [](const ExchangePtr& http, const Received& request) {
    if (request.method != "tools/call") {
      return false;
    }
    start_events(*http);
    EXPECT_TRUE(http->write("retry: 1\nid: e1\ndata:\n\n"));
    http->finish();
    return true;
  });
  HttpLinked client(server.url());
  ASSERT_TRUE(client);
  EXPECT_THAT(client.text("t"), HasSubstr("it may have run"));
  EXPECT_TRUE(server.received("GET").empty());
}

TEST_F(ModernHttp, ListensAsLongAsListsAreWanted) {
  std::atomic<int> listens = 0;
  std::vector<ExchangePtr> held;
  ScriptedHttp server(Era::kModern, [&](const ExchangePtr& http, const Received& request) {
    if (request.method != "subscriptions/listen") {
      return false;
    }
    const std::string id = json::print(*json::find(request.message, "id"));
    const std::string meta = R"("_meta":{"io.modelcontextprotocol/subscriptionId":)" + id + "}";
    const json::Object* params = json::find_object(request.message, "params");
    const std::string wanted = json::print(*json::find(*params, "notifications"));
    start_events(*http);
    EXPECT_TRUE(http->write(
        event(R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{)" +
              meta + R"(,"notifications":)" + wanted + "}}")));
    EXPECT_TRUE(http->write(
        event(R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{)" + meta +
              "}}")));
    if (++listens == 1) {
      http->finish();
    } else {
      held.push_back(http);
    }
    return true;
  });
  int lists = 0;
  ClientEvents events;
  events.on_list_changed = [&](ClientEvents::List) { ++lists; };
  {
    HttpLinked client(server.url(), {}, events);
    ASSERT_TRUE(client);
    EXPECT_TRUE(client.wait_until([&] { return listens >= 2 && lists >= 2; }));
    ASSERT_TRUE(client.run(client->watch("file:///a")));
  }
  EXPECT_EQ(listens, 3);
  const Received last = server.received("subscriptions/listen").back();
  EXPECT_EQ(json::print(*json::find(*json::find_object(last.message, "params"), "notifications")),
            R"({"toolsListChanged":true,"resourceSubscriptions":["file:///a"]})");
}

}  // namespace
}  // namespace oap::mcp
