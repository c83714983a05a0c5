#include "gateway/trust/shadow.hpp"

#include <algorithm>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "gateway/trust/confusable.hpp"
#include "gateway/trust/testing/escapes.hpp"
#include "json/print.hpp"
#include "text/strings.hpp"

namespace oap::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

ToolSpec tool(const std::string& server, const std::string& name, const std::string& about = "") {
  ToolSpec spec;
  spec.server = server;
  spec.name = name;
  spec.description = about;
  return spec;
}

std::vector<std::string> told(const std::vector<ToolSpec>& tools) {
  std::vector<std::string> list;
  for (const Shadow& shadow : near_duplicates(tools).found) {
    std::string row(to_string(shadow.kind));
    for (const ToolRef& each : shadow.tools) {
      row += " " + each.server + ":" + each.tool;
    }
    list.push_back(row);
  }
  return list;
}

TEST(Skeleton, Cases) {
  std::ifstream file(OAP_SOURCE_DIR "/src/gateway/trust/cases/skeletons.case");
  int rows = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    const auto pieces = text::split(line, '|');
    ASSERT_EQ(pieces.size(), 3U) << line;
    const std::string a = testing::unescape(text::trim(pieces[0]));
    const std::string b = testing::unescape(text::trim(pieces[1]));
    const bool alike = name_skeleton(a) == name_skeleton(b);
    const bool same = plain_form(a) == plain_form(b);
    const std::string_view verdict = !alike ? "different" : same ? "same" : "alike";
    EXPECT_EQ(verdict, text::trim(pieces[2])) << line;
    ++rows;
  }
  EXPECT_GE(rows, 15);
}

TEST(Shadows, AreFoundAcrossServersOnly) {
  EXPECT_THAT(told({tool("a", "search"), tool("a", "Search"), tool("a", "list_issues"),
                    tool("a", "list_issue")}),
              IsEmpty());
  EXPECT_THAT(told({tool("b", "Create_Issue"), tool("a", "create-issue"), tool("c", "other")}),
              ElementsAre("same_name a:create-issue b:Create_Issue"));
}

TEST(Shadows, LookAlikesAreWarnings) {
  const Shadows shadows = near_duplicates(std::vector{tool("a", "send"), tool("b", "sеnd")});
  ASSERT_EQ(shadows.found.size(), 1U);
  EXPECT_EQ(shadows.found[0].kind, ShadowKind::kLookAlike);
  EXPECT_EQ(shadows.found[0].severity, Severity::kWarning);
  EXPECT_EQ(json::print(json::Value(to_json(shadows.found[0]))),
            "{\"kind\":\"look_alike\",\"severity\":\"warning\",\"tools\":[{\"server\":\"a\","
            "\"tool\":\"send\"},{\"server\":\"b\",\"tool\":\"s\xD0\xB5nd\"}]}");
}

TEST(Shadows, OneEditCountsForLongerNames) {
  EXPECT_THAT(told({tool("a", "send_message"), tool("b", "send_messages")}),
              ElementsAre("near_name a:send_message b:send_messages"));
  EXPECT_THAT(told({tool("a", "send_message"), tool("b", "sned_message")}),
              ElementsAre("near_name a:send_message b:sned_message"));
  EXPECT_THAT(told({tool("a", "send_message"), tool("b", "sand_message")}),
              ElementsAre("near_name a:send_message b:sand_message"));
  EXPECT_THAT(told({tool("a", "send_message"), tool("b", "sand_messages")}), IsEmpty());
  EXPECT_THAT(told({tool("a", "sum"), tool("b", "sub")}), IsEmpty());
}

TEST(Shadows, ACopiedDescriptionUnderAnotherNameIsTold) {
  const std::string about = "Sends a payment to the given account.";
  EXPECT_THAT(told({tool("a", "pay", about), tool("b", "transfer", about)}),
              ElementsAre("same_description a:pay b:transfer"));
  EXPECT_THAT(told({tool("a", "pay", about), tool("b", "pay", about)}),
              ElementsAre("same_name a:pay b:pay"));
  EXPECT_THAT(told({tool("a", "x", "Short."), tool("b", "y", "Short.")}), IsEmpty());
}

std::size_t plain_distance_one(const std::string& a, const std::string& b) {
  std::vector<std::string> edits;
  for (std::size_t i = 0; i < a.size(); ++i) {
    edits.push_back(a.substr(0, i) + a.substr(i + 1));
    if (i + 1 < a.size()) {
      std::string swapped = a;
      std::swap(swapped[i], swapped[i + 1]);
      edits.push_back(swapped);
    }
    for (const char c : std::string("abx")) {
      edits.push_back(a.substr(0, i) + c + a.substr(i + 1));
    }
  }
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (const char c : std::string("abx")) {
      edits.push_back(a.substr(0, i) + c + a.substr(i));
    }
  }
  return a != b && std::find(edits.begin(), edits.end(), b) != edits.end() ? 1 : 0;
}

TEST(Shadows, OneEditIsWhatTryingAllEditsFinds) {
  EXPECT_TRUE(rc::check([] {
    const auto names =
        rc::gen::map(rc::gen::container<std::string>(9, rc::gen::element('a', 'b', 'x')),
                     [](const std::string& text) { return text; });
    const std::string a = *names;
    std::string b = *rc::gen::arbitrary<bool>() ? a : *names;
    for (int edits = *rc::gen::inRange(0, 3); edits > 0; --edits) {
      const auto at = *rc::gen::inRange<std::size_t>(0, b.size());
      b = *rc::gen::arbitrary<bool>() ? b.substr(0, at) + "b" + b.substr(at)
                                      : b.substr(0, at) + b.substr(at + 1);
    }
    RC_PRE(b.size() >= 8U);
    const auto list = told({tool("s", a), tool("t", b)});
    const std::size_t near = std::count_if(list.begin(), list.end(), [](const std::string& row) {
      return row.starts_with("near_name");
    });
    RC_ASSERT(near == plain_distance_one(a, b));
  }));
}

TEST(Shadows, DoNotDependOnTheOrderGiven) {
  std::vector<ToolSpec> tools;
  for (int i = 0; i < 60; ++i) {
    tools.push_back(tool("s" + std::to_string(i % 7), "read_files_" + std::to_string(i % 13),
                         "A description that is long enough " + std::to_string(i % 5)));
  }
  const auto first = told(tools);
  EXPECT_FALSE(first.empty());
  std::reverse(tools.begin(), tools.end());
  EXPECT_EQ(told(tools), first);
}

TEST(Shadows, HostileNamesAreBoundedAndItIsSaid) {
  std::vector<ToolSpec> tools;
  for (int i = 0; i < 3000; ++i) {
    std::string name(100, 'a');
    text::append_utf8(name, static_cast<char32_t>(0x4E00 + i));
    tools.push_back(tool(i % 2 == 0 ? "a" : "b", name));
  }
  tools.push_back(tool("b", ""));
  tools.push_back(tool("c", "\xff\xfe"));
  tools.push_back(tool("c", std::string(100'000, 'z')));
  const Shadows shadows = near_duplicates(tools);
  EXPECT_FALSE(shadows.complete);
  EXPECT_LE(shadows.found.size(), 500U);
  EXPECT_FALSE(shadows.found.empty());
}

}  // namespace
}  // namespace oap::gateway
