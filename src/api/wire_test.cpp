#include "api/wire.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/parse.hpp"
#include "json/print.hpp"

namespace oap::api {
namespace {

using testing::HasSubstr;

json::Object object(std::string_view text) {
  auto parsed = json::parse_object(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : json::Object();
}

TEST(WireTest, AToolCallIsRead) {
  const auto asked = read_tool_asked(object(
      R"({"directory":"/w","session":"s","parent":"p","agent":"build","call":"c","tool":"bash",
          "arguments":{"__proto__":{"a":1},"command":"ls"},"later":true})"));
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->place.directory, "/w");
  EXPECT_EQ(asked->place.parent, "p");
  EXPECT_EQ(asked->tool, "bash");
  EXPECT_EQ(json::print(json::Value(asked->arguments)), R"({"__proto__":{"a":1},"command":"ls"})");
}

TEST(WireTest, WhatIsWrongIsNamed) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {R"({"session":"s","tool":"x"})", "directory"},
      {R"({"directory":"w","session":"s","tool":"x"})", "absolute"},
      {R"({"directory":5,"session":"s","tool":"x"})", "a string, not integer"},
      {R"({"directory":"/w","session":"","tool":"x"})", "session"},
      {R"({"directory":"/w\u0000","session":"s","tool":"x"})", "NUL"},
      {R"({"directory":"/w","session":"s"})", "tool"},
      {R"({"directory":"/w","session":"s","tool":"x","arguments":[1]})", "an object, not array"},
      {R"({"directory":"/w","session":"s","tool":"x","call":7})", "call"},
  };
  for (const auto& [text, expected] : cases) {
    const auto asked = read_tool_asked(object(text));
    ASSERT_FALSE(asked) << text;
    EXPECT_EQ(asked.error().code(), Code::kInvalidArgument);
    EXPECT_THAT(asked.error().message(), HasSubstr(expected)) << text;
  }
}

TEST(WireTest, UsageIsCountedOnlyWhereItIsANumberThatCanBe) {
  const std::string_view start = R"({"directory":"/w","session":"s","tokens":{"input":)";
  for (const std::string_view number : {"-1", "1.5", "1e300", "\"5\"", "true", "1e13"}) {
    EXPECT_FALSE(read_usage_told(object(std::string(start) + std::string(number) + "}}")))
        << number;
  }
  for (const std::string_view cost : {"-0.1", "\"1\"", "[]"}) {
    EXPECT_FALSE(read_usage_told(
        object(R"({"directory":"/w","session":"s","cost_usd":)" + std::string(cost) + "}")))
        << cost;
  }
  const auto told = read_usage_told(object(std::string(start) + "7.0},\"cost_usd\":0.25}"));
  ASSERT_TRUE(told);
  EXPECT_EQ(told->input, 7);
  EXPECT_EQ(told->cost_usd, 0.25);
}

TEST(WireTest, ADecisionThatIsNoneIsADenial) {
  EXPECT_EQ(json::print(json::Value(to_json(ToolVerdict()))), R"({"decision":"deny"})");
  ToolVerdict changed;
  changed.decision = ToolVerdict::Decision::kModify;
  changed.arguments = {{"command", "ls"}};
  EXPECT_EQ(json::print(json::Value(to_json(changed))),
            R"({"decision":"modify","arguments":{"command":"ls"}})");
}

TEST(WireTest, WhatWasNotChangedIsAbsent) {
  EXPECT_EQ(json::print(json::Value(to_json(ToolCleaned()))), R"({"findings":[]})");
  ToolCleaned cleaned;
  cleaned.output = json::Value("x");
  cleaned.findings = {"jwt"};
  EXPECT_EQ(json::print(json::Value(to_json(cleaned))),
            R"({"output":"x","findings":[{"type":"jwt"}]})");
}

}  // namespace
}  // namespace oap::api
