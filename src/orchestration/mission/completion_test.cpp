#include "orchestration/mission/completion.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oap::orchestration {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Evidence ran(std::string command, int exit_code, std::string tree, bool is_command = true) {
  Evidence evidence;
  evidence.id = "call_1";
  evidence.agent = "worker";
  evidence.tool = is_command ? "bash" : "read_file";
  evidence.command = std::move(command);
  evidence.is_command = is_command;
  evidence.exit_code = exit_code;
  evidence.tree = std::move(tree);
  return evidence;
}

CompletionInput sound() {
  CompletionInput input;
  input.todo = "- [x] T1: a\n- [~] T2: b\n";
  input.evidence = {ran("pytest -q", 0, "tree2")};
  input.tree = "tree2";
  input.tree_at_start = "tree1";
  return input;
}

TEST(Completion, AllAgreeing) {
  const CompletionVerdict verdict = judge_completion(sound());
  EXPECT_TRUE(verdict.complete) << verdict.open.front();
  EXPECT_THAT(verdict.notes, ElementsAre(HasSubstr("T2 'b' was cancelled")));
}

TEST(Completion, WhatStandsAgainstItIsNamed) {
  const auto with = [](auto change) {
    CompletionInput input = sound();
    change(input);
    return judge_completion(input).open;
  };
  EXPECT_THAT(with([](auto& in) { in.todo.reset(); }), ElementsAre(HasSubstr("no plan")));
  EXPECT_THAT(with([](auto& in) { in.todo = "# Mission: x\n"; }),
              ElementsAre(HasSubstr("no item")));
  EXPECT_THAT(with([](auto& in) { in.todo = "- [x] a\n- [-] T2: b\n"; }),
              ElementsAre(HasSubstr("line 2: T2 'b' is failed")));
  EXPECT_THAT(with([](auto& in) { in.todo = "- [x] a\n- [?] b\n"; }),
              ElementsAre(HasSubstr("unknown mark"), HasSubstr("'b' is open")));
  EXPECT_THAT(with([](auto& in) { in.checklist = ""; }), ElementsAre(HasSubstr("no item")));
  EXPECT_THAT(with([](auto& in) { in.checklist = "- [ ] C1: x | check: make test\n"; }),
              ElementsAre(HasSubstr("C1 'x' is not ticked; run `make test`")));
  EXPECT_THAT(with([](auto& in) { in.sync_issues = "## SYNC-1: differ\n"; }),
              ElementsAre(HasSubstr("'SYNC-1: differ' is open")));
  EXPECT_THAT(with([](auto& in) { in.children = {"task_1 (worker)"}; }),
              ElementsAre(HasSubstr("task_1 (worker) has not ended")));
  EXPECT_THAT(with([](auto& in) { in.unreadable = {"todo.md is a link"}; }),
              ElementsAre("todo.md is a link"));
  EXPECT_THAT(with([](auto& in) { in.tree = ""; }), ElementsAre(HasSubstr("could not be taken")));
}

TEST(Completion, NamesTheFileOfThePlanThatItLookedAt) {
  CompletionInput input = sound();
  input.todo_path = ".opencode/missions/mis_1/todo.md";
  input.todo.reset();
  EXPECT_THAT(judge_completion(input).open,
              ElementsAre("there is no plan: .opencode/missions/mis_1/todo.md is missing"));
  input.todo = "# Mission: x\n";
  EXPECT_THAT(judge_completion(input).open,
              ElementsAre("the plan in .opencode/missions/mis_1/todo.md has no item"));
}

TEST(Completion, EvidenceOlderThanTheLastEditDoesNotCount) {
  CompletionInput input = sound();
  input.tree = "tree3";
  input.changed = {"src/a.py", "src/b.py"};
  EXPECT_THAT(judge_completion(input).open,
              ElementsAre(HasSubstr("older than the last edit (src/a.py, src/b.py)")));
}

TEST(Completion, ChangesWithoutAnyPassingCommandAreNoEnd) {
  CompletionInput input = sound();
  input.evidence.clear();
  EXPECT_THAT(judge_completion(input).open, ElementsAre(HasSubstr("no command has shown")));
  for (const char* nothing : {"true", ":", "echo ok", "cd x && true", "pytest || true",
                              "pytest; echo done", "pytest | echo", "exit 0", "", "sleep 1"}) {
    input.evidence = {ran(nothing, 0, "tree2")};
    EXPECT_FALSE(judge_completion(input).complete) << nothing;
  }
  for (const char* something : {"pytest -q", "./run", "pytest && echo ok", "test -f x", "ls src"}) {
    input.evidence = {ran(something, 0, "tree2")};
    EXPECT_TRUE(judge_completion(input).complete) << something;
  }
  input.evidence = {ran("README.md", 0, "tree2", false)};
  EXPECT_FALSE(judge_completion(input).complete);
}

TEST(Completion, WhereNothingChangedAnyCallThatSucceededCounts) {
  CompletionInput input = sound();
  input.tree = input.tree_at_start;
  EXPECT_FALSE(judge_completion(input).complete);
  input.evidence = {ran("README.md", 1, "tree1", false)};
  EXPECT_FALSE(judge_completion(input).complete);
  input.evidence = {ran("README.md", 0, "tree1", false)};
  EXPECT_TRUE(judge_completion(input).complete);
  input.evidence = {ran("true", 0, "tree1")};
  EXPECT_TRUE(judge_completion(input).complete);
}

TEST(Completion, TheLastVerificationMustNotHaveFailed) {
  CompletionInput input = sound();
  input.evidence = {ran("pytest -q", 0, "tree2"), ran("grep -c x y", 1, "tree2")};
  EXPECT_TRUE(judge_completion(input).complete);
  input.evidence.push_back(ran("ctest --preset dev", 8, "tree2"));
  EXPECT_THAT(
      judge_completion(input).open,
      ElementsAre(HasSubstr("`ctest --preset dev` by the worker, failed with exit code 8")));
  input.evidence.push_back(ran("pytest -q || true", 0, "tree2"));
  input.evidence.push_back(ran("true # pytest", 0, "tree2"));
  EXPECT_FALSE(judge_completion(input).complete);
  input.evidence.push_back(ran("pytest -q", 0, "tree2"));
  EXPECT_TRUE(judge_completion(input).complete);
}

TEST(Completion, ACheckMustHavePassedOnThisTree) {
  CompletionInput input = sound();
  input.todo = "- [x] T1: a | check: `make lint`\n";
  EXPECT_THAT(judge_completion(input).open, ElementsAre(HasSubstr("has not been run")));
  input.evidence.push_back(ran("make lint", 0, "tree1"));
  EXPECT_THAT(judge_completion(input).open, ElementsAre(HasSubstr("before the last edit")));
  input.evidence.push_back(ran("make lint", 2, "tree2"));
  EXPECT_FALSE(judge_completion(input).complete);
  input.evidence.push_back(ran("make lint", 0, "tree2"));
  EXPECT_TRUE(judge_completion(input).complete);
}

TEST(Completion, TheFingerprintIsOfTheOpenWorkAndTheTree) {
  const CompletionVerdict before = judge_completion(sound());
  CompletionInput more = sound();
  more.evidence.push_back(ran("true", 0, "tree2"));
  EXPECT_EQ(judge_completion(more).fingerprint, before.fingerprint);
  more.tree = "tree9";
  EXPECT_NE(judge_completion(more).fingerprint, before.fingerprint);
  more = sound();
  more.todo = "- [/] T1: a\n";
  EXPECT_NE(judge_completion(more).fingerprint, before.fingerprint);
}

TEST(Completion, OnlyBlockedIsToldApart) {
  CompletionInput input = sound();
  input.todo = "- [x] a\n- [!] b\n";
  EXPECT_TRUE(judge_completion(input).only_blocked);
  input.todo = "- [ ] a\n- [!] b\n";
  EXPECT_FALSE(judge_completion(input).only_blocked);
  input.todo = "- [-] a\n- [!] b\n";
  EXPECT_FALSE(judge_completion(input).only_blocked);
}

}  // namespace
}  // namespace oap::orchestration
