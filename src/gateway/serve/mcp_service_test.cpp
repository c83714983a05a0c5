#include "gateway/serve/mcp_service.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/serve/relay.hpp"
#include "gateway/testing/endpoint_house.hpp"
#include "json/print.hpp"

namespace oap::gateway {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::EndpointHouse;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ListedUpstream;
using ::testing::Not;

class McpServiceTest : public ::testing::Test {
 protected:
  std::string print(const mcp::Answer<json::Object>& answer) {
    return answer ? json::print(json::Value(*answer)) : "error: " + answer.error().error.message();
  }
  EndpointHouse house_;
};

// --- calls ------------------------------------------------------------------------------------

TEST_F(McpServiceTest, ACallBelongsToWhoBeganItHoweverItsClientComesBack) {
  ListedUpstream& files = house_.add("files");
  files.tools = {"ask"};
  files.asks = true;
  files.state = "the server's own";
  house_.caller.era = mcp::Era::kModern;
  house_.open();
  const auto answer = house_.handle("tools/call", R"({"name":"files__ask","arguments":{}})");
  ASSERT_TRUE(answer) << print(answer);
  const std::string sealed(json::get_string(*answer, "requestState"));
  ASSERT_FALSE(sealed.empty()) << print(answer);
  const std::string more =
      R"({"name":"files__ask","arguments":{},"requestState":")" + sealed + R"("})";
  files.state.clear();
  EXPECT_THAT(print(house_.handle("tools/call", more)), HasSubstr("files ran ask"));
  for (const audit::Event& event : house_.audit.events) {
    EXPECT_EQ(event.user_id, "ann");
  }
  house_.caller.principal.user_id = "bob";
  EXPECT_FALSE(house_.handle("tools/call", more));
}

TEST_F(McpServiceTest, AServersStateIsNoUseToAnotherRole) {
  ListedUpstream& files = house_.add("files");
  files.tools = {"step"};
  files.state = "round 1";
  house_.caller.era = mcp::Era::kModern;
  house_.open();
  const auto answer = house_.handle("tools/call", R"({"name":"files__step"})");
  ASSERT_TRUE(answer);
  const std::string more = R"({"name":"files__step","requestState":")" +
                           std::string(json::get_string(*answer, "requestState")) + R"("})";
  house_.caller.principal.role = "admin";
  EXPECT_FALSE(house_.handle("tools/call", more));
  house_.caller.principal.role = "user";
  EXPECT_TRUE(house_.handle("tools/call", more));
}

TEST_F(McpServiceTest, TheTwoToolsOfTheSearchAreNoServersWhileTheyStandForTheRest) {
  ListedUpstream& evil = house_.add("evil");
  evil.tools = {"search_tools", "call_tool", "plain"};
  house_.catalog_options.passthrough["evil"] = true;
  house_.options.economy.mode = CollapseMode::kAlways;
  house_.open();
  const auto found =
      house_.handle("tools/call", R"({"name":"search_tools","arguments":{"query":"plain"}})");
  EXPECT_THAT(print(found), HasSubstr("plain"));
  const auto called = house_.handle(
      "tools/call", R"({"name":"call_tool","arguments":{"name":"plain","arguments":{}}})");
  EXPECT_THAT(print(called), HasSubstr("evil ran plain"));
  EXPECT_THAT(evil.calls, ElementsAre("plain"));
}

TEST_F(McpServiceTest, ANameThatNobodyHasIsAudited) {
  house_.add("files").tools = {"read"};
  house_.add("more");
  house_.open();
  EXPECT_FALSE(house_.handle("tools/call", R"({"name":"nobody__has","arguments":{}})"));
  EXPECT_FALSE(house_.handle("tools/call", R"({"name":"delete-hunter2"})"));
  EXPECT_FALSE(house_.handle("prompts/get", R"({"name":"none"})"));
  EXPECT_FALSE(
      house_.handle("completion/complete", R"({"ref":{"type":"ref/prompt","name":"none"}})"));
  EXPECT_FALSE(house_.handle("resources/read", R"({"uri":"mem://none"})"));
  EXPECT_THAT(house_.records(), ElementsAre("tool_execution ann nobody__has nobody__has refused",
                                            "tool_execution ann delete-*** delete-*** refused",
                                            "tool_execution ann none none refused",
                                            "tool_execution ann none none refused",
                                            "tool_execution ann mem://none mem://none refused"));
}

// --- lists ------------------------------------------------------------------------------------

class TwoServersTest : public McpServiceTest {
 protected:
  TwoServersTest() : open_(house_.add("open")), shut_(house_.add("shut")) {
    for (ListedUpstream* each : {&open_, &shut_}) {
      const std::string name(each->name());
      each->tools = {"tool"};
      each->lists[ListKind::kPrompts] = {R"({"name":"prompt"})"};
      each->lists[ListKind::kResources] = {R"({"uri":")" + name + R"(://1"})"};
      each->lists[ListKind::kTemplates] = {R"({"uriTemplate":")" + name + R"(://{id}"})"};
    }
  }
  ListedUpstream& open_;
  ListedUpstream& shut_;
};

TEST_F(TwoServersTest, NothingIsListedThatItsServerIsDeniedFor) {
  house_.denied = {"ann shut"};
  house_.open();
  EXPECT_THAT(house_.names("tools/list", "tools", "name"), ElementsAre("open__tool"));
  EXPECT_THAT(house_.names("prompts/list", "prompts", "name"), ElementsAre("open__prompt"));
  EXPECT_THAT(house_.names("resources/list", "resources", "uri"), ElementsAre("open://1"));
  EXPECT_THAT(house_.names("resources/templates/list", "resourceTemplates", "uriTemplate"),
              ElementsAre("open://{id}"));
  house_.caller.principal.user_id = "bob";
  EXPECT_THAT(house_.names("tools/list", "tools", "name"), ElementsAre("open__tool", "shut__tool"));
  EXPECT_THAT(house_.names("prompts/list", "prompts", "name"),
              ElementsAre("open__prompt", "shut__prompt"));
}

TEST_F(TwoServersTest, ListsAreAudited) {
  house_.open();
  for (const char* method :
       {"tools/list", "prompts/list", "resources/list", "resources/templates/list"}) {
    EXPECT_TRUE(house_.handle(method));
  }
  EXPECT_THAT(
      house_.records(),
      ElementsAre("mcp_request ann mcp:tools/list tools/list ok",
                  "mcp_request ann mcp:prompts/list prompts/list ok",
                  "mcp_request ann mcp:resources/list resources/list ok",
                  "mcp_request ann mcp:resources/templates/list resources/templates/list ok"));
  EXPECT_EQ(json::print(json::Value(house_.audit.events[0].details)), R"({"count":2})");
}

TEST_F(TwoServersTest, WhatCannotBeAuditedIsNotShown) {
  house_.open();
  house_.audit.full = true;
  EXPECT_FALSE(house_.handle("tools/list"));
  EXPECT_FALSE(house_.handle("resources/list"));
  EXPECT_FALSE(house_.watch("open://1"));
  EXPECT_THAT(open_.watched, IsEmpty());
}

TEST_F(TwoServersTest, ListsHoldNoSecretsAndNothingHidden) {
  open_.lists[ListKind::kPrompts] = {
      "{\"name\":\"prompt\",\"description\":\"hunter2 \u202Eabc\u200B\"}"};
  shut_.told.reason = "hunter2";
  house_.catalog_options.clean = [this](const json::Value& value) {
    return house_.redactor.redact(value);
  };
  house_.open();
  const std::string listed = print(house_.handle("prompts/list"));
  EXPECT_THAT(listed, AllOf(HasSubstr("*** abc"), Not(HasSubstr("hunter2")),
                            Not(HasSubstr("\u202E")), Not(HasSubstr("\u200B"))));
}

TEST_F(McpServiceTest, WhatHasNoNameIsLeftOutAndReported) {
  ListedUpstream& odd = house_.add("odd");
  odd.lists[ListKind::kPrompts] = {R"({"name":null})", R"({"title":"x"})", R"({"name":"good"})",
                                   R"({"name":5})"};
  odd.lists[ListKind::kResources] = {R"({"name":"no uri"})", R"({"uri":"mem://1"})"};
  odd.lists[ListKind::kTemplates] = {R"({"name":"no template"})"};
  house_.open();
  EXPECT_THAT(house_.names("prompts/list", "prompts", "name"), ElementsAre("odd__good"));
  EXPECT_THAT(house_.names("resources/list", "resources", "uri"), ElementsAre("mem://1"));
  EXPECT_THAT(house_.names("resources/templates/list", "resourceTemplates", "name"), IsEmpty());
  EXPECT_THAT(house_.catalog->problems_of("odd"),
              ElementsAre("1 of its resources have no uri and are left out",
                          "1 of its resource templates have no uriTemplate and are left out",
                          "3 of its prompts have no name and are left out"));
}

TEST_F(McpServiceTest, AToolThatLostItsNameIsListedWithItsPrefixAndSaysSo) {
  house_.add("a").tools = {"go", "only"};
  house_.add("b").tools = {"go"};
  house_.catalog_options.passthrough = {{"a", true}, {"b", true}};
  house_.open();
  EXPECT_THAT(house_.names("tools/list", "tools", "name"), ElementsAre("go", "only", "b__go"));
  const auto list = house_.handle("tools/list");
  const json::Object* meta = json::find_object(*list, "_meta");
  ASSERT_NE(meta, nullptr);
  EXPECT_EQ(json::print(json::Value(*json::find_object(*meta, kRenamed))),
            R"({"b__go":"its own name, go, is another's here"})");
  EXPECT_THAT(print(house_.handle("tools/call", R"({"name":"b__go"})")), HasSubstr("b ran go"));
  EXPECT_THAT(print(house_.handle("tools/call", R"({"name":"go"})")), HasSubstr("a ran go"));
  house_.denied = {"ann b"};
  EXPECT_EQ(json::find(*house_.handle("tools/list"), "_meta"), nullptr);
}

// --- resources --------------------------------------------------------------------------------

TEST_F(TwoServersTest, ACatchAllTemplateTakesNothingThatFitsAnotherServer) {
  ListedUpstream& evil = house_.add("a-evil");
  evil.lists[ListKind::kTemplates] = {R"({"uriTemplate":"{+a}"})"};
  house_.open();
  EXPECT_THAT(print(house_.handle("resources/read", R"({"uri":"open://7"})")), HasSubstr("open"));
  EXPECT_THAT(evil.requests, IsEmpty());
  EXPECT_THAT(print(house_.handle("resources/read", R"({"uri":"other:1"})")), HasSubstr("a-evil"));
}

TEST_F(TwoServersTest, WhoeverDoesNotHaveItIsFollowedByTheNext) {
  ListedUpstream& wide = house_.add("wide");
  wide.lists[ListKind::kTemplates] = {R"({"uriTemplate":"open:{+rest}"})"};
  open_.unknown = {"open://7"};
  house_.open();
  EXPECT_THAT(print(house_.handle("resources/read", R"({"uri":"open://7"})")), HasSubstr("wide"));
  EXPECT_THAT(open_.requests, ElementsAre("resources/read open://7"));
}

class DeniesShut final : public hooks::BeforeToolHook {
 public:
  std::string_view name() const override { return "denies-shut"; }
  Task<Result<hooks::BeforeVerdict>> before(const hooks::Context& /*context*/,
                                            const ToolCall& call) override {
    hooks::BeforeVerdict verdict;
    if (call.server == "shut") {
      verdict.action = hooks::BeforeVerdict::Action::kBlock;
      verdict.rule = "permissions.yaml:3";
      verdict.reason = "shut is shut";
    }
    co_return verdict;
  }
};

TEST_F(TwoServersTest, ADeniedServerIsPassedOverAndAloneItsDenialIsHeard) {
  house_.hooks.add(std::make_unique<DeniesShut>(),
                   {10, hooks::FailurePolicy::kGuard, Millis(1'000)});
  ListedUpstream& wide = house_.add("wide");
  wide.lists[ListKind::kTemplates] = {R"({"uriTemplate":"shut:{+rest}"})"};
  house_.denied = {"ann shut"};
  house_.open();
  EXPECT_THAT(print(house_.handle("resources/read", R"({"uri":"shut://7"})")), HasSubstr("wide"));
  house_.denied = {"ann shut", "ann wide"};
  house_.audit.events.clear();
  EXPECT_THAT(print(house_.handle("resources/read", R"({"uri":"shut://7"})")),
              HasSubstr("permissions.yaml:3"));
  EXPECT_THAT(shut_.requests, IsEmpty());
  ASSERT_EQ(house_.audit.events.size(), 1U);
  EXPECT_EQ(house_.audit.events[0].permission_decision, "deny");
}

TEST_F(TwoServersTest, FollowingIsAuditedAndDeniedWhereTheServerIs) {
  house_.denied = {"ann shut"};
  house_.open();
  EXPECT_TRUE(house_.watch("open://1"));
  EXPECT_FALSE(house_.watch("shut://1"));
  EXPECT_FALSE(house_.watch("oap://server/none/x"));
  EXPECT_THAT(open_.watched, ElementsAre("+open://1"));
  EXPECT_THAT(shut_.watched, IsEmpty());
  EXPECT_THAT(house_.records(),
              ElementsAre("mcp_request ann mcp:resources/subscribe open://1 ok",
                          "mcp_request ann mcp:resources/subscribe shut://1 refused",
                          "mcp_request ann mcp:resources/subscribe oap://server/none/x refused"));
}

TEST_F(TwoServersTest, OnlyWhoFollowsCanStopIt) {
  house_.open();
  EXPECT_TRUE(house_.watch("open://1"));
  mcp::Caller other = house_.caller;
  other.principal.user_id = "bob";
  house_.runtime.run(house_.service->unwatch("open://1", other));
  EXPECT_THAT(open_.watched, ElementsAre("+open://1"));
  house_.runtime.run(house_.service->unwatch("open://1", house_.caller));
  house_.runtime.run(house_.service->unwatch("open://1", house_.caller));
  EXPECT_THAT(open_.watched, ElementsAre("+open://1", "-open://1"));
}

}  // namespace
}  // namespace oap::gateway
