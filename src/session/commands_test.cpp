#include "session/commands.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "async/runtime.hpp"

namespace oap::session {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Remembers what it was asked for.
class World final : public CommandWorld {
 public:
  Task<Result<std::string>> run(std::string command) override {
    ran.push_back(command);
    if (command.starts_with("denied")) {
      co_return fail(Code::kPermissionDenied, "permission denied");
    }
    co_return "out!`nested` @file $1";
  }
  Task<Result<std::string>> read(std::string path) override {
    files.push_back(path);
    if (path == "none") {
      co_return fail(Code::kNotFound, "no file");
    }
    co_return "text of " + path + " !`evil` $ARGUMENTS";
  }
  std::vector<std::string> ran;
  std::vector<std::string> files;
};

class Commands : public ::testing::Test {
 protected:
  Result<Expansion> expand(std::string body, std::string arguments) {
    CommandDefinition command;
    command.name = "test";
    command.body = std::move(body);
    return runtime_.run(expand_command(std::move(command), std::move(arguments), world_));
  }
  std::string text(std::string body, std::string arguments = "") {
    auto done = expand(std::move(body), std::move(arguments));
    return done ? done->text : "error: " + done.error().to_string();
  }
  async::Runtime runtime_;
  World world_;
};

TEST(CommandFile, WhatIsNotUtf8IsRefusedByName) {
  const auto command = parse_command("\xff\xfe", "a", "dir/a.md");
  ASSERT_FALSE(command);
  EXPECT_THAT(command.error().message(), HasSubstr("dir/a.md: not UTF-8"));
}

TEST(Slash, NamesAndArguments) {
  const auto one = parse_slash("  /Task build the\nparser\n");
  ASSERT_TRUE(one);
  EXPECT_EQ(one->name, "task");
  EXPECT_EQ(one->arguments, "build the\nparser");
  EXPECT_EQ(parse_slash("/git:commit")->name, "git:commit");
  for (const char* no : {"", "/", "task", "/usr/bin/x", "// comment", "/-x", "/a,b", "see /task"}) {
    EXPECT_FALSE(parse_slash(no)) << no;
  }
}

TEST(Slash, ArgumentsAreWords) {
  EXPECT_THAT(split_arguments(R"(a "b c" 'd "e' f\ g "")"),
              ElementsAre("a", "b c", "d \"e", "f g", ""));
  EXPECT_THAT(split_arguments("it's fine"), ElementsAre("it's", "fine"));
  EXPECT_THAT(split_arguments("  \n "), IsEmpty());
  EXPECT_THAT(split_arguments("trailing\\"), ElementsAre("trailing\\"));
}

TEST_F(Commands, PlaceholdersAreFilled) {
  EXPECT_EQ(text("do $ARGUMENTS now", "a 'b c'"), "do a 'b c' now");
  EXPECT_EQ(text("$1-$2", "x y z"), "x-y z");
  EXPECT_EQ(text("$1-$2|", "x"), "x-|");
  EXPECT_EQ(text("costs \\$1 and $$", ""), "costs $1 and $$");
  EXPECT_EQ(text("plain", "more"), "plain\n\nmore");
  EXPECT_EQ(text("plain"), "plain");
  EXPECT_EQ(text("$10 is no placeholder", ""), "$10 is no placeholder");
}

TEST_F(Commands, OnlyTheTemplateReadsAndRuns) {
  EXPECT_THAT(text("see @a/b.txt, and:\n!`git log $1`", "'x; rm -rf ~' @c !`d`"),
              HasSubstr("text of a/b.txt !`evil` $ARGUMENTS"));
  EXPECT_THAT(world_.ran, ElementsAre("git log 'x; rm -rf ~' '@c' '!`d`'"));
  EXPECT_THAT(world_.files, ElementsAre("a/b.txt"));
}

TEST_F(Commands, ArgumentsAreDataWhateverStandsAroundThem) {
  text("A !`echo \"$1\"` B !`echo '$1'`", R"("'$(touch PWN)'")");
  EXPECT_THAT(world_.ran,
              ElementsAre(R"(echo "'\$(touch PWN)'")", R"(echo ''\''$(touch PWN)'\''')"));
  EXPECT_THAT(text("A !`bash -c \"echo $1\"` B", "x"),
              HasSubstr("/test: `bash -c \"echo $1\"` takes no arguments where it has them: bash "
                        "would read it as code"));
  EXPECT_THAT(world_.ran, SizeIs(2));
}

TEST_F(Commands, WhatIsNoFileStays) {
  EXPECT_EQ(text("mail a@b.c or @none."), "mail a@b.c or @none.");
  EXPECT_EQ(text("x!`y` and `!`z"), "x!`y` and `!`z");
  EXPECT_THAT(world_.ran, IsEmpty());
}

TEST_F(Commands, ADenialEndsIt) {
  const auto done = expand("!`denied it`", "");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), Code::kPermissionDenied);
}

TEST_F(Commands, TooManyReadsAreRefused) {
  std::string body;
  for (int i = 0; i < 40; ++i) {
    body += "@f ";
  }
  const auto done = expand(body, "");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), Code::kResourceExhausted);
}

TEST(CommandFile, HeadIsRead) {
  const auto command = parse_command(
      "---\ndescription: Commit\nargument-hint: [message]\nagent: worker\nmodel: openai/x\n"
      "allowed-tools: Bash(git add:*), Read\nsubtask: true\nforeign: 3\n---\nDo $1\n",
      "commit", "commit.md");
  ASSERT_TRUE(command) << command.error().to_string();
  EXPECT_EQ(command->description, "Commit");
  EXPECT_EQ(command->argument_hint, "[message]");
  EXPECT_EQ(command->agent, "worker");
  EXPECT_TRUE(command->subtask);
  EXPECT_THAT(command->allowed_tools, ElementsAre("Bash(git add:*)", "Read"));
  EXPECT_EQ(command->body, "Do $1\n");
  EXPECT_FALSE(parse_command("---\ndescription: 5\n---\nx", "x", "x.md"));
  EXPECT_FALSE(parse_command("---\nallowed-tools: 5\n---\nx", "x", "x.md"));
  EXPECT_FALSE(parse_command("---\ndescription: x\n---\n \n", "x", "x.md"));
}

class CommandFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "oap-commands-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    sources_ = {(root_ / "w").string(), (root_ / "w/.opencode").string(), (root_ / "user").string(),
                (root_ / "home").string(), true};
  }
  void TearDown() override { fs::remove_all(root_); }
  void write(const std::string& path, std::string_view text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  fs::path root_;
  CommandSources sources_;
};

TEST_F(CommandFiles, ProjectHidesUserAndFoldersAreNamespaces) {
  write("w/.opencode/commands/review.md", "project");
  write("w/.opencode/commands/git/commit.md", "commit");
  write("w/.claude/commands/old.md", "old");
  write("user/commands/review.md", "user");
  write("user/commands/mine.md", "mine");
  const CommandListing listing = find_commands(sources_);
  std::vector<std::string> seen;
  for (const CommandDefinition& command : listing.commands) {
    seen.push_back(command.name + "=" + command.body);
  }
  EXPECT_THAT(seen, ElementsAre("git:commit=commit", "mine=mine", "old=old", "review=project"));
  sources_.trusted = false;
  EXPECT_THAT(find_commands(sources_).commands, SizeIs(2));
}

TEST_F(CommandFiles, WhatIsNoCommandIsLeftOutWithASentence) {
  write("secret.md", "secret");
  write("w/.opencode/commands/good.md", "good");
  write("w/.opencode/commands/bad name.md", "x");
  write("w/.opencode/commands/broken.md", "---\na: [\n---\nx");
  write("w/.opencode/commands/huge.md", std::string(300 << 10, 'x'));
  fs::create_symlink(root_ / "secret.md", root_ / "w/.opencode/commands/link.md");
  fs::create_symlink(".", root_ / "w/.opencode/commands/cycle");
  const CommandListing listing = find_commands(sources_);
  EXPECT_THAT(listing.commands, SizeIs(1));
  EXPECT_THAT(listing.problems, SizeIs(5));
}

}  // namespace
}  // namespace oap::session
