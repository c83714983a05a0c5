#include <array>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "async/runtime.hpp"
#include "os/file.hpp"
#include "os/testing/temp_dir.hpp"
#include "sandbox/git_config.hpp"
#include "sandbox/run.hpp"
#include "sandbox/testing/world.hpp"

namespace oap::sandbox {
namespace {

using os::testing::TempDir;
using ::testing::HasSubstr;
using testing::World;

constexpr Millis kLongest{60'000};

constexpr const char* kPrelude = R"(
export GIT_CONFIG_COUNT=3 GIT_CONFIG_KEY_0=user.name GIT_CONFIG_VALUE_0=n GIT_CONFIG_KEY_1=user.email
export GIT_CONFIG_VALUE_1=e@x GIT_CONFIG_KEY_2=init.defaultBranch GIT_CONFIG_VALUE_2=main GIT_CONFIG_NOSYSTEM=1
export GIT_TERMINAL_PROMPT=0
ev() { git init -q "$1" && git -C "$1" commit -q --allow-empty -m inner; }
bare() { mkdir -p "$1/objects" "$1/refs/heads"; echo 'ref: refs/heads/main' > "$1/HEAD"
  printf '[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = %s\n' "$PWD" > "$1/config"; }
set() { printf '[%s]\n\t%s = "%s"\n' "$2" "$3" "$4" >> "$1/config"; }
)";

struct Row {
  std::string name;
  std::string worlds;
  std::string setup;
  std::string attempt;
  std::string host;
  int line = 0;
};

std::vector<Row> rows() {
  std::ifstream file(OAP_SOURCE_DIR "/src/sandbox/cases/git.case");
  std::vector<Row> rows;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    Row row;
    row.line = number;
    // A bar with a space on each side parts; in scripts pipes have none or are "||".
    for (std::string* part : {&row.name, &row.worlds, &row.setup, &row.attempt}) {
      const std::size_t bar = line.find(" | ");
      *part = line.substr(0, bar);
      line.erase(0, bar + 2);
    }
    row.host = line;
    rows.push_back(std::move(row));
  }
  return rows;
}

/// The output in that world and as that user, in a process of its own.
std::string run_as(World world, bool ordinary, Spec spec, const std::string& home) {
  const auto prepare = [&] { ::setenv("HOME", home.c_str(), 1); };
  const auto work = [&] {
    async::Runtime runtime;
    RunOptions options;
    options.deadline = Deadline::after(kLongest);
    options.merge_stderr = true;
    const auto output = runtime.run(run(runtime.executor(), std::move(spec), options));
    std::string text = output ? output->out : "not started: " + output.error().to_string();
    if (output) {
      for (const std::string& warning : output->warnings) {
        text += "\nwarning: " + warning;
      }
      text += output->timed_out ? "\ntimeout" : "";
    }
    return text;
  };
  return testing::in_world(world, ordinary, prepare, work);
}

struct Ground {
  const char* name;
  World world;
  const char* word;
  bool ordinary;
};

constexpr Ground kGrounds[] = {{"AllLayers", World::kFull, "full", false},
                               {"AllLayersOrdinaryUser", World::kFull, "full", true},
                               {"NoNamespaces", World::kBare, "bare", false},
                               {"NoNamespacesOrdinaryUser", World::kBare, "bare", true}};
constexpr std::size_t kParts = 6;

class GitHost {
 public:
  explicit GitHost(const Ground& ground) : ground_(ground) {
    std::filesystem::create_directories(base_ / "work");
    std::filesystem::create_directories(base_ / "home");
    std::filesystem::create_directories(base_ / "out");
    if (ground.ordinary) {
      for (const char* each : {"", "/work", "/home", "/out"}) {
        [[maybe_unused]] const int done =
            ::chown((base_.path() + each).c_str(), testing::kOrdinaryUid, testing::kOrdinaryUid);
      }
    }
  }

  std::string on_host(const std::string& script) {
    return run_as(World::kFull, ground_.ordinary, spec(script, Profile::kOwn), base_ / "home");
  }
  std::string confined(const std::string& script) {
    return run_as(ground_.world, ground_.ordinary, spec(script, Profile::kTool), base_ / "home");
  }
  bool marked() const { return os::exists(base_ / "out/mark"); }

 private:
  Spec spec(const std::string& script, Profile profile) {
    Spec spec;
    spec.argv = {"/bin/bash", "--noprofile", "--norc", "-c", kPrelude + script};
    spec.cwd = base_ / "work";
    spec.profile = profile;
    spec.env = {{"MARK", base_ / "out/mark"},
                {"EVIL", "touch " + (base_ / "out/mark")},
                {"PATH", "/usr/bin:/bin"}};
    spec.limits.network = false;
    return spec;
  }
  const Ground& ground_;
  TempDir base_;
};

class GitEscape : public ::testing::TestWithParam<std::tuple<Ground, std::size_t>> {};

TEST_P(GitEscape, RunsNothingOnTheHost) {
  const auto& [ground, part] = GetParam();
  if (ground.ordinary && ::geteuid() != 0) {
    GTEST_SKIP() << "only root can become another user; the rows run as this one already";
  }
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  if (part != 0) {
    GTEST_SKIP() << "the plain build runs every row; this slow one a part of them";
  }
#endif
#endif
  std::size_t count = 0;
  for (const Row& row : rows()) {
    if ((" " + row.worlds + " ").find(" " + std::string(ground.word) + " ") == std::string::npos ||
        count++ % kParts != part) {
      continue;
    }
    SCOPED_TRACE("git.case:" + std::to_string(row.line) + " " + row.name);
    GitHost host(ground);
    const std::string begun = host.on_host(
        "git init -q -b main && echo tracked > tracked && git add tracked && git commit -qm "
        "first\n" +
        row.setup);
    const std::string tried = host.confined(row.attempt);
    EXPECT_FALSE(host.marked()) << tried;
    const std::string ended = host.on_host(row.host);
    const std::string all = begun + "\n-- sandbox\n" + tried + "\n-- host\n" + ended;
    EXPECT_FALSE(host.marked()) << all;
    EXPECT_THAT(tried, ::testing::Not(HasSubstr("timeout")));
    EXPECT_THAT(ended, ::testing::Not(HasSubstr("timeout")));
    if (row.name.ends_with(": fine")) {
      EXPECT_THAT(ended, HasSubstr("fine\n")) << all;
      EXPECT_THAT(tried, ::testing::Not(HasSubstr("warning: /"))) << all;
    }
  }
  EXPECT_GT(count, 0U);
}

INSTANTIATE_TEST_SUITE_P(Grounds, GitEscape,
                         ::testing::Combine(::testing::ValuesIn(kGrounds),
                                            ::testing::Range(std::size_t{0}, kParts)),
                         [](const auto& info) {
                           return std::string(std::get<0>(info.param).name) +
                                  std::to_string(std::get<1>(info.param));
                         });

ConfigRisk risk(const std::string& text) { return risk_of_config(text.data(), text.size()); }

TEST(GitConfig, WhatGitWritesItselfIsHarmless) {
  EXPECT_EQ(risk("").sum, 0U);
  EXPECT_EQ(
      risk("# a comment \\\n; another\n\n[core]\n\trepositoryformatversion = 0\n\tfilemode = "
           "true\n\tbare = false\n[remote \"origin\"]\n\turl = git@example.org:a/b.git\n\tfetch "
           "= +refs/heads/*:refs/remotes/origin/*\n[branch \"a b\"]\n\tremote = "
           "origin\n\tmerge = refs/heads/x\n[filter \"lfs\"]\n\tclean = git-lfs clean -- "
           "%f\n\trequired\n[core]\n\tfsmonitor = false\n")
          .sum,
      0U);
}

TEST(GitConfig, NamesTheFirstEntryThatIsNot) {
  EXPECT_STREQ(risk("[core]\n\tfsmonitor = x\n[alias]\n\ta = b\n").first, "core.fsmonitor");
  EXPECT_STREQ(risk("[core]\n\tfsmonitor = \"x\n").first, "core.fsmonitor");
  EXPECT_STREQ(risk("[include]\npath=x").first, "include.path");
  EXPECT_STREQ(risk("[remote \"o\"]\nurl = ext::sh").first, "remote.url");
  EXPECT_STREQ(risk("[submodule \"o\"]\nupdate = !sh").first, "submodule.update");
  for (const char* odd :
       {"[core] a = b\n", "[core.x]\n", "[core\n", "key = x\n", "[core]\na = b\\\n",
        "\xef\xbb\xbf[core]\n", "[core \"a\"b\"]\n", "[]\n", "[core]\n= x\n", "[core \"a\\\"]\n"}) {
    EXPECT_THAT(risk(odd).first, HasSubstr("unusual form")) << odd;
    EXPECT_NE(risk(odd).sum, 0U);
  }
  EXPECT_NE(risk(std::string("[core]\n\0\n", 10)).sum, 0U);
}

TEST(GitConfig, TheSumIsOfTheRiskyEntriesWhateverTheirPlace) {
  const std::uint64_t one = risk("[alias]\na = b\n[core]\nbare = true\n[core]\npager = x\n").sum;
  EXPECT_EQ(one, risk("[core]\npager = x\n[alias]\na = b\n[user]\nname = n\n").sum);
  EXPECT_NE(one, risk("[core]\npager = y\n[alias]\na = b\n").sum);
  EXPECT_NE(one, risk("[core]\npager = x\n[alias]\na = b\n[alias]\na = b\n").sum);
}

}  // namespace
}  // namespace oap::sandbox
