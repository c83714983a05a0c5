#include "gateway/trust/clean.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "gateway/trust/hidden.hpp"
#include "gateway/trust/testing/escapes.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "text/strings.hpp"

namespace oap::gateway {
namespace {

std::string removed(std::string_view escaped) {
  std::string text = testing::unescape(escaped);
  clean(text);
  return text;
}

TEST(Clean, RemovesWhatCannotBeSeenAndKeepsAllElse) {
  EXPECT_EQ(removed("pay\\u{200b} \\u{e0041}\\u{e0042}me\\u{202e}"), "pay me");
  EXPECT_EQ(removed("👩\\u{200d}💻 ❤\\u{fe0f}"), "👩\xE2\x80\x8D💻 ❤\xEF\xB8\x8F");
  EXPECT_EQ(removed("\\u{1b}[31mred\\u{1b}[0m \\u{e0b0}"), "\x1b[31mred\x1b[0m \xEE\x82\xB0");
  EXPECT_EQ(removed("\\xff\\u{200b}\\xfe"), "\xff\xfe");
}

TEST(Clean, MarksInsteadOfRemovingWhereAsked) {
  std::string text = "a\xE2\x80\x8B\xF3\xA0\x81\x81z";
  EXPECT_EQ(clean(text, CleanMode::kMark), 2U);
  EXPECT_EQ(text, "a\\u{200b}\\u{e0041}z");
}

TEST(Clean, TouchesNothingWhereThereIsNothing) {
  std::string text(200, 'x');
  const char* const where = text.data();
  EXPECT_EQ(clean(text), 0U);
  EXPECT_EQ(text.data(), where);
  json::Value value = *json::parse(
      R"({"a":["👩‍💻 and a text that is long enough to be on the heap",{"b":1}]})");
  const json::Value before = value;
  const char* const inside = value.at("a").at(0).get_string().data();
  EXPECT_EQ(clean(value), 0U);
  EXPECT_EQ(value.at("a").at(0).get_string().data(), inside);
  EXPECT_EQ(value, before);
}

TEST(Clean, ReachesEveryStringAndKey) {
  json::Value value =
      *json::parse("{\"a\\u200bb\":[1,{\"c\":\"x\\u202ey\"}],\"d\":\"\\u2060\",\"e\":null}");
  EXPECT_EQ(clean(value), 3U);
  EXPECT_EQ(json::print(value), R"({"ab":[1,{"c":"xy"}],"d":"","e":null})");
}

TEST(Clean, LosesNoMemberWhereTwoKeysWouldBecomeOne) {
  json::Value value = *json::parse("{\"k\\u200b\":1,\"k\":2,\"k\\u2060\":3,\"k\\\\u{2060}\":4}");
  EXPECT_EQ(clean(value), 2U);
  EXPECT_EQ(json::print(value), R"({"k\\u{200b}":1,"k":2,"k\\u{2060}_":3,"k\\u{2060}":4})");
}

TEST(Clean, OfAResultReachesAllItsParts) {
  const auto dirty = [] { return json::Object{{"text", "a\xE2\x80\x8B"}}; };
  ToolResult result;
  result.content.push_back(dirty());
  result.structured = json::Value(dirty());
  result.meta = dirty();
  result.extra = json::Object{{"k\xE2\x80\x8B", dirty()}};
  EXPECT_EQ(clean(result), 5U);
  EXPECT_EQ(json::print(result.content), R"([{"text":"a"}])");
  EXPECT_EQ(json::print(*result.structured), R"({"text":"a"})");
  EXPECT_EQ(json::print(json::Value(result.meta)), R"({"text":"a"})");
  EXPECT_EQ(json::print(json::Value(result.extra)), R"({"k":{"text":"a"}})");
  EXPECT_EQ(clean(result), 0U);
}

TEST(Clean, TakesDeepValues) {
  json::Value deep = "a\xE2\x80\x8B";
  for (int i = 0; i < 5000; ++i) {
    deep = i % 2 == 0 ? json::Value(json::Array{std::move(deep)})
                      : json::Value(json::Object{{"k", std::move(deep)}});
  }
  EXPECT_EQ(clean(deep), 1U);
}

TEST(Clean, LeavesNothingHiddenAndIsDoneAtOnce) {
  EXPECT_TRUE(rc::check([] {
    const auto parts = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
        "a", "1", "日", "👩", "💻", "\xE2\x80\x8D", "\xEF\xB8\x8F", "\xF3\xA0\x81\x81",
        "\xE2\x80\xAE", "\xFF", "\xD9\x85", "\xEE\x80\x80", "\xF3\xA0\x84\x80"));
    const std::string dirty = text::join(parts, "");
    std::string text = dirty;
    const std::size_t count = clean(text);
    RC_ASSERT((count == 0) == (text == dirty));
    for (const HiddenRun& run : find_hidden(text)) {
      RC_ASSERT(run.kind == HiddenKind::kPrivate && run.length == 3 * run.count);
    }
    RC_ASSERT(clean(text) == 0U);
    std::string marked = dirty;
    RC_ASSERT(clean(marked, CleanMode::kMark) == count);
    RC_ASSERT(clean(marked, CleanMode::kMark) == 0U);
  }));
}

}  // namespace
}  // namespace oap::gateway
