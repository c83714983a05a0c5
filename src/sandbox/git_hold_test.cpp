#include <filesystem>

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "async/runtime.hpp"
#include "os/file.hpp"
#include "os/testing/temp_dir.hpp"
#include "sandbox/findings.hpp"
#include "sandbox/git_config.hpp"
#include "sandbox/git_walk.hpp"
#include "sandbox/plain_path.hpp"
#include "sandbox/run.hpp"

namespace oap::sandbox {
namespace {

using os::testing::TempDir;
using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr Millis kLongest{60'000};

/// A workspace with a repository, and what sandboxed commands do in it.
class GitHold : public ::testing::Test {
 protected:
  GitHold() {
    on_host(
        "git init -q -b main . && git -c user.name=n -c user.email=e@x commit -qm 1 "
        "--allow-empty");
  }

  Spec spec(const std::string& script) const {
    Spec spec;
    spec.argv = {"/bin/bash", "--noprofile", "--norc", "-c", script};
    spec.cwd = dir_.path();
    spec.limits.network = false;
    return spec;
  }
  static Output run_one(Spec spec) {
    async::Runtime runtime;
    RunOptions options;
    options.deadline = Deadline::after(kLongest);
    options.merge_stderr = true;
    auto output = runtime.run(run(runtime.executor(), std::move(spec), options));
    EXPECT_TRUE(output) << output.error().to_string();
    return output.value_or(Output());
  }
  void on_host(const std::string& script) const {
    Spec own = spec(script);
    own.profile = Profile::kOwn;
    const Output output = run_one(own);
    EXPECT_EQ(output.exit_code, 0) << output.out;
  }
  /// So many folders that what was found in them is not looked for anew in the next run.
  void make_folders() const {
    for (int i = 0; i < 2'000; ++i) {
      ::mkdir((dir_ / ("folder" + std::to_string(i))).c_str(), 0755);
    }
  }
  std::string text_of(const std::string& name) const {
    return os::read_file(dir_ / name).value_or("(none)");
  }

  TempDir dir_;
};

TEST_F(GitHold, WhatTheChildDidNotTouchKeepsItsPlace) {
  make_folders();
  run_one(spec("true"));
  on_host("git init -q unseen/sub && git -C unseen/sub config alias.x '!true'");
  const Output quiet = run_one(spec("echo x > unseen/sub/file; echo x > file"));
  EXPECT_THAT(text_of("unseen/sub/.git/config"), HasSubstr("alias"));
  EXPECT_THAT(quiet.warnings, ::testing::Each(Not(HasSubstr("renamed"))));
}

TEST_F(GitHold, WhatMayHaveBeenMovedIsTold) {
  make_folders();
  run_one(spec("true"));
  on_host("git init -q unseen/sub && git -C unseen/sub config alias.x '!true'");
  const Output output = run_one(spec("mv unseen seen"));
  EXPECT_THAT(text_of("seen/sub/.git/config"), HasSubstr("alias"));
  EXPECT_THAT(output.warnings, Contains(HasSubstr("seen/sub/.git/config: it sets alias.x")));
}

TEST_F(GitHold, WhatWasGivenByNameIsTheChilds) {
  on_host("git config alias.old '!true'");
  const auto check = [this](const Spec& given) {
    const Output output = run_one(given);
    EXPECT_EQ(output.exit_code, 0) << output.out;
    EXPECT_THAT(output.warnings, IsEmpty());
    EXPECT_THAT(text_of(".git/config"), HasSubstr("new"));
    on_host("git config --unset alias.new");
  };
  Spec given = spec("git config alias.new '!true'");
  given.writable = {dir_ / ".git"};
  check(given);
  given.writable.clear();
  given.unprotect = {".git"};
  check(given);
  Spec untouched = spec("true");
  untouched.writable = {dir_ / ".git"};
  EXPECT_THAT(run_one(untouched).warnings, IsEmpty());
  EXPECT_THAT(text_of(".git/config"), HasSubstr("old"));
}

TEST_F(GitHold, OfANestedRepositoryToo) {
  on_host("git init -q sub && git -C sub config alias.old '!true'");
  Spec given = spec(
      "git -C sub config alias.new '!true'; git init -q sub/.git/x; "
      "git -C sub/.git/x config alias.new '!true'");
  given.writable = {dir_ / "sub/.git"};
  const Output output = run_one(given);
  EXPECT_THAT(output.warnings, IsEmpty());
  EXPECT_THAT(text_of("sub/.git/config"), HasSubstr("new")) << output.out;
}

TEST_F(GitHold, ButNotBesideIt) {
  Spec given = spec("git init -q sub && git -C sub config alias.new '!true'");
  given.writable = {dir_ / ".git"};
  EXPECT_THAT(run_one(given).warnings, Contains(HasSubstr("sub/.git/config")));
  EXPECT_EQ(text_of("sub/.git/config"), "(none)");
}

TEST_F(GitHold, OneServerIsOnlyToldOf) {
  Spec server = spec("git init -q sub && git -C sub config alias.new '!true'");
  server.profile = Profile::kService;
  const Output output = run_one(server);
  EXPECT_THAT(output.warnings, Contains(EndsWith("it sets alias.new and lets git run it")));
  EXPECT_THAT(text_of("sub/.git/config"), HasSubstr("alias"));
}

TEST_F(GitHold, SaysHowManyMoreThereAre) {
  const Output output = run_one(
      spec("git init -q r && printf '[alias]\\n\\tx = !true\\n' >> r/.git/config && n=$(printf "
           "'%0200d' 0) && for i in $(seq 40); do cp -r r $n-$i; done"));
  ASSERT_THAT(output.warnings, Not(IsEmpty()));
  EXPECT_EQ(output.warnings.back(), "and " + std::to_string(41 - (output.warnings.size() - 1)) +
                                        " more like these: look for names that end in "
                                        ".held-by-oap");
  EXPECT_EQ(text_of("r/.git/config"), "(none)");
}

TEST(SetAside, TakesNoNameThatIsTaken) {
  const TempDir dir;
  const int fd = ::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY);
  for (int i = 0; i < 20; ++i) {
    dir.write("config", std::to_string(i));
    EXPECT_EQ(set_aside(fd, "config"), i < 19 || !os::exists(dir / "config")) << i;
    EXPECT_FALSE(os::exists(dir / "config")) << i;
  }
  EXPECT_THAT(os::list_dir(dir.path()).value(), SizeIs(20));
  EXPECT_FALSE(set_aside(fd, "gone"));
  EXPECT_FALSE(set_aside(fd, std::string(250, 'x').c_str()));
  ::close(fd);
}

TEST(OpenPlain, FollowsNoLinkAnywhere) {
  const TempDir dir;
  dir.write("a/b/file", "x");
  ::symlink("a", (dir / "link").c_str());
  ::symlink("file", (dir / "a/b/last").c_str());
  const auto opens = [&dir](const std::string& name, int flags) {
    const int fd = open_plain((dir / name).c_str(), flags);
    ::close(fd);
    return fd >= 0;
  };
  EXPECT_TRUE(opens("a/b/file", O_RDONLY));
  EXPECT_TRUE(opens("a/b", O_PATH));
  EXPECT_TRUE(opens("a//b/", O_RDONLY | O_DIRECTORY));
  EXPECT_FALSE(opens("link/b/file", O_RDONLY));
  EXPECT_FALSE(opens("link/b", O_PATH));
  EXPECT_FALSE(opens("a/b/last", O_RDONLY));
  EXPECT_FALSE(opens("a/b/last", O_PATH));
  EXPECT_FALSE(opens("gone/b", O_PATH));
  EXPECT_FALSE(opens(std::string(300, 'x'), O_PATH));
  const int root = open_plain("/", O_RDONLY | O_DIRECTORY);
  EXPECT_GE(root, 0);
  ::close(root);
  const GitWalk walk;
  EXPECT_TRUE(walk_git((dir / "a").c_str(), walk));
  EXPECT_FALSE(walk_git((dir / "link/b").c_str(), walk));
}

TEST(GitConfigAddress, HidesNothingInQuotes) {
  const auto first = [](const std::string& url) {
    const std::string text = "[remote \"o\"]\n\turl = " + url + "\n";
    return std::string(risk_of_config(text.data(), text.size()).first);
  };
  for (const char* bad : {"ext::sh", "\"ext::sh\"", "ext:\":\"sh", "e\"xt:\":sh", "ext\"::\"sh",
                          "ext:\\:sh", "-x", "\"-x\"", "x\"", "", "::"}) {
    EXPECT_EQ(first(bad), "remote.url") << bad;
  }
  for (const char* good :
       {"git@example.org:a/b.git", "https://example.org/a", "../a", "a:", ":a"}) {
    EXPECT_EQ(first(good), "") << good;
  }
}

TEST_F(GitHold, ANameOfAgentsThatComesIsSetAsideAtOnceAndTold) {
  const Output brief = run_one(spec("ls; echo one > opencode.json"));
  EXPECT_EQ(brief.out, "") << "nothing stands there";
  EXPECT_EQ(os::read_file(dir_ / "opencode.json.held-by-oap").value_or(""), "one\n");
  ASSERT_THAT(brief.warnings, SizeIs(1));
  EXPECT_THAT(brief.warnings[0],
              EndsWith("/opencode.json: agents take it for their settings; renamed, its "
                       "name now ends in .held-by-oap"));
  const Output longer =
      run_one(spec("sleep 0.1; echo two > x; mv x opencode.json; for i in $(seq 500); do [ -e "
                   "opencode.json ] || "
                   "break; sleep 0.01; done; ls; echo three > opencode.jsonc"));
  EXPECT_THAT(longer.out, HasSubstr("opencode.json.2.held-by-oap"));
  EXPECT_FALSE(os::exists(dir_ / "opencode.json"));
  EXPECT_FALSE(os::exists(dir_ / "opencode.jsonc"));
  EXPECT_THAT(longer.warnings, SizeIs(2));
}

TEST_F(GitHold, ANameThatIsThereIsClosedAndOneThatWasGivenIsOpen) {
  dir_.write("opencode.json", "{}");
  const Output closed = run_one(spec("echo x > opencode.json; rm -f opencode.json; cat *.json"));
  EXPECT_THAT(closed.out, HasSubstr("{}"));
  EXPECT_THAT(closed.warnings, IsEmpty());
  Spec given = spec("echo x > opencode.jsonc");
  given.unprotect = {"opencode.jsonc"};
  EXPECT_THAT(run_one(given).warnings, IsEmpty());
  EXPECT_EQ(os::read_file(dir_ / "opencode.jsonc").value_or(""), "x\n");
  std::filesystem::remove(dir_ / "opencode.jsonc");
  Spec telling = spec("echo x > opencode.jsonc || echo closed");
  telling.hold_git = false;
  EXPECT_THAT(run_one(telling).out, HasSubstr("closed\n")) << "who only tells cannot hold it";
}

}  // namespace
}  // namespace oap::sandbox
