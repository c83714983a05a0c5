#include <atomic>

#include <gmock/gmock.h>

#include "async/deadline.hpp"
#include "async/sleep.hpp"
#include "base/log.hpp"
#include "mcp/testing/http_client.hpp"
#include "mcp/testing/scripted_http.hpp"

namespace oap::mcp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace testing;  // NOLINT(google-build-using-namespace): the servers and clients of tests

class LegacyHttp : public ::testing::Test {
 protected:
  void SetUp() override { log::set_level(log::Level::kOff); }
};

TEST_F(LegacyHttp, ShakesHandsAndKeepsTheSession) {
  ScriptedHttp server(Era::kLegacy);
  {
    HttpLinked client(server.url());
    ASSERT_TRUE(client) << client.why();
    EXPECT_EQ(client->era(), Era::kLegacy);
    EXPECT_EQ(json::get_string(client->info().implementation, "name"), "legacy");
    EXPECT_EQ(client.text("t"), "called");
    EXPECT_TRUE(client.wait_until([&] { return !server.received("GET").empty(); }));
  }
  std::vector<std::string> seen;
  for (const Received& each : server.received()) {
    if (each.method != "GET") {
      seen.push_back(each.method + " " + each.header("Mcp-Session-Id") + " " +
                     each.header("MCP-Protocol-Version"));
    }
  }
  EXPECT_THAT(seen, ElementsAre("server/discover - 2026-07-28", "initialize - -",
                                "notifications/initialized s1 2025-11-25",
                                "tools/call s1 2025-11-25", "DELETE s1 2025-11-25"));
  const Received call = server.received("tools/call").front();
  EXPECT_EQ(call.header("Accept"), "application/json, text/event-stream");
  EXPECT_EQ(call.header("Content-Type"), "application/json");
  EXPECT_EQ(call.header("Mcp-Method"), "-");
}

TEST_F(LegacyHttp, ReadsProgressAndTheAnswerFromAStream) {
  ScriptedHttp server(Era::kLegacy, [](const ExchangePtr& http, const Received& request) {
    if (request.method != "tools/call") {
      return false;
    }
    const json::Object* params = json::find_object(request.message, "params");
    const std::string token =
        json::print(*json::find(*json::find_object(*params, "_meta"), "progressToken"));
    start_events(*http);
    EXPECT_TRUE(http->write(
        ": comment\n\nid: 1\ndata:\n\n" +
        event(R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":)" +
              token + R"(,"progress":1}})") +
        event(R"({"jsonrpc":"2.0","method":"notifications/message","params":{"data":"note"}})") +
        event(reply_to(request, text_result("streamed")))));
    http->finish();
    return true;
  });
  HttpLinked client(server.url());
  ASSERT_TRUE(client) << client.why();
  std::vector<std::string> heard;
  RequestOptions options;
  options.on_progress = [&](const json::Object& params) { heard.push_back(json::print(params)); };
  options.on_notification = [&](const std::string& method, const json::Object&) {
    heard.push_back(method);
  };
  EXPECT_EQ(client.text("t", "{}", options), "streamed");
  EXPECT_THAT(heard, ElementsAre(R"({"progress":1})", "notifications/message"));
}

TEST_F(LegacyHttp, AStreamThatStaysOpenAfterTheAnswerHoldsNobody) {
  ExchangePtr held;
  ScriptedHttp server(Era::kLegacy, [&held](const ExchangePtr& http, const Received& request) {
    if (request.method != "tools/call") {
      return false;
    }
    start_events(*http);
    EXPECT_TRUE(http->write(event(reply_to(request, text_result("done")))));
    held = http;
    return true;
  });
  HttpLinked client(server.url());
  ASSERT_TRUE(client);
  EXPECT_EQ(client.text("t"), "done");
}

/// Closes the stream of a call after one event, with a time to wait; goes on when asked to.
ScriptedHttp::Handler resuming(std::atomic<int>* gets, std::string retry) {
  return [gets, retry](const ExchangePtr& http, const Received& request) {
    static Received call;
    if (request.method == "tools/call") {
      call = request;
      start_events(*http);
      EXPECT_TRUE(http->write(retry + "id: e1\ndata:\n\n"));
      http->finish();
      return true;
    }
    if (request.method == "GET" && request.header("Last-Event-ID") != "-") {
      start_events(*http);
      EXPECT_TRUE(http->write(++*gets == 1 ? "id: e2\ndata:\n\n"
                                           : event(reply_to(call, text_result("resumed")))));
      http->finish();
      return true;
    }
    return false;
  };
}

TEST_F(LegacyHttp, ResumesABrokenStreamAfterTheTimeTheServerSays) {
  std::atomic<int> gets = 0;
  ScriptedHttp server(Era::kLegacy, resuming(&gets, "retry: 300\n"));
  HttpLinked client(server.url());
  ASSERT_TRUE(client);
  EXPECT_EQ(client.text("t"), "resumed");
  std::vector<Received> resumed;
  for (const Received& each : server.received("GET")) {
    if (each.header("Last-Event-ID") != "-") {
      resumed.push_back(each);
    }
  }
  ASSERT_EQ(resumed.size(), 2U);
  EXPECT_EQ(resumed[0].header("Last-Event-ID"), "e1");
  EXPECT_EQ(resumed[1].header("Last-Event-ID"), "e2");
  EXPECT_EQ(resumed[0].header("Mcp-Session-Id"), "s1");
  const auto waited = resumed[0].at - server.received("tools/call").front().at;
  EXPECT_GE(waited, Millis(280));
  EXPECT_LT(waited, Millis(1500));
}

TEST_F(LegacyHttp, AStreamThatEndsWithoutAnAnswerOrAnIdFailsTheCall) {
  ScriptedHttp server(Era::kLegacy, [](const ExchangePtr& http, const Received& request) {
    if (request.method != "tools/call") {
      return false;
    }
    start_events(*http);
    http->finish();
    return true;
  });
  HttpLinked client(server.url());
  ASSERT_TRUE(client);
  EXPECT_THAT(client.text("t"), HasSubstr("ended the stream of tools/call without an answer"));
}

TEST_F(LegacyHttp, AForgottenSessionIsBegunAnewOnceAndTheCallRepeated) {
  std::atomic<bool> forgotten = false;
  ScriptedHttp server(Era::kLegacy, [&](const ExchangePtr& http, const Received& request) {
    if (request.method == "initialize" && forgotten) {
      answer(*http, 200,
             reply_to(request, R"("result":{"protocolVersion":"2025-06-18","capabilities":{}})"),
             {{"Mcp-Session-Id", "s2"}});
      return true;
    }
    if (forgotten && request.header("Mcp-Session-Id") == "s1") {
      answer(*http, 404, R"({"jsonrpc":"2.0","error":{"code":-32001,"message":"gone"}})");
      return true;
    }
    return false;
  });
  std::vector<int> lists;
  ClientEvents events;
  events.on_list_changed = [&](ClientEvents::List list) {
    lists.push_back(static_cast<int>(list));
  };
  HttpLinked client(server.url(), {}, events);
  ASSERT_TRUE(client);
  ASSERT_TRUE(client.run(client->watch("file:///a")));
  forgotten = true;
  EXPECT_EQ(client.text("t"), "called");
  const auto calls = server.received("tools/call");
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_EQ(calls[1].header("Mcp-Session-Id"), "s2");
  EXPECT_EQ(calls[1].header("MCP-Protocol-Version"), "2025-06-18");
  EXPECT_EQ(server.received("initialize").size(), 2U);
  EXPECT_EQ(server.received("notifications/initialized").back().header("Mcp-Session-Id"), "s2");
  EXPECT_TRUE(client.wait_until([&] { return lists.size() == 3; }));
  EXPECT_EQ(server.received("resources/subscribe").back().header("Mcp-Session-Id"), "s2");
}

TEST_F(LegacyHttp, ASessionThatIsForgottenAgainAndAgainFailsTheCall) {
  std::atomic<bool> forgetful = false;
  ScriptedHttp server(Era::kLegacy, [&](const ExchangePtr& http, const Received& request) {
    if (forgetful && request.method == "tools/call") {
      answer(*http, 404, "gone");
      return true;
    }
    return false;
  });
  HttpLinked client(server.url());
  ASSERT_TRUE(client);
  forgetful = true;
  EXPECT_THAT(client.text("t"), HasSubstr("HTTP 404: gone"));
  EXPECT_EQ(server.received("tools/call").size(), 2U);
}

TEST_F(LegacyHttp, QuestionsOnTheStreamOfACallAreAnsweredByItsCaller) {
  ExchangePtr stream;
  Received call;
  ScriptedHttp server(Era::kLegacy, [&](const ExchangePtr& http, const Received& request) {
    if (request.method == "tools/call") {
      stream = http;
      call = request;
      start_events(*http);
      EXPECT_TRUE(http->write(event(
          R"({"jsonrpc":"2.0","id":"q","method":"sampling/createMessage","params":{"a":1}})")));
      return true;
    }
    if (request.method == "answer") {
      http->respond(net::HttpReply{202, {}, {}});
      EXPECT_TRUE(stream->write(event(reply_to(call, text_result(json::print(request.message))))));
      stream->finish();
      return true;
    }
    return false;
  });
  HttpLinked client(server.url());
  ASSERT_TRUE(client);
  RequestOptions options;
  options.ask = [](std::string method, json::Object params) -> Task<Answer<json::Object>> {
    params["method"] = method;
    co_return params;
  };
  EXPECT_EQ(client.text("t", "{}", options),
            R"({"jsonrpc":"2.0","id":"q","result":{"a":1,"method":"sampling/createMessage"}})");
  EXPECT_THAT(client.text("t"), HasSubstr("-32601"));
}

TEST_F(LegacyHttp, ListensToTheServersOwnStreamAndReturnsToIt) {
  std::atomic<int> gets = 0;
  ScriptedHttp server(Era::kLegacy, [&](const ExchangePtr& http, const Received& request) {
    if (request.method != "GET") {
      return false;
    }
    const int count = ++gets;
    if (count > 2) {
      http->respond(net::HttpReply{405, {}, {}});
      return true;
    }
    start_events(*http);
    EXPECT_TRUE(http->write(
        "retry: 10\n" + event(R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})",
                              "g" + std::to_string(count))));
    http->finish();
    return true;
  });
  int lists = 0;
  ClientEvents events;
  events.on_list_changed = [&](ClientEvents::List) { ++lists; };
  HttpLinked client(server.url(), {}, events);
  ASSERT_TRUE(client);
  EXPECT_TRUE(client.wait_until([&] { return gets == 3; }));
  EXPECT_EQ(lists, 2);
  EXPECT_EQ(server.received("GET").back().header("Last-Event-ID"), "g2");
}

TEST_F(LegacyHttp, AGivenUpCallIsCancelledByAMessage) {
  std::vector<ExchangePtr> held;
  ScriptedHttp server(Era::kLegacy, [&](const ExchangePtr& http, const Received& request) {
    if (request.method == "tools/call") {
      start_events(*http);
      held.push_back(http);
    }
    return request.method == "tools/call";
  });
  HttpLinked client(server.url());
  ASSERT_TRUE(client);
  RequestOptions options;
  options.idle_timeout = Millis(100);
  EXPECT_THAT(client.text("t", "{}", options), HasSubstr("did not answer tools/call within 0.1 s"));
  EXPECT_TRUE(
      client.wait_until([&] { return !server.received("notifications/cancelled").empty(); }));
  const auto cancelled = server.received("notifications/cancelled").front();
  EXPECT_EQ(json::print(*json::find(*json::find_object(cancelled.message, "params"), "requestId")),
            json::print(*json::find(server.received("tools/call").front().message, "id")));
}

TEST_F(LegacyHttp, WhatIsNoAnswerFailsOnlyItsCall) {
  struct Case {
    int status;
    std::string type;
    std::string body;
    std::string expected;
  };
  const std::vector<Case> cases = {
      {200, "text/html", "<html>hello</html>", "no message"},
      {200, "application/json", "", "no message"},
      {200, "application/json", "{", "cannot be read"},
      {202, "application/json", "", "HTTP 202"},
      {200, "application/json", R"({"jsonrpc":"2.0","id":99999,"result":{}})", "no message"},
      {500, "text/plain", "out of\norder", R"(HTTP 500: out of\u{a}order)"},
      {503, "text/plain", "", "HTTP 503"},
      {307, "text/plain", "", "redirects"},
      {401, "text/plain", "", "unauthenticated"},
      {403, "text/plain", "", "permission_denied"},
      {400, "application/json", R"({"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"x"}})",
       "answered with error -1: x"},
      {401, "application/json", R"({"error":"invalid_token"})", "unauthenticated"},
      {401, "application/json", R"({"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"x"}})",
       "unauthenticated"},
      {422, "application/json", R"({"detail":"no"})", "HTTP 422"},
      {200, "text/event-stream", "data: {\n\n", "cannot be read"},
      {200, "application/json", std::string(3000, 'x'), "over the limit"},
      {200, "text/event-stream", "data: " + std::string(3000, 'x') + "\n\n", "over the limit"},
      {200, "text/event-stream", "id: 1\ndata:\n\nid: 2\ndata: " + std::string(3000, 'x') + "\n\n",
       "over the limit"},
  };
  std::atomic<std::size_t> at = 0;
  ScriptedHttp server(Era::kLegacy, [&](const ExchangePtr& http, const Received& request) {
    if (request.method == "tools/call" && at < cases.size()) {
      const Case& each = cases[at];
      http->respond(net::HttpReply{each.status, {{"Content-Type", each.type}}, each.body});
      return true;
    }
    return false;
  });
  ServerSpec spec;
  spec.max_message_bytes = 2000;
  HttpLinked client(server.url(), spec);
  ASSERT_TRUE(client);
  for (; at < cases.size(); ++at) {
    EXPECT_THAT(client.text("t"), HasSubstr(cases[at].expected)) << cases[at].body;
  }
  EXPECT_EQ(client->faults().oversize, 3U);
  EXPECT_EQ(client.text("t"), "called");
}

/// Credentials that count what they are asked.
class CountingCredentials final : public Credentials {
 public:
  Task<Result<net::HeaderList>> headers(std::string /*url*/) override {
    net::HeaderList headers;
    headers.emplace_back("Authorization", "Bearer " + std::to_string(refusals.size()));
    co_return headers;
  }
  Task<Result<bool>> refused(std::string /*url*/, int status, std::string challenge) override {
    refusals.push_back(std::to_string(status) + " " + challenge);
    co_return gets_new;
  }
  std::vector<std::string> refusals;
  bool gets_new = true;
};

TEST_F(LegacyHttp, ARefusalIsToldToTheCredentialsAndTriedOnceMore) {
  ScriptedHttp server(Era::kLegacy, [&](const ExchangePtr& http, const Received& request) {
    if (request.header("Authorization") != "Bearer 1") {
      http->respond(net::HttpReply{401, {{"WWW-Authenticate", "Bearer x=1"}}, {}});
      return true;
    }
    return false;
  });
  CountingCredentials credentials;
  ServerSpec spec;
  spec.credentials = &credentials;
  HttpLinked client(server.url(), spec);
  ASSERT_TRUE(client) << client.why();
  EXPECT_EQ(client.text("t"), "called");
  EXPECT_THAT(credentials.refusals, ElementsAre("401 Bearer x=1"));

  CountingCredentials helpless;
  helpless.gets_new = false;
  spec.credentials = &helpless;
  HttpLinked nobody(server.url(), spec);
  ASSERT_FALSE(nobody);
  EXPECT_THAT(nobody.why(), HasSubstr("HTTP 401"));
  EXPECT_EQ(helpless.refusals.size(), 1U);
}

TEST_F(LegacyHttp, ARedirectWithinTheOriginIsFollowedAndRemembered) {
  std::string location = "/mcp/";
  ScriptedHttp server(Era::kLegacy, [&](const ExchangePtr& http, const Received& request) {
    if (request.head.target == "/mcp") {
      http->respond(net::HttpReply{307, {{"Location", location}}, {}});
      return true;
    }
    return false;
  });
  {
    HttpLinked client(server.url());
    ASSERT_TRUE(client) << client.why();
    EXPECT_EQ(client.text("t"), "called");
  }
  int asked = 0;
  for (const Received& each : server.received()) {
    asked += each.head.target == "/mcp" ? 1 : 0;
  }
  EXPECT_LE(asked, 2);
  for (const char* elsewhere : {"http://127.0.0.2:9/mcp", "/mcp", "ftp://x", ""}) {
    location = elsewhere;
    HttpLinked client(server.url());
    EXPECT_THAT(client.why(), HasSubstr("HTTP 307")) << elsewhere;
  }
}

TEST_F(LegacyHttp, AServerThatIsNotThereSaysSo) {
  std::string url;
  {
    ScriptedHttp server(Era::kLegacy);
    url = server.url();
  }
  HttpLinked client(url);
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error()->code(), Code::kUnavailable);
  HttpLinked bad("ftp://x");
  EXPECT_THAT(bad.why(), HasSubstr("http"));
}

TEST_F(LegacyHttp, ATransportOf2024IsTheLastWay) {
  ExchangePtr events;
  std::string endpoint = "/messages?s=1";
  ScriptedHttp server(Era::kLegacy, [&](const ExchangePtr& http, const Received& request) {
    if (request.method == "GET") {
      events = http;
      start_events(*http);
      EXPECT_TRUE(http->write("event: endpoint\ndata: " + endpoint + "\n\n"));
      return true;
    }
    if (!request.head.target.starts_with("/messages")) {
      answer(*http, 405, "");
      return true;
    }
    http->respond(net::HttpReply{202, {}, {}});
    if (request.method == "initialize") {
      EXPECT_TRUE(events->write(event(
          reply_to(request, R"("result":{"protocolVersion":"2024-11-05","capabilities":{}})"))));
    } else if (request.method == "tools/call" && !events->ended()) {
      EXPECT_TRUE(events->write(event(reply_to(request, text_result("old")))));
    } else if (request.method == "resources/read") {
      events->finish();
    }
    return true;
  });
  {
    HttpLinked client(server.url());
    ASSERT_TRUE(client) << client.why();
    EXPECT_EQ(client->info().protocol_version, "2024-11-05");
    EXPECT_EQ(client.text("t"), "old");
    const auto ended = client.run(client->request("resources/read", json::Object(), {}));
    ASSERT_FALSE(ended);
    EXPECT_THAT(ended.error().error.message(), HasSubstr("ended its event stream"));
    EXPECT_FALSE(client->alive());
  }
  endpoint = "http://127.0.0.2:1/steal";
  HttpLinked stolen(server.url());
  ASSERT_FALSE(stolen);
}

}  // namespace
}  // namespace oap::mcp
