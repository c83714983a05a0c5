#include "platform/hook_programs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "os/testing/temp_dir.hpp"

namespace oap::platform {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kTheirs = R"({
  "hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "command", "command": "a"}]},
                           {"matcher": "Edit", "hooks": [{"type": "command", "command": "b"}]}],
            "Foo": [{"hooks": []}],
            "Stop": [{"hooks": [{"type": "mcp_tool"}]}]},
  "env": {"PATH": "x", "A": "1", "B": "2"}})";

class HookCommands : public testing::Test {
 protected:
  programs::HookSet read() {
    config::Paths paths;
    paths.workspace = dir_ / "w";
    paths.user_dir = dir_ / "user";
    paths.project_dir = dir_ / "w/.opencode";
    programs::HookSet hooks;
    commands_ = hook_commands(paths, true, hooks);
    EXPECT_THAT(commands_.problems, IsEmpty());
    return hooks;
  }

  os::testing::TempDir dir_;
  config::ForeignCommands commands_;
};

TEST_F(HookCommands, WhatAnImportTookOverIsThereOnce) {
  dir_.write("w/.claude/settings.json", kTheirs);
  const programs::HookSet before = read();
  const auto digests = commands_.digests;
  dir_.write("w/.opencode/hooks/claude-code.json", kTheirs);
  const programs::HookSet after = read();
  EXPECT_THAT(before.handlers, SizeIs(2));
  EXPECT_THAT(after.handlers, SizeIs(2));
  EXPECT_THAT(before.warnings, SizeIs(3));
  EXPECT_THAT(after.warnings, SizeIs(3));
  EXPECT_THAT(after.warnings, testing::Each(HasSubstr("hooks/claude-code.json")));
  EXPECT_EQ(after.environment(), before.environment());
  EXPECT_THAT(after.env, SizeIs(2));
  EXPECT_EQ(commands_.digests, digests);
}

TEST_F(HookCommands, WhatIsNewInPlaceCountsStill) {
  dir_.write("w/.opencode/hooks/claude-code.json", kTheirs);
  dir_.write("w/.claude/settings.json", R"({
    "hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "command", "command": "a"}]},
                             {"matcher": "Edit", "hooks": [{"type": "command", "command": "c"}]}],
              "Stop": "wrong"},
    "env": {"A": "other", "B": "2"}})");
  dir_.write("w/.claude/settings.local.json", R"({"env": {"A": "1", "B": "3"}})");
  const programs::HookSet hooks = read();
  std::vector<std::string> commands;
  for (const programs::Handler& handler : hooks.handlers) {
    commands.push_back(handler.command);
  }
  EXPECT_THAT(commands, ElementsAre("a", "b", "c"));
  EXPECT_THAT(hooks.warnings, Contains(HasSubstr(".claude/settings.json: hooks.Stop")));
  const std::map<std::string, std::string> env{{"A", "1"}, {"B", "3"}};
  EXPECT_EQ(hooks.environment(), env);
}

TEST_F(HookCommands, APersonsOwnHookIsNoReasonToLeaveOutTheProjects) {
  dir_.write("user/hooks/mine.json", kTheirs);
  dir_.write("w/.claude/settings.json", kTheirs);
  EXPECT_THAT(read().handlers, SizeIs(4));
}

}  // namespace
}  // namespace oap::platform
