#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "json/parse.hpp"
#include "os/testing/temp_dir.hpp"
#include "programs/answer.hpp"
#include "programs/hook_set.hpp"
#include "programs/hook_urls.hpp"
#include "programs/matcher.hpp"
#include "text/strings.hpp"

namespace oap::programs {
namespace {

template <class Row>
void each_row(const std::string& name, const Row& row) {
  std::ifstream file(std::string(OAP_SOURCE_DIR) + "/src/programs/cases/" + name);
  ASSERT_TRUE(file.is_open());
  std::string line;
  int rows = 0;
  while (std::getline(file, line)) {
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    const std::size_t arrow = line.rfind(" => ");
    ASSERT_NE(arrow, std::string::npos) << line;
    row(line, line.substr(0, arrow), line.substr(arrow + 4));
    ++rows;
  }
  EXPECT_GT(rows, 30);
}

TEST(HookMatcher, Cases) {
  each_row("matcher.case",
           [](const std::string& line, const std::string& left, const std::string& expected) {
             const std::size_t tab = left.find('\t');
             ASSERT_NE(tab, std::string::npos) << line;
             const Matcher matcher(left.substr(0, tab));
             EXPECT_EQ(matcher.matches(left.substr(tab + 1)) ? "yes" : "no", expected) << line;
           });
}

TEST(HookUrls, Cases) {
  each_row("urls.case", [](const std::string& line, const std::string& left,
                           const std::string& expected) {
    const std::size_t tab = left.find('\t');
    ASSERT_NE(tab, std::string::npos) << line;
    EXPECT_EQ(is_listed(left.substr(tab + 1), {left.substr(0, tab)}) ? "yes" : "no", expected)
        << line;
  });
  EXPECT_FALSE(is_listed("https://a/", {}));
  EXPECT_TRUE(is_listed("https://a/", {"https://b/", "", "://", "http://[", "https://a/"}));
}

TEST(HookMatcher, SaysWhatItCannotUse) {
  EXPECT_EQ(Matcher("^(Edit|Write)$").fault(), "");
  EXPECT_NE(Matcher("^(?!Read)").fault(), "");
  EXPECT_NE(Matcher("[").fault(), "");
  EXPECT_NE(Matcher(std::string(5'000, 'a')).fault(), "");
}

Handler handler_of(std::string_view event, std::string_view on_failure) {
  Handler handler;
  handler.event = event_named(event).value_or(Event::kNotification);
  handler.command = "check";
  handler.file = "settings.json";
  handler.timeout = Millis(1'500);
  if (!on_failure.empty()) {
    handler.on_failure =
        on_failure == "allow" ? Handler::OnFailure::kAllow : Handler::OnFailure::kBlock;
  }
  return handler;
}

std::string text_of(std::string_view field) {
  const std::string_view trimmed = text::trim(field);
  return trimmed == "-" ? "" : text::replace_all(trimmed, "\\n", "\n");
}

std::string outcome_of(const Answer& answer, bool any_reason) {
  static constexpr const char* kWords[] = {"none", "allow", "ask", "deny"};
  std::string out = kWords[static_cast<int>(answer.decision)];
  if (!answer.reason.empty()) {
    out += any_reason ? " *" : " " + text::replace_all(answer.reason, "\n", "\\n");
  }
  out += answer.input ? " input" : "";
  out += answer.output ? " output" : "";
  for (const std::string& one : answer.context) {
    out += " context:" + one;
  }
  for (const std::string& one : answer.told) {
    out += " told:" + one;
  }
  if (answer.stop) {
    out += " stop:" + (answer.stop_reason.empty() ? "-" : answer.stop_reason);
  }
  return out + (answer.faults.empty() ? "" : " fault");
}

TEST(HookAnswer, Cases) {
  each_row("answer.case",
           [](const std::string& line, const std::string& left, const std::string& expected) {
             const std::size_t first = left.find(" | ");
             const std::size_t second = left.rfind(" | ");
             ASSERT_TRUE(first != std::string::npos && second > first) << line;
             const auto head = text::split_words(std::string_view(left).substr(0, first));
             ASSERT_EQ(head.size(), 2U) << line;
             const std::size_t slash = head[0].find('/');
             ASSERT_TRUE(event_named(head[0].substr(0, slash))) << line;
             const Handler handler = handler_of(
                 head[0].substr(0, slash),
                 slash == std::string_view::npos ? std::string_view() : head[0].substr(slash + 1));
             Ending ending;
             if (head[1] == "timeout") {
               ending.timed_out = true;
               ending.exit_code = 124;
             } else if (head[1] == "unstarted") {
               ending.fault = "could not be started: no such program";
             } else {
               ending.exit_code = std::stoi(std::string(head[1]));
             }
             ending.out = text_of(std::string_view(left).substr(first + 3, second - first - 3));
             ending.err = text_of(std::string_view(left).substr(second + 3));
             const Answer answer = read_answer(handler, ending);
             EXPECT_EQ(outcome_of(answer, expected.starts_with("deny *")), expected) << line;
           });
}

TEST(HookAnswer, LongAndBrokenWordsAreBounded) {
  Ending ending;
  ending.out = std::string(200'000, 'x') + "\xff";
  const Answer answer = read_answer(handler_of("SessionStart", ""), ending);
  ASSERT_EQ(answer.context.size(), 1U);
  EXPECT_LT(answer.context[0].size(), 10'200U);
  ending.out = R"({"decision":)" + std::string(500, '[') + "1" + std::string(500, ']') + "}";
  EXPECT_EQ(read_answer(handler_of("PreToolUse", ""), ending).decision, Decision::kDeny);
  ending.out = R"({"__proto__":{"decision":"block"},"constructor":1,"continue":"no","decision":7})";
  const Answer odd = read_answer(handler_of("PreToolUse", ""), ending);
  EXPECT_EQ(odd.decision, Decision::kNone);
  EXPECT_FALSE(odd.stop);
}

TEST(HookAnswer, TheStrictestOfSeveralCounts) {
  Answer all;
  const auto one = [](Decision decision, std::string reason) {
    Answer answer;
    answer.decision = decision;
    answer.reason = std::move(reason);
    return answer;
  };
  merge(all, one(Decision::kAllow, "fine"));
  merge(all, one(Decision::kDeny, "first"));
  merge(all, one(Decision::kAsk, "perhaps"));
  merge(all, one(Decision::kDeny, "second"));
  EXPECT_EQ(all.decision, Decision::kDeny);
  EXPECT_EQ(all.reason, "first");
}

HookSet read(std::string_view text, Owner owner = Owner::kProject) {
  auto parsed = json::parse_object(text);
  EXPECT_TRUE(parsed) << text;
  return read_hooks({{"settings.json", owner, parsed ? *parsed : json::Object{}}});
}

TEST(HookSettings, HandlersAreReadWithTheirDefaults) {
  const HookSet hooks = read(R"j({
    "PreToolUse": [{"matcher": "Bash", "hooks": [
      {"type": "command", "command": "a.sh", "timeout": 5, "if": "Bash(git *)"},
      {"command": "b", "args": ["x", "${CLAUDE_PROJECT_DIR}/y"], "onFailure": "allow"}]}],
    "UserPromptSubmit": [{"matcher": "Bash", "hooks": [{"type": "command", "command": "c"}]}],
    "SessionEnd": [{"hooks": [{"type": "command", "command": "d", "async": true}]}]})j");
  ASSERT_EQ(hooks.handlers.size(), 4U);
  EXPECT_TRUE(hooks.warnings.empty());
  EXPECT_EQ(hooks.handlers[0].timeout, Millis(5'000));
  EXPECT_EQ(hooks.handlers[0].condition, "Bash(git *)");
  EXPECT_TRUE(hooks.handlers[0].denies_on_failure());
  EXPECT_EQ(hooks.handlers[1].timeout, Millis(600'000));
  EXPECT_EQ(hooks.handlers[1].args->size(), 2U);
  EXPECT_FALSE(hooks.handlers[1].denies_on_failure());
  EXPECT_TRUE(hooks.handlers[2].matcher.matches("")) << "prompts have no subject";
  EXPECT_EQ(hooks.handlers[2].timeout, Millis(30'000));
  EXPECT_FALSE(hooks.handlers[2].denies_on_failure());
  EXPECT_EQ(hooks.handlers[3].timeout, Millis(1'500));
  EXPECT_TRUE(hooks.handlers[3].background);
}

TEST(HookSettings, WhatIsNotRunIsNamed) {
  const HookSet hooks = read(R"j({
    "WorktreeCreate": [{"hooks": [{"type": "command", "command": "a"}]}],
    "__proto__": [{"hooks": []}],
    "Stop": [{"hooks": [{"type": "prompt", "prompt": "done?"}, {"type": "http", "url": "http://x"},
                        {"type": "agent", "prompt": "x"}, {"type": "mcp_tool", "server": "s"}, 7]}],
    "PreToolUse": [{"matcher": "^(?!Read)", "hooks": [{"command": "guard"}]}, {"matcher": 5}, "x",
                   {"hooks": [{"type": "command", "command": "  "}, {"type": "command"},
                              {"command": "x", "args": [1]}, {"command": "a\u0000b"}]}],
    "PostToolUse": {"hooks": []},
    "Notification": [{"hooks": [{"command": "n", "if": "Bash(x)"}]}],
    "SessionStart": [{"hooks": [{"command": "s", "timeout": -1}]}]})j");
  ASSERT_EQ(hooks.handlers.size(), 4U);
  EXPECT_EQ(hooks.handlers[0].shown(), "prompt: done?");
  EXPECT_EQ(hooks.handlers[1].shown(), "POST http://x");
  EXPECT_EQ(hooks.handlers[2].command, "guard");
  EXPECT_TRUE(hooks.handlers[2].matcher.matches("Read")) << "a matcher that is not understood";
  EXPECT_EQ(hooks.handlers[3].command, "s");
  const std::string all = text::join(hooks.warnings, "\n");
  for (const char* part : {"WorktreeCreate", "__proto__", "type agent", "type mcp_tool",
                           "no object", "look-around", "without a list", "args",
                           "expected a list of groups", "`if` counts", "timeout is no number"}) {
    EXPECT_TRUE(text::contains(all, part)) << part << " in\n" << all;
  }
  EXPECT_EQ(hooks.warnings.size(), 15U) << all;
}

TEST(HookSettings, OurOwnHostHookIsLeftOut) {
  const HookSet hooks = read(R"({"PreToolUse": [{"hooks": [
    {"command": "/usr/bin/oap-hook claude-code"}, {"command": "\"/opt/o/oap-hook\" claude-code"},
    {"command": "oap hook claude-code"}, {"command": "oap-hook x; rm -rf ."},
    {"command": "my-oap-hook x"}, {"command": "oap run x"}]}]})");
  ASSERT_EQ(hooks.handlers.size(), 3U);
  EXPECT_EQ(hooks.handlers[0].command, "oap-hook x; rm -rf .");
}

TEST(HookSettings, TooManyAreNamed) {
  std::string text = R"({"Stop": [{"hooks": [)";
  for (int i = 0; i < 700; ++i) {
    text += (i == 0 ? "" : ",") + std::string(R"({"command": "c)") + std::to_string(i) + "\"}";
  }
  const HookSet hooks = read(text + "]}]}");
  EXPECT_EQ(hooks.handlers.size(), 500U);
  EXPECT_EQ(hooks.warnings.size(), 1U);
}

TEST(HookTrust, TheDigestFollowsCommandAndScript) {
  const os::testing::TempDir dir;
  dir.write(".claude/hooks/check.sh", "exit 0");
  const auto digests = [&](std::string_view command, Owner owner = Owner::kProject) {
    HookFile file{"settings.json", owner, {}};
    json::Object handler{{"type", "command"}, {"command", command}};
    json::Object group{{"matcher", "Bash"}, {"hooks", json::Array{std::move(handler)}}};
    file.hooks["PreToolUse"] = json::Array{std::move(group)};
    return commands_of(read_hooks({file}), dir.path()).digests;
  };
  const char* const kCommand = R"("$CLAUDE_PROJECT_DIR"/.claude/hooks/check.sh --fast)";
  const auto before = digests(kCommand);
  ASSERT_EQ(before.size(), 1U);
  EXPECT_EQ(before, digests(kCommand));
  EXPECT_TRUE(before.begin()->first.starts_with("hook PreToolUse[Bash]: "));
  EXPECT_TRUE(digests(kCommand, Owner::kUser).empty()) << "a person's own need no trust";
  dir.write(".claude/hooks/check.sh", "curl evil");
  const auto after = digests(kCommand);
  EXPECT_EQ(before.begin()->first, after.begin()->first);
  EXPECT_NE(before.begin()->second, after.begin()->second);
  const auto other = digests("bash .claude/hooks/check.sh");
  dir.write(".claude/hooks/check.sh", "exit 1");
  EXPECT_NE(other, digests("bash .claude/hooks/check.sh"));
  dir.write("log.txt", "one");
  const auto logging = digests("cat >> log.txt");
  dir.write("log.txt", "two");
  EXPECT_EQ(logging, digests("cat >> log.txt")) << "what it writes is not what it runs";
  dir.write("tool", "#!/bin/sh\nexit 0");
  const auto tool = digests("./tool");
  dir.write("tool", "#!/bin/sh\nexit 1");
  EXPECT_NE(tool, digests("./tool"));
}

TEST(HookTrust, TheWholeCommandIsShown) {
  json::Object handler{{"type", "command"},
                       {"command", std::string(150, ' ') + "true; curl evil\x1b[2J"}};
  json::Object group{{"hooks", json::Array{std::move(handler)}}};
  HookFile file{"settings.json", Owner::kProject, {}};
  file.hooks["Stop"] = json::Array{std::move(group)};
  const auto commands = commands_of(read_hooks({file}), "/w").commands;
  ASSERT_EQ(commands.size(), 1U);
  EXPECT_TRUE(text::contains(commands.begin()->second, "curl evil")) << commands.begin()->second;
  EXPECT_FALSE(text::contains(commands.begin()->second, "\x1b"));
}

TEST(HookTrust, ManyLargeFilesAreNotAllRead) {
  const os::testing::TempDir dir;
  std::string command = "cat";
  for (int i = 0; i < 20; ++i) {
    const std::string name = "big" + std::to_string(i) + ".py";
    dir.write(name, std::string(3U << 20U, 'x'));
    command += " " + name;
  }
  json::Object group{
      {"hooks", json::Array{json::Object{{"type", "command"}, {"command", command}}}}};
  HookFile file{"settings.json", Owner::kProject, {}};
  file.hooks["Stop"] = json::Array{std::move(group)};
  const auto before = commands_of(read_hooks({file}), dir.path()).digests;
  EXPECT_EQ(before, commands_of(read_hooks({file}), dir.path()).digests);
  dir.write("big9.py", std::string(3U << 20U, 'y'));
  EXPECT_NE(before, commands_of(read_hooks({file}), dir.path()).digests);
}

}  // namespace
}  // namespace oap::programs
