#include "orchestration/mission/todo.hpp"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace oap::orchestration {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kPlan = R"(# Mission: Ship the parser

Some words about it. HTTP status: failed is prose.

## M1: Parser | status: in_progress

### T1.1: Lexer | agent:Worker
- [x] S1.1.1: Read one token | size:S | file:lexer.cpp
- [ ] S1.1.2: Read numbers | size:M | depends:S1.1.1
  - [/] **numbers-hex**: Hex ones | check: ctest -R hex | note: half way

### T1.2: Docs
1. [ ] S1.2.1: Write the guide | depends: S1.1.2
+ [!] S1.2.2: Ask the vendor
* [~] S1.2.3: Old way
- [-] S1.2.4: Fast path

```
- [ ] not an item
```
| Action | Path |
|--------|------|
| [ ]    | x    |
> - [ ] quoted
)";

std::vector<std::string> problem_texts(std::string_view text) {
  std::vector<std::string> out;
  const TodoDocument document = TodoDocument::parse(text);
  for (const FileProblem& problem : document.problems()) {
    out.push_back(fmt::format("{}: {}", problem.line, problem.text));
  }
  return out;
}

TEST(Todo, ReadsTheHierarchyWithItsStates) {
  const TodoDocument plan = TodoDocument::parse(kPlan);
  EXPECT_THAT(problem_texts(kPlan), IsEmpty());
  EXPECT_EQ(plan.goal(), "Ship the parser");
  const TodoCounts counts = plan.counts();
  EXPECT_EQ(counts.total, 6U);
  EXPECT_EQ(counts.open, 2U);
  EXPECT_EQ(counts.done, 1U);
  EXPECT_EQ(counts.blocked, 1U);
  EXPECT_EQ(counts.failed, 1U);
  EXPECT_EQ(counts.cancelled, 1U);
  const TodoItem* const hex = plan.find("numbers-hex").value();
  EXPECT_EQ(hex->state, ItemState::kInProgress);
  EXPECT_EQ(hex->meta("check"), "ctest -R hex");
  EXPECT_EQ(plan.items()[*hex->parent].id, "S1.1.2");
  EXPECT_EQ(plan.find("T1.1").value()->meta("agent"), "Worker");
  EXPECT_EQ(plan.find("S1.2.1").value()->depends().front(), "S1.1.2");
  EXPECT_EQ(plan.find("M1").value()->effective, ItemState::kFailed);
  ASSERT_THAT(plan.ready(), SizeIs(1));
  EXPECT_EQ(plan.ready().front()->id, "numbers-hex");
}

TEST(Todo, TheOtherSchemesAreReadToo) {
  const TodoDocument plan = TodoDocument::parse(
      "## G1: Goal | status: pending\n### P1.1: Part | agent:Worker | depends:P1.2\n"
      "- [ ] T1.1.1: text | size:S\n### P1.2: Other\n- [ ] `login-form`: x\n- [ ] plain words\n");
  EXPECT_THAT(plan.problems(), IsEmpty());
  EXPECT_EQ(plan.counts().total, 3U);
  EXPECT_EQ(plan.ready().size(), 2U);
  EXPECT_TRUE(plan.find("login-form"));
  EXPECT_TRUE(plan.find("plain words"));
}

// The defects of the programs before: each was a way for open work to be invisible, or for prose to
// block for ever.
TEST(Todo, EveryKindOfOpenItemCounts) {
  for (const char* line :
       {"- [ ] a", "* [ ] a", "+ [ ] a", "1. [ ] a", "2) [ ] a", "  - [ ] a", "\t- [ ] a",
        "- [/] a", "- [-] a", "- [!] a", "- [?] a", "- [ ] a | status: failed", "## M1: a",
        "## M1: a | status: pending", "- T1: a | status: pending", "- [ ] a | status: nonsense",
        "- [ ] a | status: done"}) {
    const TodoDocument plan = TodoDocument::parse(std::string(line) + "\n");
    EXPECT_EQ(plan.counts().total, 1U) << line;
    EXPECT_EQ(plan.counts().closed(), 0U) << line;
  }
}

TEST(Todo, WhatIsNoItemDoesNotCount) {
  for (const char* text :
       {"HTTP status: failed\n", "```\n- [ ] a\n```\n", "~~~ text\n- [ ] a\n~~~\n",
        "````\n```\n- [ ] a\n````\n", "<!--\n- [ ] a\n-->\n", "<!-- - [ ] a -->\n", "> - [ ] a\n",
        "| - [ ] a |\n", "- [link](x)\n", "- [x](http://x)\n", "- plain\n",
        "- plain | status: done\n", "Text [ ] in it\n", "---\n", "# Mission: x\n", "##no heading\n",
        "- \n", "\n\n", ""}) {
    const TodoDocument plan = TodoDocument::parse(text);
    EXPECT_EQ(plan.counts().total, 0U) << text;
    EXPECT_THAT(problem_texts(text), IsEmpty()) << text;
  }
}

TEST(Todo, StatusCancelledAndFailedAreSeen) {
  EXPECT_EQ(TodoDocument::parse("- [ ] a | status: cancelled\n").counts().cancelled, 1U);
  EXPECT_EQ(TodoDocument::parse("- [ ] a | status: failed\n").counts().failed, 1U);
  EXPECT_EQ(TodoDocument::parse("- [ ] a | status: blocked\n").counts().blocked, 1U);
}

TEST(Todo, EveryProblemIsNamedWithItsLine) {
  EXPECT_THAT(problem_texts("- [?] a\n"), ElementsAre(HasSubstr("1: unknown mark '[?]'")));
  EXPECT_THAT(problem_texts("- [] a\n"), ElementsAre(HasSubstr("nearly a mark")));
  EXPECT_THAT(problem_texts("- [ x] a\n"), ElementsAre(HasSubstr("nearly a mark")));
  EXPECT_THAT(problem_texts("- [x]a\n"), ElementsAre(HasSubstr("nearly a mark")));
  EXPECT_THAT(problem_texts("\n[ ] a\n"), ElementsAre(HasSubstr("2: a mark without")));
  EXPECT_THAT(problem_texts("- [x] T1: a\n\n- [ ] T1: b\n"),
              ElementsAre(HasSubstr("3: the id T1 is on line 1 already")));
  EXPECT_THAT(problem_texts("- [ ] T1: a | depends: T9\n"),
              ElementsAre(HasSubstr("depends on T9, which is not here")));
  EXPECT_THAT(problem_texts("- [ ] T1: a | depends: T2\n- [ ] T2: b | depends:T1\n"),
              ElementsAre(HasSubstr("depends on itself")));
  EXPECT_THAT(problem_texts("- [ ] T1: a | depends: T1\n"),
              ElementsAre(HasSubstr("depends on itself")));
  EXPECT_THAT(problem_texts("- [ ] a | size: huge\n"), ElementsAre(HasSubstr("unknown size")));
  EXPECT_THAT(problem_texts("- [ ] a | status: odd\n"), ElementsAre(HasSubstr("unknown status")));
  EXPECT_THAT(problem_texts("- [x] a | status: failed\n"),
              ElementsAre(HasSubstr("the mark says done, but status says failed")));
  EXPECT_THAT(problem_texts("- [x] T1: a\n  - [ ] S1: b\n"),
              ElementsAre(HasSubstr("T1 is marked done, but S1 (line 2)")));
  EXPECT_THAT(problem_texts("- [ ] \n"), ElementsAre(HasSubstr("without a text")));
  EXPECT_THAT(problem_texts("a\n```\n- [ ] hidden\n"),
              ElementsAre(HasSubstr("2: this code fence is never closed")));
  EXPECT_THAT(problem_texts("<!-- \n- [ ] hidden\n"),
              ElementsAre(HasSubstr("1: this comment is never closed")));
}

TEST(Todo, ACancelledBranchClosesWhatIsOpenInIt) {
  const TodoDocument plan = TodoDocument::parse("- [~] T1: a\n  - [ ] S1: b\n  - [x] S2: c\n");
  EXPECT_EQ(plan.counts().cancelled, 1U);
  EXPECT_EQ(plan.counts().done, 1U);
  EXPECT_THAT(plan.problems(), IsEmpty());
}

TEST(Todo, AnEditChangesItsOwnBytesOnly) {
  TodoDocument plan = TodoDocument::parse(kPlan);
  ASSERT_TRUE(plan.set_state("numbers-hex", ItemState::kDone));
  std::string expected(kPlan);
  expected.replace(expected.find("- [/] **numbers"), 5, "- [x]");
  expected.replace(expected.find("- [ ] S1.1.2"), 5, "- [x]");  // its last open item was closed
  EXPECT_EQ(plan.text(), expected);
  ASSERT_TRUE(plan.set_metadata("numbers-hex", "evidence", "call_1"));
  EXPECT_THAT(plan.text(), HasSubstr("| note: half way | evidence: call_1\n"));
  ASSERT_TRUE(plan.set_metadata("numbers-hex", "note", ""));
  EXPECT_THAT(plan.text(), HasSubstr("| check: ctest -R hex | evidence: call_1\n"));
  ASSERT_TRUE(plan.set_metadata("numbers-hex", "evidence", "call_2"));
  EXPECT_THAT(plan.text(), HasSubstr("| evidence: call_2\n"));
  ASSERT_TRUE(plan.set_text("S1.2.1", "Write two guides"));
  EXPECT_THAT(plan.text(), HasSubstr("1. [ ] S1.2.1: Write two guides | depends: S1.1.2\n"));
  ASSERT_TRUE(plan.set_state("numbers-hex", ItemState::kOpen));
  EXPECT_THAT(plan.text(), HasSubstr("- [ ] S1.1.2: Read numbers"));
}

TEST(Todo, EditsAreRefusedWithAReason) {
  TodoDocument plan = TodoDocument::parse("- [ ] T1: a\n  - [ ] S1: b\n- [ ] same\n- [ ] same\n");
  EXPECT_THAT(plan.set_state("T1", ItemState::kDone).error().message(), HasSubstr("S1 (line 2)"));
  EXPECT_EQ(plan.set_state("T7", ItemState::kDone).error().code(), Code::kNotFound);
  EXPECT_THAT(plan.find("same").error().message(), HasSubstr("line 3 and on line 4"));
  EXPECT_EQ(plan.find("").error().code(), Code::kNotFound);
  EXPECT_FALSE(plan.set_metadata("T1", "note", "two\nlines"));
  EXPECT_FALSE(plan.set_metadata("T1", "note", "a | b: c"));
  EXPECT_FALSE(plan.set_metadata("T1", "bad key", "a"));
  EXPECT_FALSE(plan.add({"T1", "S1", "again", {}}));
  EXPECT_FALSE(plan.add({"T9", "", "no parent", {}}));
  EXPECT_FALSE(plan.add({"", "", "  ", {}}));
  EXPECT_FALSE(plan.add({"", "a b", "x", {}}));
}

TEST(Todo, AddsBelowItsParentWithTheNextId) {
  TodoDocument plan = TodoDocument::parse(kPlan);
  EXPECT_EQ(plan.add({"T1.1", "", "Read strings", {{"size", "S"}}}).value(), "S1.1.3");
  EXPECT_THAT(plan.text(), HasSubstr("note: half way\n- [ ] S1.1.3: Read strings | size: S\n"));
  EXPECT_EQ(plan.add({"S1.1.1", "", "Part", {}}).value(), "S1.1.1.1");
  EXPECT_THAT(plan.text(), HasSubstr("lexer.cpp\n  - [ ] S1.1.1.1: Part\n"));
  EXPECT_EQ(plan.items()[*plan.find("S1.1.1.1").value()->parent].id, "S1.1.1");
  TodoDocument empty = TodoDocument::parse("");
  EXPECT_EQ(empty.add({"", "", "First", {}}).value(), "T1");
  EXPECT_EQ(empty.add({"", "", "Second", {}}).value(), "T2");
  EXPECT_EQ(empty.text(), "- [ ] T1: First\n- [ ] T2: Second\n");
  EXPECT_EQ(empty.add({"T1", "my-part", "Third", {}}).value(), "my-part");
  EXPECT_EQ(empty.text(), "- [ ] T1: First\n  - [ ] **my-part**: Third\n- [ ] T2: Second\n");
  ASSERT_TRUE(empty.remove("T1"));
  EXPECT_EQ(empty.text(), "- [ ] T2: Second\n");
}

TEST(Todo, LineEndsAndAByteOrderMarkStay) {
  TodoDocument plan = TodoDocument::parse("\xef\xbb\xbf- [ ] T1: a | size: S\r\n- [ ] T2: b");
  ASSERT_TRUE(plan.set_state("T1", ItemState::kDone));
  ASSERT_TRUE(plan.set_metadata("T1", "by", "me"));
  EXPECT_EQ(plan.text(), "\xef\xbb\xbf- [x] T1: a | size: S | by: me\r\n- [ ] T2: b");
}

TEST(Todo, HostileInputIsBounded) {
  std::string many;
  for (std::size_t i = 0; i < TodoDocument::kMaxItems + 5; ++i) {
    many += "- [ ] x\n";
  }
  EXPECT_THAT(problem_texts(many).back(), HasSubstr("items; the rest is not read"));
  EXPECT_THAT(problem_texts(std::string(TodoDocument::kMaxBytes + 1, '-')).front(),
              HasSubstr("larger than"));
  const std::string deep(60'000, ' ');
  EXPECT_EQ(TodoDocument::parse(deep + "- [ ] a\n").counts().total, 1U);
  EXPECT_EQ(TodoDocument::parse(std::string("- [ ] a\0b\n", 10)).counts().total, 1U);
}

/// Any text from pieces that the parser reacts to.
std::string drawn(const std::vector<int>& choices) {
  static constexpr std::string_view kPieces[] = {
      "- [ ] ",    "* [x] ", "  ",      "\n",           "\r\n", "```\n",          "T1: ",
      "**a-b**: ", " | ",    "size: S", "status: done", "\t",   "## M1: ",        "> ",
      "<!-- ",     "-->\n",  "1. [/] ", "word ",        "[?] ", "# Mission: x\n", "\xc3\xa4",
      "\xff",      "|",      "- [~] ",  "depends: T1"};
  std::string text;
  for (const int choice : choices) {
    text += kPieces[static_cast<std::size_t>(choice) % std::size(kPieces)];
  }
  return text;
}

TEST(TodoProperty, WhatNobodyChangedIsWrittenBackByteForByte) {
  EXPECT_TRUE(rc::check([] {
    const auto choices = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 25));
    const std::string text = drawn(choices);
    RC_ASSERT(TodoDocument::parse(text).text() == text);
  }));
  EXPECT_TRUE(rc::check(
      [](const std::string& text) { RC_ASSERT(TodoDocument::parse(text).text() == text); }));
}

TEST(TodoProperty, AnEditAndItsUndoingGiveTheSameText) {
  EXPECT_TRUE(rc::check([] {
    const auto choices = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 25));
    TodoDocument plan = TodoDocument::parse(drawn(choices));
    const TodoDocument as_it_was = plan;
    for (const TodoItem& item : as_it_was.items()) {
      if (item.has_box && item.is_leaf() && !item.parent && item.state == ItemState::kOpen &&
          item.meta("status").empty() && !item.id.empty() && plan.find(item.id)) {
        const std::string before = plan.text();
        RC_ASSERT(plan.set_state(item.id, ItemState::kFailed).has_value());
        RC_ASSERT(plan.find(item.id).value()->state == ItemState::kFailed);
        RC_ASSERT(plan.set_state(item.id, ItemState::kOpen).has_value());
        RC_ASSERT(plan.text() == before || before.find("[?]") != std::string::npos);
      }
    }
  }));
}

constexpr std::string_view kBase = "# Mission: x\n- [ ] T1: a\n- [ ] T2: b\n- [ ] T3: c\n";

TEST(TodoMerge, ChangesOfDifferentItemsBothCount) {
  const TodoMerge merged = merge_todo(
      kBase, "# Mission: x\n- [x] T1: a\n- [ ] T2: b\n- [ ] T3: c | note: n\n- [ ] T4: new\n",
      "# Mission: y\nA person's words.\n- [ ] T1: a\n- [!] T2: b\n- [ ] T3: c\n");
  EXPECT_EQ(merged.text,
            "# Mission: y\nA person's words.\n- [x] T1: a\n- [!] T2: b\n- [ ] T3: c | note: n\n"
            "- [ ] T4: new\n");
  EXPECT_THAT(merged.conflicts, IsEmpty());
}

TEST(TodoMerge, ThePersonWinsWhereBothChangedTheSame) {
  const TodoMerge merged =
      merge_todo(kBase, "- [x] T1: a\n- [ ] T2: b\n- [ ] T3: c\n",
                 "# Mission: x\n- [~] T1: a\n- [ ] T2: b\n- [ ] T3: c\n- [ ] T9: more\n");
  EXPECT_THAT(merged.text, HasSubstr("- [~] T1: a"));
  EXPECT_THAT(merged.text, HasSubstr("T9"));
  EXPECT_THAT(merged.conflicts, ElementsAre(HasSubstr("T1 was changed in the file meanwhile")));
}

TEST(TodoMerge, RemovalsAreTakenOverWhereNobodyChangedTheItem) {
  const TodoMerge merged =
      merge_todo(kBase, "- [ ] T1: a\n", "# Mission: x\n- [ ] T1: a\n- [ ] T2: b\n- [/] T3: c\n");
  EXPECT_EQ(merged.text, "# Mission: x\n- [ ] T1: a\n- [/] T3: c\n");
  EXPECT_THAT(merged.conflicts, ElementsAre(HasSubstr("T3 was changed")));
}

TEST(TodoMergeProperty, OneSideAloneWinsAndNothingIsLost) {
  EXPECT_TRUE(rc::check([] {
    const auto gen = rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 25));
    const std::string base = drawn(*gen);
    const std::string other = drawn(*gen);
    RC_ASSERT(merge_todo(base, base, other).text == other);
    RC_ASSERT(merge_todo(base, other, base).text == other);
    RC_ASSERT(merge_todo(base, other, other).text == other);
    merge_todo(base, other, drawn(*gen));
  }));
}

}  // namespace
}  // namespace oap::orchestration
