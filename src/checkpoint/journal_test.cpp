#include "checkpoint/journal.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "checkpoint/ignore.hpp"

namespace oap::checkpoint {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class JournalTest : public testing::Test {
 protected:
  JournalTest() {
    char name[] = "/tmp/oap-checkpoint-XXXXXX";
    base_ = fs::canonical(mkdtemp(name));
    work_ = base_ / "work";
    fs::create_directory(work_);
    open();
  }
  ~JournalTest() override { fs::remove_all(base_); }

  void open(Bounds bounds = {}) {
    auto opened = Journal::open((base_ / "state").string(), work_.string(), clock_, bounds);
    ASSERT_TRUE(opened) << opened.error().to_string();
    journal_ = *std::move(opened);
  }
  void write(const std::string& path, const std::string& text) {
    fs::create_directories((work_ / path).parent_path());
    std::ofstream(work_ / path, std::ios::binary) << text;
  }
  std::string read(const std::string& path) {
    std::ifstream file(work_ / path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  unsigned mode(const std::string& path) {
    struct stat info = {};
    return ::lstat((work_ / path).c_str(), &info) == 0 ? info.st_mode & 07777U : 0;
  }
  /// One effect of a tool.
  template <class Do>
  void effect(const std::string& task, const std::vector<std::string>& paths, Do act) {
    std::vector<std::string> absolute;
    for (const std::string& path : paths) {
      absolute.push_back((work_ / path).string());
    }
    Journal::Effect seen = journal_->before({task, "ses_1", "title of " + task}, absolute);
    act();
    const auto kept = journal_->after(std::move(seen));
    EXPECT_TRUE(kept) << kept.error().to_string();
  }

  fs::path base_;
  fs::path work_;
  FakeClock clock_;
  std::unique_ptr<Journal> journal_;
};

TEST_F(JournalTest, PutsBackContentModesDeletionsAndCreations) {
  write("a.txt", "old");
  write("d/b.bin", std::string("\0\xFF", 2));
  write("run.sh", "#!/bin/sh\n");
  fs::create_symlink("a.txt", work_ / "link");
  ::chmod((work_ / "run.sh").c_str(), 0644);
  ::chmod((work_ / "d/b.bin").c_str(), 0600);
  effect("t1", {}, [&] {
    write("a.txt", "new");
    fs::remove_all(work_ / "d");
    write("made/by/tool", "x");
    ::chmod((work_ / "run.sh").c_str(), 0755);
    fs::remove(work_ / "link");
    fs::create_symlink("elsewhere", work_ / "link");
  });
  const auto undone = journal_->undo(1);
  ASSERT_TRUE(undone) << undone.error().to_string();
  EXPECT_THAT(undone->conflicts, IsEmpty());
  EXPECT_EQ(read("a.txt"), "old");
  EXPECT_EQ(read("d/b.bin"), std::string("\0\xFF", 2));
  EXPECT_EQ(mode("d/b.bin"), 0600U);
  EXPECT_EQ(mode("run.sh"), 0644U);
  EXPECT_EQ(fs::read_symlink(work_ / "link"), "a.txt");
  EXPECT_FALSE(fs::exists(work_ / "made"));
  const auto redone = journal_->redo(1);
  ASSERT_TRUE(redone);
  EXPECT_THAT(redone->conflicts, IsEmpty());
  EXPECT_EQ(read("a.txt"), "new");
  EXPECT_FALSE(fs::exists(work_ / "d"));
  EXPECT_EQ(read("made/by/tool"), "x");
  EXPECT_EQ(mode("run.sh"), 0755U);
  EXPECT_EQ(fs::read_symlink(work_ / "link"), "elsewhere");
}

TEST_F(JournalTest, WhatAPersonChangedSinceIsNamedAndLeft) {
  write("mine", "1");
  write("tool", "1");
  effect("t1", {}, [&] {
    write("mine", "2");
    write("tool", "2");
    write("new", "by the tool");
  });
  write("mine", "3");
  write("new", "taken over");
  const auto undone = journal_->undo(1);
  ASSERT_TRUE(undone);
  EXPECT_THAT(undone->restored, ElementsAre("tool"));
  EXPECT_THAT(undone->conflicts,
              UnorderedElementsAre(HasSubstr("mine: changed since"), HasSubstr("new: changed")));
  EXPECT_EQ(read("mine"), "3");
  EXPECT_EQ(read("new"), "taken over");
  EXPECT_EQ(read("tool"), "1");
}

TEST_F(JournalTest, WhatCouldNotBeTakenBackCanBeLater) {
  write("mine", "1");
  write("tool", "1");
  effect("t1", {}, [&] {
    write("mine", "2");
    write("tool", "2");
  });
  write("mine", "3");
  ASSERT_EQ(journal_->undo(1)->conflicts.size(), 1U);
  EXPECT_FALSE(journal_->turns()->front().undone);
  const auto again = journal_->undo(1);
  ASSERT_TRUE(again);
  EXPECT_THAT(again->turns, IsEmpty());
  EXPECT_THAT(again->conflicts, ElementsAre(HasSubstr("mine: changed since")));
  write("mine", "2");
  const auto undone = journal_->undo(1);
  ASSERT_TRUE(undone) << undone.error().to_string();
  EXPECT_THAT(undone->restored, ElementsAre("mine"));
  EXPECT_EQ(read("mine"), "1");
  EXPECT_TRUE(journal_->turns()->front().undone);
  EXPECT_THAT(journal_->redo(1)->restored, UnorderedElementsAre("mine", "tool"));
}

TEST_F(JournalTest, APersonsFileInAFolderOfTheToolKeepsTheFolder) {
  effect("t1", {}, [&] { write("dir/tool", "x"); });
  write("dir/mine", "y");
  const auto undone = journal_->undo(1);
  ASSERT_TRUE(undone);
  EXPECT_FALSE(fs::exists(work_ / "dir/tool"));
  EXPECT_EQ(read("dir/mine"), "y");
  EXPECT_THAT(undone->conflicts, ElementsAre(HasSubstr("dir: the folder holds other files")));
}

TEST_F(JournalTest, APersonsChangeBetweenTwoEffectsIsNotTakenBack) {
  write("f", "A");
  effect("t1", {"f"}, [&] { write("f", "B"); });
  write("f", "C by the person");
  effect("t1", {"f"}, [&] { write("f", "D"); });
  ASSERT_TRUE(journal_->undo(1));
  EXPECT_EQ(read("f"), "C by the person");
}

TEST_F(JournalTest, APersonsChangeBetweenCommandsIsNoChangeOfTheTool) {
  write("f", "A");
  effect("t1", {}, [&] { write("g", "x"); });
  write("f", "by the person");
  effect("t1", {}, [&] { write("h", "y"); });
  const auto undone = journal_->undo(1);
  ASSERT_TRUE(undone);
  EXPECT_THAT(undone->restored, UnorderedElementsAre("g", "h"));
  EXPECT_EQ(read("f"), "by the person");
}

TEST_F(JournalTest, TurnsComeNewestFirstAndSurviveTheProcess) {
  effect("t1", {"a"}, [&] { write("a", "1"); });
  open();
  effect("t2", {"a"}, [&] { write("a", "2"); });
  effect("t2", {"b"}, [&] { write("b", "2"); });
  open();
  const auto turns = journal_->turns();
  ASSERT_TRUE(turns);
  ASSERT_EQ(turns->size(), 2U);
  EXPECT_EQ((*turns)[0].id, "t2");
  EXPECT_EQ((*turns)[0].title, "title of t2");
  EXPECT_EQ((*turns)[0].changes.size(), 2U);
  ASSERT_TRUE(journal_->undo(2));
  EXPECT_FALSE(fs::exists(work_ / "a"));
  EXPECT_FALSE(journal_->undo(1));
  const auto first = journal_->redo(1);
  ASSERT_TRUE(first);
  EXPECT_THAT(first->turns, ElementsAre("t1"));
  EXPECT_EQ(read("a"), "1");
  ASSERT_TRUE(journal_->redo(5));
  EXPECT_EQ(read("a"), "2");
  EXPECT_FALSE(journal_->redo(1));
}

TEST_F(JournalTest, AfterNewChangesThereIsNothingToMakeAgain) {
  effect("t1", {"a"}, [&] { write("a", "1"); });
  ASSERT_TRUE(journal_->undo(1));
  effect("t2", {"b"}, [&] { write("b", "1"); });
  EXPECT_FALSE(journal_->redo(1));
  EXPECT_FALSE(journal_->undo(1, "ses_other"));
}

TEST_F(JournalTest, NothingThatComesToNothingIsKept) {
  write("a", "1");
  effect("t1", {"a"}, [&] { write("a", "1"); });
  effect("t2", {}, [] {});
  effect("t3", {"b"}, [&] { write("b", "1"); });
  effect("t3", {"b"}, [&] { fs::remove(work_ / "b"); });
  EXPECT_FALSE(journal_->undo(1));
}

TEST_F(JournalTest, BoundsAreSaidNotPassedOver) {
  Bounds bounds;
  bounds.max_file = 100;
  bounds.max_entries = 5;
  open(bounds);
  write("big", std::string(500, 'x'));
  effect("t1", {"big"}, [&] { write("big", "small"); });
  const auto undone = journal_->undo(1);
  ASSERT_TRUE(undone);
  EXPECT_THAT(undone->conflicts, ElementsAre(HasSubstr("too large")));
  EXPECT_EQ(read("big"), "small");
  for (int i = 0; i < 10; ++i) {
    write("f" + std::to_string(i), "x");
  }
  effect("t2", {}, [&] { write("f1", "y"); });
  const auto turns = journal_->turns();
  ASSERT_TRUE(turns);
  EXPECT_THAT((*turns)[0].gaps, ElementsAre(HasSubstr("more than 5 files")));
  effect("t3", {"f2"}, [&] { write("f2", "y"); });
  ASSERT_TRUE(journal_->undo(1));
  EXPECT_EQ(read("f2"), "x");
}

TEST_F(JournalTest, LinksThatLeadOutsideAreNotFollowed) {
  fs::create_directory(base_ / "outside");
  std::ofstream(base_ / "outside/secret") << "1";
  fs::create_directory_symlink(base_ / "outside", work_ / "way");
  effect("t1", {"way/secret"}, [&] { std::ofstream(base_ / "outside/secret") << "2"; });
  EXPECT_FALSE(journal_->undo(1));
  effect("t2", {}, [&] { write("d/f", "tool"); });
  fs::remove_all(work_ / "d");
  fs::create_directory(base_ / "outside/d");
  std::ofstream(base_ / "outside/d/f") << "tool";
  fs::create_directory_symlink(base_ / "outside/d", work_ / "d");
  const auto undone = journal_->undo(1);
  ASSERT_TRUE(undone);
  EXPECT_THAT(undone->conflicts, testing::Contains(HasSubstr("d/f: its folder is now a link")));
  EXPECT_TRUE(fs::exists(base_ / "outside/d/f"));
}

TEST_F(JournalTest, OldTurnsAndTheirContentsGo) {
  Bounds bounds;
  bounds.max_turns = 10;
  open(bounds);
  for (int i = 0; i < 70; ++i) {
    effect("t" + std::to_string(i), {"a"},
           [&] { write("a", std::string(1'000, 'a') + std::to_string(i)); });
  }
  const auto turns = journal_->turns();
  ASSERT_TRUE(turns);
  EXPECT_LT(turns->size(), 45U);
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(base_ / "state/contents")) {
    files += entry.is_regular_file() ? 1 : 0;
  }
  EXPECT_LT(files, 60U);
  EXPECT_TRUE(journal_->undo(5));
}

TEST_F(JournalTest, DamageIsFoundAndWritesNothing) {
  write("a", "old");
  effect("t1", {"a"}, [&] { write("a", "new"); });
  for (const auto& entry : fs::recursive_directory_iterator(base_ / "state/contents")) {
    if (entry.is_regular_file()) {
      std::ofstream(entry.path()) << "other";
    }
  }
  const auto undone = journal_->undo(1);
  ASSERT_TRUE(undone);
  EXPECT_THAT(undone->conflicts, ElementsAre(HasSubstr("damaged")));
  EXPECT_EQ(read("a"), "new");
  for (const auto& entry : fs::directory_iterator(base_ / "state/turns")) {
    std::ofstream(entry.path()) << "{";
  }
  EXPECT_FALSE(journal_->undo(1));
}

TEST_F(JournalTest, ItsOwnStateInTheWorkspaceIsNotWatched) {
  auto opened = Journal::open((work_ / ".state/one/checkpoints").string(), work_.string(), clock_);
  ASSERT_TRUE(opened);
  journal_ = *std::move(opened);
  effect("t1", {}, [&] {
    write("a", "1");
    write(".state/one/oap.db", "grows");
  });
  const auto undone = journal_->undo(1);
  ASSERT_TRUE(undone);
  EXPECT_THAT(undone->restored, ElementsAre("a"));
}

TEST_F(JournalTest, EffectsSideBySideLoseNothing) {
  write("f", "old");
  Journal::Effect first = journal_->before({"t1", "ses_1", "first"}, {});
  write("f", "by the first");
  Journal::Effect second = journal_->before({"t2", "ses_1", "second"}, {});
  write("g", "by the second");
  ASSERT_TRUE(journal_->after(std::move(second)));
  write("h", "by the first");
  ASSERT_TRUE(journal_->after(std::move(first)));
  ASSERT_TRUE(journal_->undo(2));
  EXPECT_EQ(read("f"), "old");
  EXPECT_FALSE(fs::exists(work_ / "g"));
  EXPECT_FALSE(fs::exists(work_ / "h"));
}

TEST_F(JournalTest, AFolderThatBecomesAFileAndBack) {
  write("x/inner", "1");
  effect("t1", {}, [&] {
    fs::remove_all(work_ / "x");
    write("x", "a file now");
  });
  const auto undone = journal_->undo(1);
  ASSERT_TRUE(undone);
  EXPECT_THAT(undone->conflicts, IsEmpty());
  EXPECT_EQ(read("x/inner"), "1");
  const auto redone = journal_->redo(1);
  ASSERT_TRUE(redone);
  EXPECT_THAT(redone->conflicts, IsEmpty());
  EXPECT_EQ(read("x"), "a file now");
}

TEST_F(JournalTest, TheStateIsPrivate) {
  effect("t1", {}, [&] { write("a", "1"); });
  struct stat info = {};
  ASSERT_EQ(::stat((base_ / "state/contents").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
}

TEST_F(JournalTest, AnInterruptedRestoreOfOneFileLeavesOldOrNew) {
  write("a", "1");
  ::chmod(work_.c_str(), 0755);
  effect("t1", {}, [&] { write("a", "2"); });
  ASSERT_TRUE(journal_->undo(1));
  for (const auto& entry : fs::directory_iterator(work_)) {
    EXPECT_EQ(entry.path().filename(), "a");
  }
}

TEST(Ignore, FollowsGit) {
  Ignore ignore;
  ignore.add("*.o\n/build/\n!keep.o\n# note\n\ndoc/*.txt\nlogs/\n{x}\n", "");
  ignore.add("local\n", "sub");
  EXPECT_TRUE(ignore.ignores("a.o", false));
  EXPECT_TRUE(ignore.ignores("x/y/a.o", false));
  EXPECT_FALSE(ignore.ignores("keep.o", false));
  EXPECT_TRUE(ignore.ignores("build", true));
  EXPECT_FALSE(ignore.ignores("build", false));
  EXPECT_FALSE(ignore.ignores("x/build", true));
  EXPECT_TRUE(ignore.ignores("x/logs", true));
  EXPECT_TRUE(ignore.ignores("doc/a.txt", false));
  EXPECT_FALSE(ignore.ignores("doc/x/a.txt", false));
  EXPECT_TRUE(ignore.ignores("{x}", false));
  EXPECT_TRUE(ignore.ignores("sub/local", false));
  EXPECT_FALSE(ignore.ignores("local", false));
}

TEST(Merge, KeepsTheOldestStateOfOnesOwn) {
  const auto file = [](const std::string& content) {
    return PathState{PathState::Kind::kFile, content, 0644, 1};
  };
  std::vector<Change> changes;
  merge(changes, {"a", file("1"), file("2")});
  merge(changes, {"a", file("2"), file("3")});
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].before.content, "1");
  EXPECT_EQ(changes[0].after.content, "3");
  merge(changes, {"a", file("3"), file("1")});
  EXPECT_TRUE(changes.empty());
}

TEST_F(JournalTest, AWriteThatIsKilledMidwayCanBeTakenBack) {
  write("a.txt", "old");
  [[maybe_unused]] const auto seen = journal_->before(
      {"task_1", "ses_1", "t"}, {(work_ / "a.txt").string(), (work_ / "b.txt").string()});
  write("a.txt", "half");
  write("b.txt", "new");
  journal_.reset();  // and never after()
  open();
  const auto turns = journal_->turns();
  ASSERT_TRUE(turns);
  ASSERT_EQ(turns->size(), 1U);
  EXPECT_THAT(turns->front().gaps, ElementsAre(HasSubstr("was ended while")));
  ASSERT_TRUE(journal_->undo(1));
  EXPECT_EQ(read("a.txt"), "old");
  EXPECT_FALSE(fs::exists(work_ / "b.txt"));
}

TEST_F(JournalTest, ACommandThatIsKilledMidwayCanBeTakenBack) {
  write("a.txt", "old");
  effect("task_0", {}, [&] { write("z.txt", "earlier"); });
  [[maybe_unused]] const auto seen = journal_->before({"task_1", "ses_1", "t"}, {});
  write("a.txt", "half");
  fs::remove(work_ / "z.txt");
  write("d/new.txt", "new");
  journal_.reset();
  open();
  const auto back = journal_->undo(1);
  ASSERT_TRUE(back);
  EXPECT_THAT(back->turns, ElementsAre("task_1"));
  EXPECT_EQ(read("a.txt"), "old");
  EXPECT_EQ(read("z.txt"), "earlier");
  EXPECT_FALSE(fs::exists(work_ / "d"));
  EXPECT_TRUE(fs::is_empty(base_ / "state/pending"));
}

TEST_F(JournalTest, WhatIsUnderWayInALivingProcessIsLeftToIt) {
  write("a.txt", "old");
  auto seen = journal_->before({"task_1", "ses_1", "t"}, {(work_ / "a.txt").string()});
  write("a.txt", "half");
  auto other = Journal::open((base_ / "state").string(), work_.string(), clock_);
  ASSERT_TRUE(other);
  EXPECT_THAT(*(*other)->turns(), IsEmpty());
  EXPECT_EQ((*other)->undo(1).error().code(), Code::kFailedPrecondition);
  write("a.txt", "whole");
  ASSERT_TRUE(journal_->after(std::move(seen)));
  ASSERT_EQ((*other)->turns()->size(), 1U);
  EXPECT_THAT((*other)->turns()->front().gaps, IsEmpty());
  ASSERT_TRUE((*other)->undo(1));
  EXPECT_EQ(read("a.txt"), "old");
}

TEST_F(JournalTest, ARecordThatIsDamagedOrLeadsOutsideIsNothing) {
  write("a.txt", "old");
  std::ofstream(base_ / "outside.txt") << "mine";
  fs::create_directories(base_ / "state/pending/1-1-1");
  std::ofstream(base_ / "state/pending/1-1-1/1.json") << "{\"id\":";
  std::ofstream(base_ / "state/pending/1-1-1/2.json")
      << R"({"id":"task_9","before":{"../outside.txt":{"kind":"absent"}}})";
  EXPECT_THAT(*journal_->turns(), IsEmpty());
  EXPECT_EQ(fs::exists(base_ / "outside.txt"), true);
  EXPECT_TRUE(fs::is_empty(base_ / "state/pending"));
}

TEST_F(JournalTest, WhatASandboxPutsThereMeanwhileIsNobodysChange) {
  write("a", "1");
  effect("task_1", {}, [&] {
    fs::create_symlink("/proc/self/oap-placeholder", work_ / ".npmrc");
    ASSERT_EQ(::mkdir((work_ / ".opencode").c_str(), 0755), 0);
    ASSERT_EQ(::chmod((work_ / ".opencode").c_str(), 01755), 0);
    ASSERT_EQ(::mknod((work_ / ".mcp.json").c_str(), S_IFSOCK, 0), 0);
  });
  EXPECT_THAT(journal_->turns().value(), IsEmpty());
  effect("task_2", {}, [&] {
    write(".opencode/mine", "x");
    fs::create_symlink("elsewhere", work_ / "link");
  });
  fs::remove(work_ / ".npmrc");
  effect("task_3", {}, [] {});
  const std::vector<Turn> turns = journal_->turns().value();
  ASSERT_EQ(turns.size(), 1U);
  ASSERT_EQ(turns[0].changes.size(), 2U);
  EXPECT_EQ(turns[0].changes[0].path, ".opencode/mine");
  EXPECT_EQ(turns[0].changes[1].path, "link");
}

}  // namespace
}  // namespace oap::checkpoint
