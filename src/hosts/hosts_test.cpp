#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hosts/install.hpp"
#include "hosts/reply.hpp"
#include "hosts/translate.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"

namespace oap::hosts {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr Host kAll[] = {Host::kClaudeCode, Host::kCodex, Host::kGemini,
                         Host::kGoose,      Host::kCrush, Host::kQwen};

std::string shown(const Translation& translation) {
  if (translation.internal) {
    return "internal";
  }
  std::string out;
  for (const ToolCall& call : translation.calls) {
    out += fmt::format("{}{}/{} {}", out.empty() ? "" : " ; ", call.server, call.tool,
                       json::print(json::Value(call.arguments)));
  }
  if (!translation.cwd.empty()) {
    out += " @ " + translation.cwd;
  }
  return out;
}

TEST(TranslateTest, Cases) {
  const auto text = os::read_file(OAP_SOURCE_DIR "/src/hosts/cases/translate.case");
  ASSERT_TRUE(text);
  int rows = 0;
  for (const std::string_view line : text::split_lines(*text)) {
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    const std::size_t arrow = line.rfind(" => ");
    const std::size_t first = line.find(' ');
    const std::size_t second = line.find(' ', first + 1);
    ASSERT_NE(arrow, std::string_view::npos) << line;
    Event event;
    event.cwd = "/w";
    event.tool = std::string(line.substr(first + 1, second - first - 1));
    auto input = json::parse(line.substr(second + 1, arrow - second - 1));
    ASSERT_TRUE(input) << line;
    event.input = input->get_object();
    const auto host = host_named(line.substr(0, first));
    ASSERT_TRUE(host) << line;
    const std::string servers[] = {"my", "my_server"};
    EXPECT_EQ(shown(translate(*host, event, servers)), line.substr(arrow + 4)) << line;
    ++rows;
  }
  EXPECT_GT(rows, 45);
}

TEST(TranslateTest, AChangedCommandGoesBackUnderTheHostsName) {
  Event event;
  event.cwd = "/w";
  event.tool = "Bash";
  event.input = {{"command", "npm test"}, {"timeout", 5}};
  const Translation calls = translate(Host::kClaudeCode, event);
  const auto input =
      rewritten_input(Host::kClaudeCode, event, calls, 0, {{"command", "npm run test"}});
  ASSERT_TRUE(input);
  EXPECT_EQ(json::print(json::Value(*input)), R"({"command":"npm run test","timeout":5})");
}

TEST(TranslateTest, AChangeThatTheToolCannotTakeIsNone) {
  Event event;
  event.cwd = "/w";
  event.tool = "Grep";
  event.input = {{"pattern", "x"}};
  const Translation calls = translate(Host::kClaudeCode, event);
  json::Object changed = calls.calls[0].arguments;
  changed["exclude"] = json::Array{".env"};
  EXPECT_FALSE(rewritten_input(Host::kClaudeCode, event, calls, 0, changed));
  changed = calls.calls[0].arguments;
  changed.erase("pattern");
  EXPECT_FALSE(rewritten_input(Host::kClaudeCode, event, calls, 0, changed));
  event.tool = "MultiEdit";
  const Translation edits = translate(Host::kClaudeCode, event);
  EXPECT_FALSE(rewritten_input(Host::kClaudeCode, event, edits, 0, {{"path", "/w/b"}}));
}

TEST(EventTest, WrongOnesAreErrors) {
  for (const std::string_view text :
       {"", "5", "[]", "{", "{}", R"({"hook_event_name":5})", R"({"hook_event_name":"PreToolUse"})",
        R"({"hook_event_name":"PreToolUse","tool_name":""})",
        R"({"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":5})",
        R"({"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":"[1]"})",
        R"({"hook_event_name":"PreToolUse","hook_event_name":"Stop","tool_name":"Bash"})"}) {
    for (const Host host : kAll) {
      EXPECT_FALSE(read_event(host, text)) << text;
    }
  }
}

TEST(EventTest, NamesOfAllSpellings) {
  for (const std::string_view name : {"PreToolUse", "pre_tool_use", "PRETOOLUSE", "BeforeTool"}) {
    const auto event = read_event(
        Host::kCrush,
        fmt::format(R"({{"event":"{}","tool_name":"bash","tool_input":"{{\"command\":\"ls\"}}"}})",
                    name));
    ASSERT_TRUE(event) << name;
    EXPECT_EQ(event->kind, Event::Kind::kBefore);
    EXPECT_EQ(json::get_string(event->input, "command"), "ls");
  }
  EXPECT_EQ(read_event(Host::kClaudeCode, R"({"hook_event_name":"SomethingNew"})")->kind,
            Event::Kind::kOther);
}

Event before(std::string name) {
  Event event;
  event.kind = Event::Kind::kBefore;
  event.name = std::move(name);
  event.tool = "Bash";
  return event;
}

TEST(ReplyTest, ADenialIsUnderstoodEverywhere) {
  const Verdict verdict{Level::kDeny, "no", std::nullopt, true};
  EXPECT_EQ(reply_before(Host::kClaudeCode, before("PreToolUse"), verdict).out,
            R"({"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny",)"
            R"("permissionDecisionReason":"no"}})"
            "\n");
  EXPECT_EQ(reply_before(Host::kCodex, before("PreToolUse"), verdict).out,
            reply_before(Host::kClaudeCode, before("PreToolUse"), verdict).out);
  EXPECT_EQ(reply_before(Host::kGemini, before("BeforeTool"), verdict).out,
            "{\"decision\":\"deny\",\"reason\":\"no\"}\n");
  EXPECT_EQ(reply_before(Host::kGoose, before("PreToolUse"), verdict).out,
            "{\"decision\":\"block\",\"reason\":\"no\"}\n");
  EXPECT_EQ(reply_before(Host::kCrush, before("PreToolUse"), verdict).out,
            "{\"decision\":\"deny\",\"reason\":\"no\"}\n");
}

TEST(ReplyTest, AnAskIsADenialWhereTheHostCannotAsk) {
  const Verdict verdict{Level::kAsk, "who knows", std::nullopt, true};
  for (const Host host : {Host::kClaudeCode, Host::kQwen}) {
    EXPECT_THAT(reply_before(host, before("PreToolUse"), verdict).out,
                HasSubstr(R"("permissionDecision":"ask")"));
  }
  for (const Host host : {Host::kCodex, Host::kGemini, Host::kGoose, Host::kCrush}) {
    const Reply reply = reply_before(host, before("PreToolUse"), verdict);
    EXPECT_TRUE(reply.out.find("deny") != std::string::npos ||
                reply.out.find("block") != std::string::npos)
        << name_of(host);
    EXPECT_THAT(reply.out, HasSubstr("oap permission set"));
  }
}

TEST(ReplyTest, FailuresDeny) {
  for (const Host host : kAll) {
    EXPECT_EQ(reply_failed(host, nullptr, "broken").exit_code, 2);
    const Event event = before("PreToolUse");
    EXPECT_EQ(reply_failed(host, &event, "broken").exit_code, 2);
    EXPECT_THAT(reply_failed(host, &event, "broken").err, HasSubstr("broken"));
  }
  const Event dialog = before("PermissionRequest");
  EXPECT_THAT(reply_failed(Host::kClaudeCode, &dialog, "broken").out,
              HasSubstr(R"("behavior":"deny")"));
  Event after = before("PostToolUse");
  after.kind = Event::Kind::kAfter;
  EXPECT_THAT(reply_failed(Host::kClaudeCode, &after, "broken").out, HasSubstr("withheld"));
  EXPECT_THAT(reply_failed(Host::kCodex, &after, "broken").out, HasSubstr("withheld"));
}

TEST(ReplyTest, AnswersAreReplacedInTheirOwnForm) {
  Event event = before("PostToolUse");
  event.kind = Event::Kind::kAfter;
  const json::Value response = json::Object{{"stdout", "clean"}, {"stderr", ""}};
  EXPECT_THAT(reply_after(Host::kClaudeCode, event, response).out,
              HasSubstr(R"("updatedToolOutput":{"stdout":"clean","stderr":""})"));
  EXPECT_EQ(reply_after(Host::kCodex, event, response).out,
            "{\"decision\":\"block\",\"reason\":\"clean\"}\n");
  EXPECT_EQ(reply_after(Host::kGemini, event, response).out,
            "{\"decision\":\"deny\",\"reason\":\"clean\"}\n");
  EXPECT_THAT(reply_after(Host::kGoose, event, response).err, HasSubstr("does not let"));
  EXPECT_THAT(reply_after(Host::kClaudeCode, event, std::nullopt).out, IsEmpty());
  event.tool = "mcp__a__b";
  EXPECT_THAT(reply_after(Host::kClaudeCode, event, response).out,
              HasSubstr("updatedMCPToolOutput"));
}

class InstallTest : public testing::TestWithParam<Host> {
 protected:
  const std::string command_ = *hook_command(GetParam(), "/opt/o ap/oap-hook");
};

TEST_P(InstallTest, TwiceIsOnceAndOutAgainIsAsBefore) {
  const std::string before =
      "{\n  \"theme\": \"dark\",\n  \"hooks\": {\n    \"PreToolUse\": [\n      {\n"
      "        \"hooks\": [{\"type\": \"command\", \"command\": \"./mine.sh\"}]\n      }\n    ]\n  "
      "}\n}\n";
  const auto once = with_hook(GetParam(), before, "f", command_);
  ASSERT_TRUE(once);
  EXPECT_THAT(*once, HasSubstr("./mine.sh"));
  EXPECT_THAT(*once, HasSubstr("/opt/o ap/oap-hook"));
  EXPECT_EQ(*with_hook(GetParam(), *once, "f", command_), *once);
  const auto moved = with_hook(GetParam(), *once, "f", *hook_command(GetParam(), "/new/oap-hook"));
  EXPECT_THAT(*moved, testing::Not(HasSubstr("/opt/o ap")));
  EXPECT_EQ(*json::parse(*without_hook(GetParam(), *moved, "f")), *json::parse(before));
  EXPECT_EQ(*without_hook(GetParam(), before, "f"), before);
}

TEST_P(InstallTest, FromNothingToNothing) {
  const auto made = with_hook(GetParam(), "", "f", command_);
  ASSERT_TRUE(made);
  EXPECT_EQ(*without_hook(GetParam(), *made, "f"), "");
}

TEST_P(InstallTest, WhatHasAnotherFormIsLeftAlone) {
  for (const std::string_view text :
       {"5", "{", "{\"hooks\":5}", "{\"hooks\":{\"PreToolUse\":5,\"BeforeTool\":5}}",
        "{\"a\":1,\"a\":2}"}) {
    const auto made = with_hook(GetParam(), text, "the/file", command_);
    ASSERT_FALSE(made) << text;
    EXPECT_THAT(made.error().message(), HasSubstr("the/file"));
  }
}

INSTANTIATE_TEST_SUITE_P(Hosts, InstallTest, testing::ValuesIn(kAll), [](const auto& info) {
  std::string name(title_of(info.param));
  std::erase(name, ' ');
  return name;
});

TEST(HookCommandTest, APathThatCannotBeQuotedIsRefused) {
  EXPECT_FALSE(hook_command(Host::kCodex, "/it's/oap-hook"));
  EXPECT_EQ(*hook_command(Host::kCodex, "/a b/oap-hook"), "'/a b/oap-hook' codex");
}

}  // namespace
}  // namespace oap::hosts
