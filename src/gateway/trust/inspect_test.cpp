#include "gateway/trust/inspect.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/trust/testing/escapes.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "text/strings.hpp"

namespace oap::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> told(std::string_view definition, const InspectLimits& limits = {}) {
  std::vector<std::string> list;
  for (const Finding& finding : inspect_definition(*json::parse_object(definition), limits)) {
    list.push_back(std::string(to_string(finding.kind)) + " " + finding.path + "@" +
                   std::to_string(finding.offset));
  }
  return list;
}

TEST(Inspect, AnOrdinaryDefinitionHasNoFindings) {
  EXPECT_THAT(told(R"({"name":"read_file","title":"Read 📄","description":"Reads a file.\nSlowly.",
                       "icons":[{"src":"https://x/y.png"},{"src":"data:image/png;base64,AA"}],
                       "inputSchema":{"type":"object","properties":{"path":{"type":"string"}}}})"),
              IsEmpty());
}

TEST(Inspect, LooksAtNamesKeysAndEveryString) {
  EXPECT_THAT(
      told(
          "{\"name\":\"a\\u200b\",\"title\":\"\\u202et\",\"description\":\"d\\u0007\","
          "\"inputSchema\":{\"properties\":{\"k\\u2060\":{\"enum\":[\"ok\",\"x\\udb40\\udc41\"]}}},"
          "\"_meta\":{\"m\":\"\\u00ad\"}}"),
      ElementsAre("hidden_characters /name@1", "hidden_characters /title@0",
                  "hidden_characters /description@1",
                  "hidden_characters /inputSchema/properties/k\xE2\x81\xA0@1",
                  "hidden_characters /inputSchema/properties/k\xE2\x81\xA0/enum/1@1",
                  "hidden_characters /_meta/m@0"));
}

TEST(Inspect, SpellsOutWhatTagsSay) {
  const auto findings =
      inspect_text(testing::unescape("Hi\\u{e0073}\\u{e0065}\\u{e006e}\\u{e0064}"));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].message, "4 hidden characters (tag): that spell 'send'");
  EXPECT_EQ(findings[0].severity, Severity::kWarning);
  EXPECT_EQ(json::print(json::Value(to_json(findings[0]))),
            R"({"kind":"hidden_characters","severity":"warning","path":"","offset":2,)"
            R"("message":"4 hidden characters (tag): that spell 'send'"})");
}

TEST(Inspect, OfResultsColoursAndIconsAreNoWarning) {
  EXPECT_THAT(inspect_text("\x1b[31mred\x1b[0m"), IsEmpty());
  const auto findings = inspect_text("\xEE\x82\xB0", "/content/0/text");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].severity, Severity::kNote);
  EXPECT_EQ(findings[0].path, "/content/0/text");
}

TEST(Inspect, IconsAreHttpsOrImagesInData) {
  EXPECT_THAT(told(R"({"icons":[{"src":"http://x"},{"src":"javascript:1"},{"src":"HTTPS://x"},
                       {"src":"data:text/html,x"},{"src":"file:///x"},{},7]})"),
              ElementsAre("icon_scheme /icons/0/src@0", "icon_scheme /icons/1/src@0",
                          "icon_scheme /icons/3/src@0", "icon_scheme /icons/4/src@0",
                          "icon_scheme /icons/5/src@0", "icon_scheme /icons/6/src@0"));
}

TEST(Inspect, HintsAreNotesFromTheTable) {
  std::ifstream file(OAP_SOURCE_DIR "/src/gateway/trust/cases/hints.case");
  int rows = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    const std::size_t bar = line.rfind(" | ");
    const auto findings = inspect_text(testing::unescape(line.substr(0, bar)));
    const std::string expected(text::trim(line.substr(bar + 3)));
    if (expected == "-") {
      EXPECT_THAT(findings, IsEmpty()) << line;
    } else {
      ASSERT_EQ(findings.size(), 1U) << line;
      EXPECT_EQ(findings[0].severity, Severity::kNote) << line;
      EXPECT_THAT(findings[0].message, HasSubstr("'" + expected + "'")) << line;
    }
    ++rows;
  }
  EXPECT_GE(rows, 6);
}

TEST(Inspect, LongTextsAreNoted) {
  const std::string longer(9000, 'x');
  EXPECT_THAT(told(R"({"description":")" + longer + "\"}"), ElementsAre("overlong /description@0"));
  EXPECT_THAT(told(R"({"inputSchema":{"properties":{"p":{"description":")" + longer + "\"}}}}"),
              ElementsAre("overlong /inputSchema/properties/p/description@0"));
  EXPECT_THAT(told(R"({"x":")" + std::string(70'000, 'x') + "\"}"), ElementsAre("overlong @0"));
}

TEST(Inspect, HostileDefinitionsEndAndSaySo) {
  json::Value deep = "x";
  for (int i = 0; i < 2000; ++i) {
    deep = json::Array{std::move(deep)};
  }
  EXPECT_EQ(inspect_definition({{"inputSchema", deep}}).back().kind, FindingKind::kTooMuch);
  json::Array wide;
  for (int i = 0; i < 100'000; ++i) {
    wide.emplace_back(i);
  }
  EXPECT_EQ(inspect_definition({{"inputSchema", wide}}).back().kind, FindingKind::kTooMuch);
  json::Array dirty;
  for (int i = 0; i < 1000; ++i) {
    dirty.emplace_back("a\xE2\x80\x8B");
  }
  const auto findings = inspect_definition({{"x", dirty}});
  EXPECT_EQ(findings.size(), 51U);
  EXPECT_EQ(findings.back().kind, FindingKind::kTooMuch);
  EXPECT_THAT(inspect_definition({{"name", "\xff\xfe\x80"}}), IsEmpty());
}

}  // namespace
}  // namespace oap::gateway
