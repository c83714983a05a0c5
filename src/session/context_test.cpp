#include "session/context.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text/utf8.hpp"

namespace oap::session {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ContextFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "oap-context-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = fs::canonical(pattern);
    options_.home = root_ / "home";
    options_.user_config = root_ / "home/.config/oap";
    fs::create_directories(ws_ = root_ / "home/work/repo/sub");
    fs::create_directories(options_.user_config);
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const fs::path& path, std::string_view text) const {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  std::vector<std::string> texts() {
    std::vector<std::string> out;
    for (const ContextFile& file : collect_context(ws_, options_).files) {
      out.push_back(file.text);
    }
    return out;
  }

  fs::path root_;
  fs::path ws_;
  ContextOptions options_;
};

TEST_F(ContextFiles, LayersUserOuterInner) {
  write(options_.user_config / "AGENTS.md", "user");
  write(ws_ / "AGENTS.md", "inner");
  write(ws_ / "../AGENTS.md", "outer");
  fs::create_directories(ws_ / "../.git");
  write(root_ / "home/work/AGENTS.md", "above the git root");
  EXPECT_THAT(texts(), ElementsAre("user", "outer", "inner"));
}

TEST_F(ContextFiles, ClaudeOnlyWhereThereIsNoAgentsFile) {
  write(ws_ / "AGENTS.md", "agents");
  write(ws_ / "CLAUDE.md", "claude");
  write(ws_ / "../CLAUDE.md", "outer claude");
  EXPECT_THAT(texts(), ElementsAre("outer claude", "agents"));
}

TEST_F(ContextFiles, StopsBelowHomeAndAtTheWorkspaceOutsideIt) {
  write(root_ / "home/AGENTS.md", "home");
  write(root_ / "home/work/AGENTS.md", "work");
  EXPECT_THAT(texts(), ElementsAre("work"));
  write(root_ / "AGENTS.md", "root");
  ws_ = root_ / "other/place";
  write(ws_ / "AGENTS.md", "place");
  write(root_ / "other/AGENTS.md", "other");
  EXPECT_THAT(texts(), ElementsAre("place"));
}

TEST_F(ContextFiles, AWorkspaceThatIsHomeIsRead) {
  ws_ = options_.home;
  write(ws_ / "AGENTS.md", "home");
  EXPECT_THAT(texts(), ElementsAre("home"));
}

TEST_F(ContextFiles, NothingThereIsFine) {
  const Context context = collect_context(ws_, options_);
  EXPECT_THAT(context.files, IsEmpty());
  EXPECT_THAT(context.warnings, IsEmpty());
  EXPECT_EQ(render(context), "");
  EXPECT_THAT(collect_context(root_ / "no such place", options_).files, IsEmpty());
}

TEST_F(ContextFiles, WhatIsNoReadableFileIsSkippedWithAWarning) {
  fs::create_directories(ws_ / "AGENTS.md");
  ASSERT_EQ(::mkfifo((ws_ / "../AGENTS.md").c_str(), 0600), 0);
  fs::create_symlink("AGENTS.md", root_ / "home/work/AGENTS.md");
  const Context context = collect_context(ws_, options_);
  EXPECT_THAT(context.files, IsEmpty());
  ASSERT_THAT(context.warnings, SizeIs(3));
  EXPECT_THAT(context.warnings[0], HasSubstr("sub/AGENTS.md is left out"));
}

TEST_F(ContextFiles, TheSameFileCountsOnce) {
  write(ws_ / "../AGENTS.md", "one");
  fs::create_symlink("../AGENTS.md", ws_ / "AGENTS.md");
  EXPECT_THAT(texts(), ElementsAre("one"));
}

TEST_F(ContextFiles, CutsToTheBudgetAndSaysSo) {
  options_.budget_bytes = 100;
  std::string big;
  for (int i = 0; i < 100; ++i) {
    big += "line number " + std::to_string(i) + "\n";
  }
  write(ws_ / "AGENTS.md", big);
  write(ws_ / "../AGENTS.md", "outer");
  const Context context = collect_context(ws_, options_);
  ASSERT_THAT(context.files, SizeIs(1));
  EXPECT_TRUE(context.files[0].truncated);
  EXPECT_THAT(context.files[0].text, HasSubstr("line number 5\n"));
  EXPECT_THAT(context.files[0].text, HasSubstr("of this file are left out]"));
  EXPECT_LT(context.files[0].text.size(), 200U);
  EXPECT_THAT(context.warnings, ElementsAre(HasSubstr("the budget of 100 bytes is used up")));
}

TEST_F(ContextFiles, TheInnerFilesKeepTheirRoom) {
  options_.budget_bytes = 10;
  write(ws_ / "AGENTS.md", "123456");
  write(ws_ / "../AGENTS.md", "abcdefgh");
  const Context context = collect_context(ws_, options_);
  ASSERT_THAT(context.files, SizeIs(2));
  EXPECT_EQ(context.files[1].text, "123456");
  EXPECT_TRUE(context.files[0].text.starts_with("abcd\n["));
}

TEST_F(ContextFiles, AHugeFileIsNotReadWhole) {
  write(ws_ / "AGENTS.md", "start\n");
  fs::resize_file(ws_ / "AGENTS.md", std::uintmax_t{1} << 33U);
  const Context context = collect_context(ws_, options_);
  ASSERT_THAT(context.files, SizeIs(1));
  EXPECT_LT(context.files[0].text.size(), 40000U);
}

TEST_F(ContextFiles, BytesThatAreNoUtf8AreReplaced) {
  write(ws_ / "AGENTS.md", "a\xFF\xC3(b");
  EXPECT_THAT(texts(), ElementsAre("a\xEF\xBF\xBD\xEF\xBF\xBD(b"));
  options_.budget_bytes = 5;
  write(ws_ / "AGENTS.md", "aaaaüüü");
  EXPECT_TRUE(text::is_valid_utf8(texts().at(0)));
}

TEST_F(ContextFiles, RendersEachFileUnderItsName) {
  write(options_.user_config / "AGENTS.md", "user\n");
  write(ws_ / "AGENTS.md", "inner");
  const std::string out = render(collect_context(ws_, options_));
  EXPECT_EQ(out, "# Instructions from " + (options_.user_config / "AGENTS.md").string() +
                     "\n\nuser\n\n# Instructions from " + (ws_ / "AGENTS.md").string() +
                     "\n\ninner\n");
}

}  // namespace
}  // namespace oap::session
