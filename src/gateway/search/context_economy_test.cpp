#include "gateway/search/context_economy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/parse.hpp"
#include "json/print.hpp"
#include "json/schema.hpp"

namespace oap::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<Listed> tools(std::size_t count, std::size_t bytes) {
  return std::vector<Listed>(count, Listed{"s__t", "s", "t", bytes, false});
}

TEST(Economy, CollapsesBeyondEitherBound) {
  const EconomyOptions options;
  EXPECT_FALSE(decide_economy(tools(40, 100), options).collapse);
  EXPECT_TRUE(decide_economy(tools(41, 100), options).collapse);
  EXPECT_FALSE(decide_economy(tools(10, 4000), options).collapse);
  EXPECT_TRUE(decide_economy(tools(10, 4001), options).collapse);
  EXPECT_FALSE(decide_economy({}, options).collapse);
  const Economy economy = decide_economy(tools(41, 100), options);
  EXPECT_EQ(economy.tokens, 1025U);
  EXPECT_EQ(economy.listed_tokens, 0U);
  EXPECT_THAT(economy.listed, IsEmpty());
  EXPECT_EQ(economy.reason, "41 tools of about 1025 tokens are more than 40 tools or 10000 tokens");
}

TEST(Economy, TheModeDecidesFirst) {
  EconomyOptions options;
  options.mode = CollapseMode::kNever;
  EXPECT_THAT(decide_economy(tools(1000, 9999), options).listed, SizeIs(1000));
  options.mode = CollapseMode::kAlways;
  EXPECT_TRUE(decide_economy(tools(1, 1), options).collapse);
  EXPECT_FALSE(decide_economy({}, options).collapse);
}

TEST(Economy, BuiltinAndAlwaysLoadedToolsStayInTheirOrder) {
  EconomyOptions options;
  options.mode = CollapseMode::kAlways;
  options.always_load = {*text::Glob::compile("github__*", {text::GlobMode::kPlain}),
                         *text::Glob::compile("ping", {text::GlobMode::kPlain})};
  const std::vector<Listed> all{{"bash", "sandbox", "bash", 400, true},
                                {"aws__x", "aws", "x", 400, false},
                                {"ping", "one", "ping", 400, false},
                                {"github__cut_0123456789ab", "github", "cut off", 400, false},
                                {"ping2", "one", "ping2", 400, false}};
  const Economy economy = decide_economy(all, options);
  EXPECT_TRUE(economy.collapse);
  EXPECT_THAT(economy.listed, ElementsAre(0, 2, 3));
  EXPECT_EQ(economy.listed_tokens, 300U);
  options.always_load = {*text::Glob::compile("*", {text::GlobMode::kPlain})};
  EXPECT_FALSE(decide_economy(all, options).collapse);
}

TEST(EconomyTools, HaveSchemasThatFitWhatIsRead) {
  const json::Object search = search_tools_definition(321);
  EXPECT_THAT(json::get_string(search, "description"), HasSubstr("among 321 "));
  const auto schema = json::Schema::compile(*json::find(search, "inputSchema"));
  ASSERT_TRUE(schema);
  EXPECT_TRUE(schema->is_valid(*json::parse(R"({"query":"x","limit":20})")));
  EXPECT_FALSE(schema->is_valid(*json::parse(R"({"limit":3})")));
  const auto call = json::Schema::compile(*json::find(call_tool_definition(), "inputSchema"));
  ASSERT_TRUE(call);
  EXPECT_TRUE(call->is_valid(*json::parse(R"({"name":"a","arguments":{}})")));
  EXPECT_FALSE(call->is_valid(*json::parse(R"({"name":"a","arguments":"{}"})")));
  EXPECT_LT(json::print(json::Value(search)).size() +
                json::print(json::Value(call_tool_definition())).size(),
            1600U);
}

TEST(EconomyTools, ReadTheirArguments) {
  const auto search = [](std::string_view text) {
    return search_request(*json::parse_object(text));
  };
  EXPECT_EQ(search(R"({"query":" a b "})")->query, "a b");
  EXPECT_EQ(search(R"({"query":"a"})")->limit, 5U);
  EXPECT_EQ(search(R"({"query":"a","limit":0})")->limit, 1U);
  EXPECT_EQ(search(R"({"query":"a","limit":99.0})")->limit, 20U);
  for (const char* const bad : {"{}", R"({"query":""})", R"({"query":7})", R"({"query":"a","k":1})",
                                R"({"query":"a","limit":"5"})", R"({"query":"a","limit":-1})"}) {
    EXPECT_EQ(search(bad).error().code(), Code::kInvalidArgument) << bad;
  }
  const auto call = [](std::string_view text) { return call_request(*json::parse_object(text)); };
  EXPECT_EQ(call(R"({"name":"a__b","arguments":{"x":1}})")->arguments.size(), 1U);
  EXPECT_THAT(call(R"({"name":"a__b"})")->arguments, IsEmpty());
  for (const char* const bad : {"{}", R"({"name":""})", R"({"name":"a","arguments":"{}"})",
                                R"({"name":"a","x":1})", R"({"name":"call_tool"})",
                                R"({"name":"search_tools"})", R"({"name":"a","arguments":null})"}) {
    EXPECT_EQ(call(bad).error().code(), Code::kInvalidArgument) << bad;
  }
}

TEST(EconomyTools, AnswerWithDefinitionsUnderTheirPublicNames) {
  const json::Object tool = *json::parse_object(R"({"name":"t","x-more":1,"inputSchema":{}})");
  const ToolResult result = search_result({"a", 5}, {with_public_name(tool, "s__t")}, 9);
  EXPECT_EQ(json::print(*result.structured),
            R"({"tools":[{"name":"s__t","x-more":1,"inputSchema":{}}],"total":9})");
  EXPECT_EQ(result.joined_text(),
            "1 of 9 tools, best match first. Call one with call_tool.\n"
            R"({"name":"s__t","x-more":1,"inputSchema":{}})");
  const ToolResult none = search_result({"q\x1b", 5}, {}, 9);
  EXPECT_FALSE(none.is_error);
  EXPECT_THAT(none.joined_text(), HasSubstr("None of the 9 tools matches 'q\\u{1b}'"));
  EXPECT_EQ(json::print(*none.structured), R"({"tools":[],"total":9})");
}

}  // namespace
}  // namespace oap::gateway
