#include "mcp/protocol.hpp"

#include <gmock/gmock.h>

#include "json/parse.hpp"
#include "json/print.hpp"

namespace oap::mcp {
namespace {

TEST(Negotiate, AnswersAKnownVersionWithItselfAndOthersWithTheNewest) {
  for (const std::string& version : known_versions()) {
    EXPECT_EQ(negotiate(version), version);
  }
  for (const std::string_view unknown : {"2024-10-07", "2026-07-28", "", "1.0"}) {
    EXPECT_EQ(negotiate(unknown), "2025-11-25");
  }
}

TEST(ToolResultCodec, KeepsEverythingThatMcpNames) {
  const std::string text =
      R"({"content":[{"type":"text","text":"a","annotations":{"priority":0.5}},)"
      R"({"type":"image","data":"AA==","mimeType":"image/png"},{"type":"future","x":[1]}],)"
      R"("structuredContent":{"a":[1,2.5]},"isError":true,"_meta":{"k":"v"}})";
  const auto result = result_from_json(json::parse(text).value());
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->is_error);
  EXPECT_EQ(json::print(to_json(*result)), text);
}

TEST(ToolResultCodec, KeepsWhatItDoesNotKnowAndResultsThatAreNotComplete) {
  for (
      const std::string_view text :
      {R"({"content":[],"isError":false,"resultType":"complete","ttlMs":5})",
       R"({"resultType":"input_required","inputRequests":{"a":{"method":"m"}},"requestState":"s"})",
       R"({"_meta":{"k":1},"resultType":"task","task":{"taskId":"t"}})",
       R"({"content":[{"type":"text"}],"structuredContent":7,"isError":false,"future":{"x":[1]}})"}) {
    const auto result = result_from_json(json::parse(text).value());
    ASSERT_TRUE(result) << text;
    EXPECT_EQ(json::print(to_json(*result)), text);
  }
  const auto structured = result_from_json(json::parse(R"({"structuredContent":[1]})").value());
  ASSERT_TRUE(structured);
  EXPECT_EQ(json::print(to_json(*structured)),
            R"({"content":[],"structuredContent":[1],"isError":false})");
}

TEST(ToolResultCodec, RefusesWhatIsNoResult) {
  for (const std::string_view text :
       {"{}", "[]", "null", "\"x\"", R"({"content":"x"})", R"({"content":[1]})",
        R"({"content":null,"structuredContent":{}})", R"({"isError":true})",
        R"({"resultType":"complete"})", R"({"resultType":"task","content":7})"}) {
    const auto result = result_from_json(json::parse(text).value());
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().code(), Code::kUpstream);
  }
  EXPECT_TRUE(result_from_json(json::parse(R"({"structuredContent":[1]})").value()));
  EXPECT_TRUE(result_from_json(json::parse(R"({"content":[]})").value()));
}

TEST(ToolCodec, KeepsTheDefinitionVerbatim) {
  const std::string text =
      R"({"name":"t","description":"d","inputSchema":{"type":"object","$defs":{"a":{"$anchor":"x"}}},)"
      R"("annotations":{"readOnlyHint":true},"icons":[],"new":1})";
  const auto tool = tool_from_json("srv", json::parse(text).value());
  ASSERT_TRUE(tool);
  EXPECT_EQ(tool->public_name(), "srv__t");
  EXPECT_EQ(json::print(tool->definition), text);
  for (const std::string_view bad :
       {"{}", "3", R"({"name":"x"})", R"({"name":"","inputSchema":{}})",
        R"({"name":7,"inputSchema":{}})", R"({"name":"x","inputSchema":true})"}) {
    EXPECT_FALSE(tool_from_json("srv", json::parse(bad).value())) << bad;
  }
}

}  // namespace
}  // namespace oap::mcp
