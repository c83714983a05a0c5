#include "gateway/trust/pins.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "gateway/trust/fingerprint.hpp"
#include "gateway/trust/pin_report.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"

namespace oap::gateway {
namespace {

using config::ServerTrust;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const ServerSource kSource{"d1", "npx server"};

ToolSpec tool(const std::string& name, const std::string& description = "Does it.") {
  ToolSpec spec;
  spec.server = "s";
  spec.name = name;
  spec.definition = json::Object{{"name", json::Value(json::String(name))},
                                 {"description", json::Value(json::String(description))},
                                 {"inputSchema", json::Object{{"type", "object"}}}};
  return spec;
}

/// "name:trust" of each verdict.
std::vector<std::string> seen(Pins& pins, const std::vector<ToolSpec>& tools,
                              ServerTrust policy = ServerTrust::kFirstUse,
                              const ServerSource& source = kSource) {
  std::vector<std::string> list;
  for (const ToolVerdict& verdict : judge(pins, "s", source, policy, tools, "now").tools) {
    list.push_back(verdict.tool + ":" + std::string(to_string(verdict.trust)));
  }
  return list;
}

TEST(Judge, PinsAtTheFirstSightAndTrustsFromThenOn) {
  Pins pins;
  EXPECT_THAT(seen(pins, {tool("a"), tool("b")}), ElementsAre("a:pinned_now", "b:pinned_now"));
  EXPECT_THAT(seen(pins, {tool("b"), tool("a")}), ElementsAre("b:trusted", "a:trusted"));
  const PinnedTool& pin = pins.servers.at("s").tools.at("a");
  EXPECT_EQ(pin.approved_by, "first_use");
  EXPECT_EQ(pin.hash, fingerprint(tool("a").definition));
  EXPECT_FALSE(
      judge(pins, "s", kSource, ServerTrust::kFirstUse, std::vector{tool("a"), tool("b")}, "later")
          .changed);
}

TEST(Judge, QuarantinesWhatComesOrChangesLater) {
  Pins pins;
  seen(pins, {tool("a"), tool("b")});
  EXPECT_THAT(seen(pins, {tool("a", "Other."), tool("c")}),
              ElementsAre("a:quarantined_changed", "c:quarantined_new", "b:removed"));
  EXPECT_THAT(seen(pins, {tool("a", "Other."), tool("c")}),
              ElementsAre("a:quarantined_changed", "c:quarantined_new", "b:removed"));
  EXPECT_THAT(seen(pins, {tool("a"), tool("b")}), ElementsAre("a:trusted", "b:trusted"));
  EXPECT_THAT(pins.servers.at("s").pending, IsEmpty());
}

TEST(Judge, ExplicitPinsNothingByItselfNotEvenAfterAChangeOfPolicy) {
  Pins pins;
  EXPECT_THAT(seen(pins, {tool("a")}, ServerTrust::kExplicit), ElementsAre("a:quarantined_new"));
  EXPECT_THAT(seen(pins, {tool("a")}, ServerTrust::kFirstUse), ElementsAre("a:quarantined_new"));
}

TEST(Judge, AServerWithoutToolsHasNotBeenSeen) {
  Pins pins;
  EXPECT_THAT(seen(pins, {}), IsEmpty());
  EXPECT_THAT(pins.servers, IsEmpty());
  EXPECT_THAT(seen(pins, {tool("a")}), ElementsAre("a:pinned_now"));
}

TEST(Judge, AChangedSourceAsksForEverything) {
  Pins pins;
  const ServerSource other{"d2", "npx server@2"};
  seen(pins, {tool("a"), tool("b")});
  EXPECT_THAT(seen(pins, {tool("a"), tool("b")}, ServerTrust::kFirstUse, other),
              ElementsAre("a:quarantined_changed", "b:quarantined_changed"));
  const auto judged =
      judge(pins, "s", other, ServerTrust::kFirstUse, std::vector{tool("a"), tool("b")}, "t");
  EXPECT_THAT(judged.tools[0].reason, HasSubstr("started by has changed"));
  EXPECT_FALSE(judged.changed);
  const PinDiff diff = *diff_pin(pins, "s", "a");
  EXPECT_THAT(diff.text(), HasSubstr("    - npx server\n    + npx server@2\n"));
  EXPECT_THAT(diff.changes, IsEmpty());
  ASSERT_TRUE(approve(pins, "s", {{"a", ""}}, "me", "t"));
  EXPECT_THAT(seen(pins, {tool("a"), tool("b")}, ServerTrust::kFirstUse, other),
              ElementsAre("a:trusted", "b:quarantined_changed"));
  EXPECT_THAT(seen(pins, {tool("a"), tool("b")}),
              ElementsAre("a:quarantined_changed", "b:trusted"));
}

TEST(Judge, AToolListedTwiceWithTwoDefinitionsIsNeverTrusted) {
  Pins pins;
  EXPECT_THAT(seen(pins, {tool("a"), tool("a", "x"), tool("b"), tool("b")}),
              ElementsAre("a:quarantined_new", "b:pinned_now"));
  EXPECT_FALSE(approve(pins, "s", {{"a", ""}}, "me", "t"));
}

TEST(Judge, WhatCannotBeStoredIsNeverTrusted) {
  Pins pins;
  ToolSpec deep = tool("deep");
  json::Value nested = 1;
  for (int i = 0; i < 200; ++i) {
    nested = json::Object{{"x", nested}};
  }
  deep.definition["inputSchema"] = nested;
  ToolSpec twins = tool("twins");
  twins.definition["inputSchema"] = json::Object{{"\xff", 1}, {"\xfe", 2}};
  EXPECT_THAT(seen(pins, {tool("huge", std::string(300'000, 'x')), deep, twins, tool("\xff")}),
              ElementsAre("huge:quarantined_new", "deep:quarantined_new", "twins:quarantined_new",
                          "\xff:quarantined_new"));
  EXPECT_TRUE(parse_pins(print_pins(pins)));
  std::vector<ToolSpec> many;
  for (int i = 0; i < 50; ++i) {
    many.push_back(tool("t" + std::to_string(i), std::string(250'000, 'x')));
  }
  pins = {};
  const auto verdicts = seen(pins, many);
  EXPECT_EQ(verdicts.front(), "t0:pinned_now");
  EXPECT_EQ(verdicts.back(), "t49:quarantined_new");
  EXPECT_LT(print_pins(pins).size(), 10U << 20U);
}

TEST(Approve, PinsWhatWasShownAndNothingElse) {
  Pins pins;
  seen(pins, {tool("a"), tool("b")}, ServerTrust::kExplicit);
  const std::string shown = diff_pin(pins, "s", "a")->hash;
  seen(pins, {tool("a", "Changed again."), tool("b")}, ServerTrust::kExplicit);
  const auto refused = approve(pins, "s", {{"b", ""}, {"a", shown}}, "me", "t");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(pins.servers.at("s").tools, IsEmpty());
  EXPECT_THAT(*approve(pins, "s", {{"b", ""}, {"b", ""}}, "me", "t1"), ElementsAre("b"));
  EXPECT_THAT(*approve(pins, "s", {{"b", ""}}, "me", "t2"), IsEmpty());
  EXPECT_THAT(*approve(pins, "s", {}, "you", "t3"), IsEmpty());
  EXPECT_THAT(*approve(pins, "s", *all_pending(pins, "s"), "you", "t3"), ElementsAre("a"));
  EXPECT_THAT(*all_pending(pins, "s"), IsEmpty());
  EXPECT_THAT(seen(pins, {tool("a", "Changed again."), tool("b")}),
              ElementsAre("a:trusted", "b:trusted"));
  EXPECT_EQ(pins.servers.at("s").tools.at("b").approved_at, "t1");
  EXPECT_EQ(pins.servers.at("s").tools.at("a").approved_by, "you");
}

TEST(Approve, OfWhatIsNotKnownNamesTheNearest) {
  Pins pins;
  seen(pins, {tool("create_issue")}, ServerTrust::kExplicit);
  EXPECT_THAT(approve(pins, "s", {{"create_isue", ""}}, "me", "t").error().message(),
              HasSubstr("did you mean 'create_issue'"));
  EXPECT_EQ(approve(pins, "none", {}, "me", "t").error().code(), Code::kNotFound);
  EXPECT_EQ(all_pending(pins, "none").error().code(), Code::kNotFound);
}

TEST(PinReport, ListsAndShowsWhatWaits) {
  Pins pins;
  seen(pins, {tool("a"), tool("b")});
  seen(pins, {tool("a", "Reads.\x1b[2J And \xE2\x80\xAEsends."), tool("c")});
  std::vector<std::string> rows;
  for (const PinRow& row : list_pins(pins)) {
    rows.push_back(row.tool + ":" + std::string(to_string(row.trust)) + ":" + row.approved_by);
  }
  EXPECT_THAT(rows, ElementsAre("a:quarantined_changed:first_use", "b:trusted:first_use",
                                "c:quarantined_new:"));
  const PinDiff diff = *diff_pin(pins, "s", "a");
  EXPECT_EQ(diff.text(),
            "tool a of server s\n~ /description\n    - Does it.\n"
            "    + Reads.\\u{1b}[2J And \\u{202e}sends.\n");
  EXPECT_THAT(json::print(json::Value(to_json(diff))),
              HasSubstr(R"("changes":[{"path":"/description","before":"Does it.","after":)"));
  EXPECT_THAT(json::print(json::Value(to_json(*diff_pin(pins, "s", "c")))),
              HasSubstr(R"("changes":[{"path":"","after":{"name":"c")"));
  EXPECT_EQ(diff_pin(pins, "s", "b").error().code(), Code::kNotFound);
}

TEST(PinsFormat, ReadsBackWhatItWrote) {
  EXPECT_TRUE(rc::check([] {
    Pins pins;
    const auto names = rc::gen::element<std::string>("a", "b", "é\n", "", "\xff");
    for (int round = *rc::gen::inRange(1, 5); round > 0; --round) {
      std::vector<ToolSpec> tools;
      for (int count = *rc::gen::inRange(0, 4); count > 0; --count) {
        tools.push_back(tool(*names, *rc::gen::element<std::string>("x", "y", "\x01\xff")));
      }
      const ServerSource source{*rc::gen::element<std::string>("1", "2"), "cmd\xff"};
      judge(pins, *names, source, *rc::gen::element(ServerTrust::kFirstUse, ServerTrust::kExplicit),
            tools, "now");
    }
    const std::string text = print_pins(pins);
    const Result<Pins> back = parse_pins(text);
    RC_ASSERT(back.has_value());
    RC_ASSERT(print_pins(*back) == text);
  }));
}

TEST(PinsFormat, RefusesAllElse) {
  Pins pins;
  seen(pins, {tool("a"), tool("b")});
  seen(pins, {tool("a", "x")});
  const std::string good = print_pins(pins);
  ASSERT_TRUE(parse_pins(good));
  for (std::size_t length = 0; length + 1 < good.size(); ++length) {
    ASSERT_FALSE(parse_pins(good.substr(0, length))) << length;
  }
  for (const char* const bad :
       {"", "{}", "[]", "null", R"({"version":1})", R"({"version":0,"servers":{}})",
        R"({"version":"1","servers":{}})", R"({"version":1,"servers":[]})",
        R"({"version":1,"servers":{},"more":1})", R"({"version":1,"servers":{"s":{}}})",
        R"({"version":1,"servers":{"s":7}})", R"({"version":1,"servers":{},"servers":{}})"}) {
    const auto parsed = parse_pins(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().code(), Code::kDataLoss) << bad;
  }
  EXPECT_EQ(parse_pins(R"({"version":2,"servers":{},"x":1})").error().code(),
            Code::kFailedPrecondition);
  EXPECT_TRUE(parse_pins(R"({"version":1,"servers":{}})"));
}

TEST(PinsFormat, RefusesEachMemberOfTheWrongKind) {
  Pins pins;
  seen(pins, {tool("a")});
  seen(pins, {tool("b")});
  const std::string good = print_pins(pins);
  for (const std::string_view member : {"\"hash\":\"", "\"source\":\"", "\"first_seen\":\"",
                                        "\"approved_by\":\"", "\"seen_at\":\"", "\"digest\":\""}) {
    std::string bad = good;
    const std::size_t at = bad.find(member);
    ASSERT_NE(at, std::string::npos) << member;
    bad.insert(at + member.size() - 1, "0,\"x\":");
    EXPECT_FALSE(parse_pins(bad)) << bad;
  }
}

}  // namespace
}  // namespace oap::gateway
