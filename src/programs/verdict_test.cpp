#include "programs/verdict.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/parse.hpp"
#include "programs/hook_env.hpp"

namespace oap::programs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

HookSet hooks_of(std::string_view text, Owner owner = Owner::kProject) {
  const auto file = json::parse_object(text);
  const json::Object* const hooks = file ? json::find_object(*file, "hooks") : nullptr;
  return read_hooks({{"settings.json", owner, hooks != nullptr ? *hooks : json::Object{},
                      file.value_or(json::Object{})}});
}

Handler prompt_at(Event event, bool goes_on = false) {
  Handler handler;
  handler.event = event;
  handler.kind = Handler::Kind::kPrompt;
  handler.command = "Is it fine? $ARGUMENTS";
  handler.goes_on = goes_on;
  return handler;
}

Answer judged(const Handler& handler, std::string_view words) {
  return read_answer(handler, ending_of_verdict(handler, words));
}

TEST(HookQuestion, HasTheEventInItsPlaceOrBehind) {
  Handler handler = prompt_at(Event::kStop);
  EXPECT_EQ(question_of(handler, "{}"), "Is it fine? {}");
  handler.command = "costs \\$1.00 and \\$ARGUMENTS";
  EXPECT_EQ(question_of(handler, "{\"a\":1}"), "costs $1.00 and $ARGUMENTS\n\n{\"a\":1}");
  handler.command = "$ARGUMENTS|$ARGUMENTS";
  EXPECT_EQ(question_of(handler, "$ARGUMENTS"), "$ARGUMENTS|$ARGUMENTS");
}

TEST(HookVerdict, NoMeansWhatTheEventMakesOfIt) {
  constexpr std::string_view kNo = R"({"ok": false, "reason": "tests fail"})";
  Answer answer = judged(prompt_at(Event::kStop), kNo);
  EXPECT_EQ(answer.decision, Decision::kDeny);
  EXPECT_EQ(answer.reason, "tests fail");
  EXPECT_FALSE(answer.stop);
  answer = judged(prompt_at(Event::kPreToolUse), kNo);
  EXPECT_EQ(answer.decision, Decision::kDeny);
  EXPECT_TRUE(answer.stop);
  EXPECT_EQ(answer.stop_reason, "tests fail");
  answer = judged(prompt_at(Event::kPreToolUse, true), kNo);
  EXPECT_EQ(answer.decision, Decision::kDeny);
  EXPECT_FALSE(answer.stop);
  answer = judged(prompt_at(Event::kPostToolUse), kNo);
  EXPECT_TRUE(answer.stop);
  answer = judged(prompt_at(Event::kPostToolUse, true), kNo);
  EXPECT_FALSE(answer.stop);
  EXPECT_EQ(answer.decision, Decision::kDeny);
  EXPECT_EQ(judged(prompt_at(Event::kUserPromptSubmit), kNo).decision, Decision::kDeny);
  EXPECT_EQ(judged(prompt_at(Event::kPermissionRequest), kNo).decision, Decision::kNone);
}

TEST(HookVerdict, WhatCanNeverHoldLetsItEnd) {
  constexpr std::string_view kNever = R"({"ok": false, "reason": "x", "impossible": true})";
  EXPECT_EQ(judged(prompt_at(Event::kStop), kNever).decision, Decision::kNone);
  EXPECT_EQ(judged(prompt_at(Event::kSubagentStop), kNever).decision, Decision::kNone);
  EXPECT_EQ(judged(prompt_at(Event::kPreToolUse), kNever).decision, Decision::kDeny);
}

TEST(HookVerdict, YesSaysNothing) {
  for (const char* words :
       {R"({"ok": true})", "```json\n{\"ok\": true}\n```", "Sure: {\"ok\":true}"}) {
    const Answer answer = judged(prompt_at(Event::kPreToolUse), words);
    EXPECT_EQ(answer.decision, Decision::kNone) << words;
    EXPECT_TRUE(answer.faults.empty()) << words;
  }
}

TEST(HookVerdict, NoVerdictIsAFaultAndBeforeAToolADenial) {
  for (const char* words : {"", "ok", "{", "}{", R"({"ok": "true"})", R"({"okay": true})",
                            R"({"ok": true}{"ok": false})"}) {
    const Answer answer = judged(prompt_at(Event::kPreToolUse), words);
    EXPECT_EQ(answer.decision, Decision::kDeny) << words;
    EXPECT_EQ(answer.faults.size(), 1U) << words;
    EXPECT_EQ(judged(prompt_at(Event::kStop), words).decision, Decision::kNone) << words;
  }
}

TEST(HookHttp, TheStatusAndTheBodyCount) {
  Handler handler;
  handler.kind = Handler::Kind::kHttp;
  handler.command = "https://example.com/h";
  const auto read = [&](int status, std::string body) {
    return read_answer(handler, ending_of_http(status, std::move(body)));
  };
  EXPECT_TRUE(read(204, "").faults.empty());
  EXPECT_EQ(read(200, R"({"decision":"block","reason":"no"})").reason, "no");
  for (const auto& [status, body] :
       {std::pair(500, "{}"), std::pair(302, ""), std::pair(200, "fine"), std::pair(200, "[]"),
        std::pair(403, R"({"decision":"approve"})")}) {
    const Answer answer = read(status, body);
    EXPECT_EQ(answer.decision, Decision::kDeny) << status << body;
    EXPECT_EQ(answer.faults.size(), 1U) << status << body;
  }
}

TEST(HookTypes, WhatIsReadAndWhatIsNot) {
  const HookSet set = hooks_of(R"({"hooks":{
    "PreToolUse":[{"matcher":"Bash","hooks":[
      {"type":"http","url":"https://example.com/h","timeout":5,"headers":{"Authorization":"Bearer $T"},
       "allowedEnvVars":["T"]},
      {"type":"prompt","prompt":"fine?","model":"claude-haiku-4-5","continueOnBlock":true},
      {"type":"agent","prompt":"look"},{"type":"mcp_tool","server":"a","tool":"b"},{"type":"http"}]}],
    "SessionStart":[{"hooks":[{"type":"http","url":"https://example.com/h"},{"type":"prompt","prompt":"x"}]}],
    "Notification":[{"hooks":[{"type":"prompt","prompt":"x"},{"type":"http","url":"https://example.com/n"}]}]}})");
  ASSERT_EQ(set.handlers.size(), 3U);
  EXPECT_EQ(set.handlers[0].kind, Handler::Kind::kHttp);
  EXPECT_EQ(set.handlers[0].shown(), "POST https://example.com/h");
  EXPECT_EQ(set.handlers[0].timeout, Millis(5'000));
  EXPECT_EQ(set.handlers[1].kind, Handler::Kind::kPrompt);
  EXPECT_EQ(set.handlers[1].timeout, Millis(30'000));
  EXPECT_TRUE(set.handlers[1].goes_on);
  EXPECT_EQ(set.warnings.size(), 6U);
}

TEST(HookTypes, TrustIsAskedAgainWhereAPlaceOrAHeaderChanged) {
  const auto digests = [](std::string_view url, std::string_view header) {
    return commands_of(
               hooks_of(
                   std::string(
                       R"({"env":{"A":"1"},"hooks":{"Stop":[{"hooks":[{"type":"http","url":")") +
                   std::string(url) + R"(","headers":{"X":")" + std::string(header) +
                   R"("}}]}]}})"),
               "/nowhere")
        .digests;
  };
  EXPECT_EQ(digests("https://a.example/", "1"), digests("https://a.example/", "1"));
  EXPECT_NE(digests("https://a.example/", "1"), digests("https://a.example/", "2"));
  EXPECT_TRUE(digests("https://a.example/", "1").contains("env A"));
}

TEST(HookHeaders, TakeInWhatIsAllowedAlone) {
  HookSet set = hooks_of(
      R"({"hooks":{"Stop":[{"hooks":[{"type":"http","url":"https://a/","allowedEnvVars":["T","U"]}]}]}})");
  const auto env = [](std::string_view name) -> std::optional<std::string> {
    return name == "T" || name == "SECRET" ? std::optional<std::string>("v") : std::nullopt;
  };
  const auto value = [&](std::string_view text) { return filled(text, set.handlers[0], set, env); };
  EXPECT_EQ(value("Bearer $T"), "Bearer v");
  EXPECT_EQ(value("${T}$T|$SECRET|${SECRET}|$U|$|$1|${|${}|${T"), "vv||||$|$1|${|${}|${T");
  set.url_variables = std::set<std::string>{};
  EXPECT_EQ(value("$T"), "");
}

TEST(HookEnv, SetsWhatDecidesNothing) {
  const HookSet set = hooks_of(R"({"env":{"NODE_ENV":"test","EMPTY":"","LD_PRELOAD":"x","PATH":"/x",
    "BASH_ENV":"x","OAP_X":"1","GIT_SSH_COMMAND":"x","N":1,"a b":"c","__proto__":"d"}})");
  EXPECT_THAT(set.environment(),
              ElementsAre(Pair("EMPTY", ""), Pair("NODE_ENV", "test"), Pair("__proto__", "d")));
  EXPECT_EQ(set.warnings.size(), 7U);
  EXPECT_THAT(set.warnings[0], HasSubstr("env."));
}

TEST(HookEnv, TheMachineBeforeTheProjectBeforeThePerson) {
  HookSet set;
  take_settings(
      {"u", Owner::kUser, {}, {{"env", json::Object{{"A", "u"}, {"B", "u"}, {"C", "u"}}}}}, set);
  take_settings({"m", Owner::kManaged, {}, {{"env", json::Object{{"A", "m"}}}}}, set);
  take_settings({"p", Owner::kProject, {}, {{"env", json::Object{{"A", "p"}, {"B", "p"}}}}}, set);
  EXPECT_THAT(set.environment(), ElementsAre(Pair("A", "m"), Pair("B", "p"), Pair("C", "u")));
}

}  // namespace
}  // namespace oap::programs
