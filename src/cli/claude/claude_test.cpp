#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/claude/flags.hpp"
#include "cli/claude/schema.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"

namespace oap::cli::claude {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

json::Object object(std::string_view text) {
  auto parsed = json::parse_object(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : json::Object{};
}

TEST(ClaudeFlags, RulesAreSeparatedOutsideOfParentheses) {
  EXPECT_THAT(split_rules({"Bash(git log:*),Read", "Edit(a b/**) Write"}),
              ElementsAre("Bash(git log:*)", "Read", "Edit(a b/**)", "Write"));
  EXPECT_THAT(split_rules({"", " , "}), IsEmpty());
  EXPECT_THAT(split_rules({"Bash((x)", ")Read"}), ElementsAre("Bash((x)", ")Read"));
}

TEST(ClaudeFlags, RulesKeepTheirLevelAndLostOnesAreNamed) {
  const auto rules = rules_of({"Bash(npm test:*)"}, {"Bash(curl *)"});
  ASSERT_TRUE(rules) << rules.error().to_string();
  EXPECT_THAT(*rules, HasSubstr("curl"));
  EXPECT_THAT(*rules, HasSubstr("deny"));
  EXPECT_THAT(*rules, HasSubstr("npm"));
  EXPECT_THAT(*rules_of({}, {"Bash(curl *)"}), testing::Not(HasSubstr(R"("level":"allow")")));
  EXPECT_THAT(*rules, HasSubstr(R"("level":"allow")"));
  EXPECT_EQ(*rules_of({}, {}), "");
  for (const char* wrong : {"Bash(", "(x)", "Cd(~/x)"}) {
    const auto lost = rules_of({wrong}, {});
    ASSERT_FALSE(lost) << wrong;
    EXPECT_EQ(lost.error().code(), Code::kUsage);
    EXPECT_THAT(lost.error().message(), HasSubstr("--allowedTools"));
  }
}

TEST(ClaudeFlags, ModesThatWouldSkipApprovalAreRefused) {
  EXPECT_TRUE(check_mode(""));
  EXPECT_TRUE(check_mode("acceptEdits"));
  for (const char* mode : {"bypassPermissions", "plan", "auto", "Default"}) {
    EXPECT_FALSE(check_mode(mode)) << mode;
  }
}

TEST(ClaudeFlags, InputIsUserMessagesOnly) {
  const auto prompt = read_input(
      R"({"type":"user","message":{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}})");
  ASSERT_TRUE(prompt);
  EXPECT_EQ(prompt->text, "a\nb");
  EXPECT_EQ(read_input(" ")->kind, Input::Kind::kNothing);
  const auto control =
      read_input(R"({"type":"control_request","request_id":"r","request":{"subtype":"x"}})");
  ASSERT_TRUE(control);
  EXPECT_EQ(control->kind, Input::Kind::kControl);
  EXPECT_THAT(json::print(json::Value(control_refusal(control->request_id))),
              HasSubstr(R"("request_id":"r")"));
  for (const char* wrong :
       {"{", "[]", "{}", R"({"type":"assistant","message":{"content":"x"}})",
        R"({"type":"user","message":"x"})", R"({"type":"user","message":{"content":5}})",
        R"({"type":"user","message":{"content":""}})",
        R"({"type":"user","message":{"content":[{"type":"image"}]}})"}) {
    EXPECT_FALSE(read_input(wrong)) << wrong;
  }
}

TEST(ClaudeSchema, ToolsHaveTheirNamesAndPlaces) {
  const Tool read = as_claude("read_file", object(R"({"path":"a.txt","offset":3})"), "/w");
  EXPECT_EQ(read.name, "Read");
  EXPECT_EQ(json::print(json::Value(read.input)), R"({"file_path":"/w/a.txt","offset":3})");
  EXPECT_EQ(as_claude("bash", object(R"({"command":"x"})"), "/w").name, "Bash");
  EXPECT_EQ(as_claude("github__list", {}, "/w").name, "mcp__github__list");
  EXPECT_EQ(as_claude("todo", {}, "/w").name, "TodoWrite");
  const Tool grep = as_claude("grep", object(R"({"path":".","pattern":"path"})"), "/w");
  EXPECT_EQ(json::print(json::Value(grep.input)), R"({"pattern":"path","path":"/w"})");
}

TEST(ClaudeSchema, AnUnknownPriceIsNullAndSaidSo) {
  Ended ended;
  ended.usage.cost_usd.reset();
  const json::Object result = result_message({"s", "/w", "m"}, ended);
  EXPECT_TRUE(json::find(result, "total_cost_usd")->is_null());
  EXPECT_THAT(json::print(json::Value(result)), HasSubstr(R"("costBasis":"unknown")"));
  EXPECT_FALSE(json::get_bool(result, "is_error"));
  ended.subtype = "error_max_turns";
  ended.errors = {"why"};
  const json::Object failed = result_message({"s", "/w", "m"}, ended);
  EXPECT_TRUE(json::get_bool(failed, "is_error"));
  EXPECT_EQ(json::find(failed, "result"), nullptr);
  EXPECT_EQ(json::find_array(failed, "errors")->size(), 1U);
}

TEST(ClaudeSchema, UuidsAreOfVersionFour) {
  const std::string one = new_uuid();
  EXPECT_EQ(one.size(), 36U);
  EXPECT_EQ(one[14], '4');
  EXPECT_THAT(std::string("89ab"), HasSubstr(std::string(1, one[19])));
  EXPECT_NE(one, new_uuid());
}

}  // namespace
}  // namespace oap::cli::claude
