#include "orchestration/mission/evidence.hpp"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "orchestration/mission/workspace_tree.hpp"
#include "os/testing/temp_dir.hpp"

namespace oap::orchestration {
namespace {

using ::testing::ElementsAre;

ToolCall call_of(std::string tool, json::Object arguments) {
  ToolCall call;
  call.id = "call_1";
  call.server = kBuiltinServer;
  call.tool = std::move(tool);
  call.arguments = std::move(arguments);
  call.principal.role = "reviewer";
  return call;
}

TEST(Evidence, IsWhatTheRuntimeSaw) {
  ToolOutcome outcome;
  outcome.result = ToolResult::text("2 failed", true);
  outcome.result->structured = json::Object{{"exit_code", 3}};
  outcome.duration = Millis(12);
  const auto seen = evidence_of(call_of("bash", {{"command", " pytest -q "}}), outcome, WallTime());
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->command, "pytest -q");
  EXPECT_EQ(seen->exit_code, 3);
  EXPECT_EQ(seen->agent, "reviewer");
  const auto again = evidence_from_json(json::Value(to_json(*seen)));
  ASSERT_TRUE(again);
  EXPECT_EQ(json::Value(to_json(*again)), json::Value(to_json(*seen)));
  EXPECT_FALSE(evidence_from_json(json::Value(json::Object{{"tool", "bash"}})));
}

TEST(Evidence, WhatDidNotRunIsNone) {
  ToolOutcome denied;
  denied.denial = Denial{};
  EXPECT_FALSE(evidence_of(call_of("bash", {{"command", "ls"}}), denied, WallTime()));
  ToolOutcome failed;
  failed.error = Error(Code::kUnavailable, "gone");
  EXPECT_FALSE(evidence_of(call_of("bash", {{"command", "ls"}}), failed, WallTime()));
  ToolOutcome ok;
  ok.result = ToolResult::text("written");
  EXPECT_FALSE(evidence_of(call_of("write_file", {{"path", "a"}}), ok, WallTime()));
  EXPECT_FALSE(evidence_of(call_of("todo", {{"action", "list"}}), ok, WallTime()));
  ToolCall foreign = call_of("bash", {{"command", "ls"}});
  foreign.server = "evil";
  EXPECT_FALSE(evidence_of(foreign, ok, WallTime()));
  EXPECT_FALSE(evidence_of(call_of("read_file", {{"path", "a"}}), ok, WallTime())->is_command);
}

TEST(Evidence, VerificationByItsName) {
  for (const char* yes :
       {"pytest -q", "npm run test", "cargo clippy", "ninja -C b", "make check",
        "python -m unittest", "go test ./...", "npx tsc --noEmit", "./check",
        "scripts/run_tests.sh --all", "python3 tests/test_a.py", "npm run test:unit",
        "cd src && make", "timeout 60 bash -c 'pytest -q'", "uv run pytest"}) {
    EXPECT_TRUE(is_verification(yes)) << yes;
  }
  for (const char* no :
       {"grep -c x y", "ls", "cat latest.txt", "git status", "contest", "grep -rn test src",
        "test -f x", "[ -e build ]", "cat tests/a.txt", "ls build", "npm install", "cargo add x",
        "python3 app.py", "git checkout main"}) {
    EXPECT_FALSE(is_verification(no)) << no;
  }
}

class Tree : public testing::Test {
 protected:
  std::string hash() { return tree_.take().value().hash; }
  os::testing::TempDir dir_;
  WorkspaceTree tree_{dir_.path()};
};

TEST_F(Tree, ChangesWithEachEditAndOnlyThen) {
  dir_.write("src/a.py", "one");
  const std::string first = hash();
  EXPECT_EQ(hash(), first);
  dir_.write("src/a.py", "two");  // same size, same instant
  const std::string second = hash();
  EXPECT_NE(second, first);
  dir_.write("src/a.py", "one");
  EXPECT_EQ(hash(), first);
  dir_.write("src/b.py", "");
  EXPECT_NE(hash(), first);
  std::filesystem::remove(dir_ / "src/b.py");
  EXPECT_EQ(hash(), first);
  std::filesystem::create_symlink("a.py", dir_ / "src/c.py");
  EXPECT_NE(hash(), first);
}

TEST_F(Tree, WhatProgramsLeaveBehindDoesNotCount) {
  dir_.write("a.py", "one");
  dir_.write(".gitignore", "build/\n*.log\n!keep.log\n/only-here\n# no\nweird{a}\n");
  const std::string first = hash();
  for (const char* name :
       {"build/x.o", "run.log", "deep/run.log", "only-here", ".opencode/todo.md", ".git/HEAD",
        "node_modules/x/i.js", "__pycache__/a.pyc", "a.pyc", "weird{a}", "deep/build/y"}) {
    dir_.write(name, "made");
    EXPECT_EQ(hash(), first) << name;
  }
  for (const char* name : {"keep.log", "deep/only-here", "builds", "b.py"}) {
    dir_.write(name, "made");
    EXPECT_NE(hash(), first) << name;
    std::filesystem::remove(dir_ / name);
  }
}

TEST_F(Tree, ALaterRuleHidesNoProgramAndNothingThatCounted) {
  dir_.write("notes.txt", "one");
  dir_.write("src/a.py", "one");
  hash();
  dir_.write(".gitignore", "*\n");
  const std::string before = hash();
  for (const char* name : {"notes.txt", "src/a.py", "src/new.py", "test_new.py", "Makefile"}) {
    dir_.write(name, "changed");
    EXPECT_NE(hash(), before) << name;
    dir_.write(name, "one");
  }
  dir_.write(".gitignore", "build/\n*.log\ntarget\n");
  const std::string ruled = hash();
  for (const char* name : {"build/made.c", "run.log", "target/debug/gen.rs"}) {
    dir_.write(name, "made");
    EXPECT_EQ(hash(), ruled) << name;
  }
}

TEST(ProgramText, ByName) {
  for (const char* yes : {"a.py", "src/x.CPP", "Makefile", "CMakeLists.txt", "deep/run.sh"}) {
    EXPECT_TRUE(is_program_text(yes)) << yes;
  }
  for (const char* no : {"README.md", "notes.txt", "data.json", "py", "a.pyc", "pictures/a.png"}) {
    EXPECT_FALSE(is_program_text(no)) << no;
  }
}

TEST_F(Tree, ChangedFilesAreNamed) {
  dir_.write("a", "1");
  dir_.write("b", "1");
  const TreeSnapshot before = tree_.take().value();
  dir_.write("a", "2");
  dir_.write("c", "1");
  std::filesystem::remove(dir_ / "b");
  EXPECT_THAT(changed_files(before, tree_.take().value(), 9), ElementsAre("a", "b", "c"));
  EXPECT_THAT(changed_files(before, tree_.take().value(), 1), ElementsAre("a"));
}

TEST(WorkspaceTreeAway, IsAnError) { EXPECT_FALSE(WorkspaceTree("/nonexistent/x").take()); }

}  // namespace
}  // namespace oap::orchestration
