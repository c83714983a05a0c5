#include "orchestration/hooks/sanity_check.hpp"

#include <fstream>

#include <gmock/gmock.h>

#include "async/runtime.hpp"
#include "base/log.hpp"
#include "orchestration/hooks/agent_ui.hpp"
#include "orchestration/hooks/resource_control.hpp"
#include "orchestration/hooks/skill_scope.hpp"
#include "text/strings.hpp"

namespace oap::orchestration {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// The text that a row's pieces make.
std::string assembled(std::string_view row) {
  std::string all;
  for (std::size_t at = row.find('"'); at != std::string_view::npos; at = row.find('"', at)) {
    std::string piece;
    for (++at; at < row.size() && row[at] != '"'; ++at) {
      if (row[at] == '\\' && at + 1 < row.size()) {
        ++at;
        piece += row[at] == 'n' ? '\n' : row[at];
      } else {
        piece += row[at];
      }
    }
    ++at;
    int times = 1;
    if (at < row.size() && row[at] == '*') {
      times = std::stoi(std::string(row.substr(at + 1)));
    }
    for (int i = 0; i < times; ++i) {
      all += piece;
    }
  }
  return all;
}

TEST(SanityCheck, Table) {
  std::ifstream file(OAP_SOURCE_DIR "/src/orchestration/cases/sanity.case");
  ASSERT_TRUE(file.is_open());
  std::string row;
  int sound = 0;
  int odd = 0;
  for (int number = 1; std::getline(file, row); ++number) {
    if (row.empty() || row.starts_with('#')) {
      continue;
    }
    const auto anomaly = find_anomaly(assembled(row));
    if (row.starts_with("sound ")) {
      ++sound;
      EXPECT_FALSE(anomaly) << "sanity.case:" << number << ": " << *anomaly;
    } else {
      ASSERT_TRUE(row.starts_with("odd ")) << "sanity.case:" << number;
      ++odd;
      EXPECT_TRUE(anomaly) << "sanity.case:" << number << ": " << row.substr(0, 80);
    }
  }
  EXPECT_GE(sound, 30);
  EXPECT_GE(odd, 20);
}

TEST(SanityCheck, IsIndifferentToTheSizeOfSoundText) {
  std::string text;
  for (int i = 0; i < 40'000; ++i) {
    text += "Row " + std::to_string(i * 7919 % 10007) + " holds the value " +
            std::to_string(i * 31 % 977) + (i % 3 == 0 ? " and is done.\n" : " and is open; ");
  }
  EXPECT_FALSE(find_anomaly(text));
  std::string tail = text;
  for (int i = 0; i < 300; ++i) {
    tail += "and again ";
  }
  EXPECT_TRUE(find_anomaly(tail));
}

class Hooked : public ::testing::Test {
 protected:
  hooks::DoneVerdict done(SanityCheckHook& hook, std::string text) {
    hooks::Context context;
    context.session_id = "ses_1";
    return *runtime_.run(hook.done(context, std::move(text)));
  }
  async::Runtime runtime_;
  FakeClock clock_;
  int count_ = 0;
  AnomalyCount counter_{[this](const std::string&) -> Result<int> { return ++count_; },
                        [this](const std::string&) -> Result<void> {
                          count_ = 0;
                          return {};
                        }};
};

TEST_F(Hooked, SanityTellsTwiceThenEndsTheTurn) {
  using Action = hooks::DoneVerdict::Action;
  SanityCheckHook hook(counter_, clock_);
  const std::string odd(800, 'a');
  EXPECT_EQ(done(hook, "fine").action, Action::kContinue);
  EXPECT_EQ(done(hook, odd).action, Action::kInject);
  EXPECT_THAT(done(hook, odd).prompts.at(0), HasSubstr("ANOMALY #2"));
  const hooks::DoneVerdict last = done(hook, odd);
  EXPECT_EQ(last.action, Action::kStop);
  EXPECT_TRUE(last.failed);
  EXPECT_EQ(done(hook, "fine").action, Action::kContinue);
  EXPECT_EQ(done(hook, odd).action, Action::kStop) << "within the cooldown";
  count_ = 0;
  clock_.advance(SanityCheckHook::kCooldown);
  EXPECT_EQ(done(hook, odd).action, Action::kInject);
}

TEST_F(Hooked, NoSessionIsNoFaultWhenNothingIsToBeReset) {
  counter_.reset = [](const std::string&) -> Result<void> {
    return fail(Code::kNotFound, "no session");
  };
  SanityCheckHook hook(counter_, clock_);
  const log::Level level = log::level();
  log::set_level(log::Level::kWarn);
  std::string told;
  log::set_redactor([&told](std::string_view text) { return std::string(told.append(text)); });
  EXPECT_EQ(done(hook, "fine").action, hooks::DoneVerdict::Action::kContinue);
  EXPECT_EQ(told, "");
  counter_.reset = [](const std::string&) -> Result<void> {
    return fail(Code::kUnavailable, "disk full");
  };
  SanityCheckHook broken(counter_, clock_);
  done(broken, "fine");
  log::set_redactor({});
  EXPECT_THAT(told, HasSubstr("disk full"));
  log::set_level(level);
}

ToolCall call_of(std::string tool, Origin origin = Origin::kAgent) {
  ToolCall call;
  call.server = kBuiltinServer;
  call.tool = std::move(tool);
  call.session_id = "ses_1";
  call.origin = origin;
  return call;
}

class Track : public Hooked {
 protected:
  std::string shortened(const std::string& text, const ToolCall& call) {
    ResourceTrackHook hook(control_, 100,
                           [this](const std::string& session, std::string_view whole) {
                             kept_ = whole;
                             return Result<std::string>(session + "/out_1");
                           });
    const ToolResult result = ToolResult::text(text);
    const hooks::Context context;
    auto verdict = runtime_.run(hook.after(context, call, result));
    return verdict->replacement ? verdict->replacement->joined_text() : std::string("unchanged");
  }
  ContextControl control_{{}, clock_};
  std::string kept_;
};

TEST_F(Track, CutsInTheMiddleAndKeepsTheRest) {
  const std::string text = "head" + std::string(1000, 'x') + "tail";
  EXPECT_THAT(shortened(text, call_of("bash")),
              AllOf(StartsWith("head"), EndsWith("tail"), HasSubstr("908 bytes left out"),
                    HasSubstr("read_output {\"handle\": \"ses_1/out_1\", \"offset\": 75}")));
  EXPECT_EQ(kept_, text);
  EXPECT_EQ(shortened("short", call_of("bash")), "unchanged");
  EXPECT_EQ(shortened(text, call_of("read_output")), "unchanged");
  EXPECT_EQ(shortened(text, call_of("bash", Origin::kMcpClient)), "unchanged");
}

TEST_F(Track, AsksForACompactionOnceAndThenCoolsDown) {
  ResourceCompactHook hook(control_);
  hooks::Context context;
  context.session_id = "ses_1";
  const auto asked = [&] {
    EXPECT_EQ(runtime_.run(hook.done(context, ""))->action, hooks::DoneVerdict::Action::kContinue);
    return control_.take_request("ses_1");
  };
  EXPECT_TRUE(hook.always_runs());
  EXPECT_FALSE(asked()) << "nothing is known";
  control_.reported("ses_1", 79'000, 100'000);
  EXPECT_FALSE(asked());
  control_.added("ses_1", 8'000);
  EXPECT_TRUE(asked());
  control_.compacted("ses_1");
  EXPECT_FALSE(asked());
  control_.reported("ses_1", 85'000, 100'000);
  EXPECT_FALSE(asked()) << "as full as before right after it: again would not help";
  control_.reported("ses_1", 106'000, 100'000);
  EXPECT_TRUE(asked());
  control_.compacted("ses_1");
  control_.reported("ses_1", 85'000, 100'000);
  clock_.advance(Millis{600'000});
  EXPECT_TRUE(asked());
}

TEST_F(Hooked, AgentUiMarksWhatWasDelegatedOnce) {
  std::string task;
  AgentUiHook hook([&](const std::string&, std::string named) { task = std::move(named); });
  ToolCall call = call_of("delegate_task");
  call.arguments = {{"agent", "worker"}, {"prompt", "Do [task-12] now"}, {"description", "parser"}};
  const hooks::Context context;
  const ToolResult plain = ToolResult::text("done");
  const auto once = runtime_.run(hook.after(context, call, plain));
  ASSERT_TRUE(once->replacement);
  EXPECT_EQ(once->replacement->joined_text(), "[W] [WORKER] parser\n\ndone");
  EXPECT_EQ(task, "TASK-12");
  const ToolResult marked = *once->replacement;
  EXPECT_FALSE(runtime_.run(hook.after(context, call, marked))->replacement);
  const ToolCall other = call_of("bash");
  EXPECT_FALSE(runtime_.run(hook.after(context, other, plain))->replacement);
  EXPECT_FALSE(task_named("[TASK-] [task-x] TASK-3"));
}

TEST_F(Hooked, ASkillsAllowedToolsNarrowUntilTheTurnEnds) {
  SkillScopes scopes;
  SkillUseHook used(scopes);
  SkillScopeGuard guard(scopes);
  SkillEndHook ended(scopes);
  const hooks::Context context{"ses_1", "", "", {}};
  const auto refused = [&](const ToolCall& call) {
    return runtime_.run(guard.before(context, call))->action ==
           hooks::BeforeVerdict::Action::kBlock;
  };
  ToolResult result = ToolResult::text("instructions");
  result.structured = json::Object{{"allowed_tools", json::Array{"Read", "Grep"}}};
  const ToolCall skill = call_of("skill");
  const ToolCall bash = call_of("bash");
  const ToolCall reads = call_of("read_file");
  EXPECT_FALSE(refused(bash));
  ASSERT_TRUE(runtime_.run(used.after(context, skill, result)));
  EXPECT_TRUE(refused(bash));
  EXPECT_FALSE(refused(reads));
  EXPECT_FALSE(refused(skill));
  ToolCall elsewhere = bash;
  elsewhere.session_id = "ses_2";
  EXPECT_FALSE(refused(elsewhere));
  ASSERT_TRUE(runtime_.run(ended.done(context, "")));
  EXPECT_FALSE(refused(bash));
}

TEST_F(Hooked, TurnsSideBySideAreNarrowedEachForItself) {
  SkillScopes scopes;
  SkillEndHook ended(scopes);
  const hooks::Context context{"ses_1", "", "", {}};
  ToolCall one = call_of("bash");
  ToolCall two = call_of("bash");
  one.id = "call_1";
  two.id = "call_2";
  const SideTurn first(&scopes, "ses_1", "turns_1");
  {
    const SideTurn second(&scopes, "ses_1", "turns_2");
    scopes.begin_call("call_1", "turns_1");
    scopes.begin_call("call_2", "turns_2");
    scopes.used(one, {{"Read"}, {}});
    EXPECT_THAT(scopes.refusal(one), HasSubstr("allowed-tools"));
    EXPECT_EQ(scopes.refusal(two), "");
    ASSERT_TRUE(runtime_.run(ended.done(context, "")));
    EXPECT_NE(scopes.refusal(one), "") << "the end of another turn is not its own";
    scopes.narrow("ses_1", {{}, {"bash"}});
    EXPECT_NE(scopes.refusal(two), "") << "what the session has counts for all";
    scopes.end_call("call_2");
  }
  ASSERT_TRUE(runtime_.run(ended.done(context, "")));
  EXPECT_NE(scopes.refusal(two), "") << "one is still at work";
}

TEST_F(Hooked, ADelegatedAgentIsNarrowedAsWhoDelegated) {
  SkillScopes scopes;
  scopes.narrow("ses_1", {{"Read", "Bash(git log:*)"}, {}});
  const std::vector<SkillLists> handed = scopes.in_force("ses_1");
  scopes.impose("ses_child", skill_lists_from(json::Value(to_json(handed))));
  ToolCall call = call_of("bash");
  call.arguments = {{"command", "rm -rf x"}};
  call.session_id = "ses_child";
  EXPECT_THAT(scopes.refusal(call), HasSubstr("where this was delegated"));
  scopes.ended("ses_1");
  scopes.ended("ses_child");
  EXPECT_NE(scopes.refusal(call), "") << "as long as it works";
  scopes.used(call, {{"Bash"}, {}});
  EXPECT_NE(scopes.refusal(call), "") << "a skill of its own gives nothing back";
  EXPECT_EQ(scopes.in_force("ses_child").size(), 2U) << "and its own children have both";
  scopes.release("ses_child");
  EXPECT_EQ(scopes.refusal(call), "");
}

}  // namespace
}  // namespace oap::orchestration
