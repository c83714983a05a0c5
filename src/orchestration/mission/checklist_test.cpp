#include "orchestration/mission/checklist.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "orchestration/mission/seal.hpp"

namespace oap::orchestration {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Checklist, ReadsItemsWithTheirCategory) {
  const Checklist list = parse_checklist(
      "# Verification\n## Unit tests\n- [x] **UT-1**: parser | check: ctest -R parser\n"
      "## Build\n- [ ] builds\n## End-to-end\n* [ ] runs\n## Docker image\n1. [ ] starts\n"
      "## Else\n- [~] not needed\n```\n- [ ] example\n```\n");
  ASSERT_THAT(list.items, SizeIs(5));
  EXPECT_THAT(list.problems, IsEmpty());
  EXPECT_EQ(list.items[0].id, "UT-1");
  EXPECT_EQ(list.items[0].check, "ctest -R parser");
  EXPECT_TRUE(list.items[0].done);
  EXPECT_EQ(list.items[0].category, "unit");
  EXPECT_EQ(list.items[1].category, "build");
  EXPECT_EQ(list.items[2].category, "integration");
  EXPECT_EQ(list.items[3].category, "infrastructure");
  EXPECT_EQ(list.items[4].category, "custom");
  EXPECT_TRUE(list.items[4].cancelled);
}

TEST(Checklist, AnEmptyOneChecksNothingAndIsAProblem) {
  EXPECT_THAT(parse_checklist("").problems, SizeIs(1));
  EXPECT_THAT(parse_checklist("# Verification\nwords\n").problems, SizeIs(1));
}

TEST(SyncIssues, AnIssueIsOneHoweverLongItIs) {
  const SyncIssues issues = parse_sync_issues(
      "# Sync Issues\n\n## SYNC-1: Types differ\nSeverity: high\nFiles: a ↔ b\nProblem: x\n"
      "Fix: y\nStatus: open\n\n## SYNC-2: Old\n**Status**: resolved\n### Notes\n- [ ] inside\n");
  ASSERT_THAT(issues.open, SizeIs(1));
  EXPECT_EQ(issues.open[0].id, "SYNC-1");
  EXPECT_EQ(issues.open[0].line, 3U);
}

TEST(SyncIssues, CleanFilesAreClean) {
  for (const char* text :
       {"", "# Sync Issues\n", "# Sync Issues\n\nNo open issues.\n", "All clear!\n", "---\n",
        "Clean\n", "*No issues*\n", "- [x] SYNC-1: done\n", "- SYNC-1: x | status: resolved\n",
        "```\n- an example\n```\n", "<!-- - note -->\n", "None\n", "| a | b |\n|---|---|\n"}) {
    EXPECT_THAT(parse_sync_issues(text).open, IsEmpty()) << text;
  }
}

TEST(SyncIssues, EverythingElseIsOpen) {
  EXPECT_THAT(parse_sync_issues("- [ ] SYNC-1: x\n  with more\n- y\n").open, SizeIs(2));
  EXPECT_THAT(parse_sync_issues("The types of a and b\ndiffer.\n\nAnd another.\n").open, SizeIs(2));
  EXPECT_THAT(parse_sync_issues("## SYNC-7 no colon\ntext\n").open, SizeIs(1));
  EXPECT_THAT(parse_sync_issues("No issues were fixed yet, three are open\n").open, IsEmpty());
  EXPECT_THAT(parse_sync_issues("Nonetheless it fails\n").open, SizeIs(1));
  EXPECT_THAT(parse_sync_issues("```\nnever closed\n").problems, SizeIs(1));
}

TEST(Seal, OnALineOfItsOwnInProseOnly) {
  EXPECT_TRUE(has_seal("All done.\n<mission_seal>SEALED</mission_seal>"));
  EXPECT_TRUE(has_seal("<mission_seal> sealed </mission_seal>\r\n"));
  EXPECT_TRUE(has_seal("```\ncode\n```\n  <mission_seal>SEALED</mission_seal>  \nbye"));
  for (const char* text :
       {"", "I will output <mission_seal>SEALED</mission_seal> when done.",
        "`<mission_seal>SEALED</mission_seal>`", "> <mission_seal>SEALED</mission_seal>",
        "```\n<mission_seal>SEALED</mission_seal>\n```", "~~~\n<mission_seal>SEALED</mission_seal>",
        "    <mission_seal>SEALED</mission_seal>", "\t<mission_seal>SEALED</mission_seal>",
        "\"<mission_seal>SEALED</mission_seal>\"", "<mission_seal>NOT SEALED</mission_seal>",
        "<mission_seal></mission_seal>", "<mission_seal>SEALED", "SEALED",
        "<!-- \n<mission_seal>SEALED</mission_seal>\n-->", "- <mission_seal>SEALED</mission_seal>",
        "<mission_seal>SEALED</mission_seal>.", "**<mission_seal>SEALED</mission_seal>**"}) {
    EXPECT_FALSE(has_seal(text)) << text;
  }
}

TEST(Seal, AQuestionIsTheLastLineOfProse) {
  EXPECT_EQ(closing_question("Done.\n\nShould I go on?\n"), "Should I go on?");
  EXPECT_EQ(closing_question("**Shall I?**"), "**Shall I?**");
  EXPECT_EQ(closing_question("続けますか？"), "続けますか？");
  EXPECT_EQ(closing_question("Why? Because.\n"), "");
  EXPECT_EQ(closing_question("```\nwhat?\n```\nDone."), "");
  EXPECT_EQ(closing_question("> quoted?\n"), "");
  EXPECT_EQ(closing_question(""), "");
}

}  // namespace
}  // namespace oap::orchestration
