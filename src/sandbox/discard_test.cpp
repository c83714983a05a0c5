#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "async/runtime.hpp"
#include "os/file.hpp"
#include "os/testing/temp_dir.hpp"
#include "sandbox/run.hpp"
#include "sandbox/testing/world.hpp"

namespace oap::sandbox {
namespace {

using os::testing::TempDir;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::World;

constexpr Millis kPatience{30'000};

struct Row {
  std::string name;
  std::string out;
  std::string dropped;
  std::string script;
};

std::string trimmed(std::string text) {
  text.erase(text.find_last_not_of(' ') + 1);
  text.erase(0, std::min(text.find_first_not_of(' '), text.size()));
  return text;
}

std::string spaced(std::string text) {
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::vector<Row> rows() {
  std::ifstream file(OAP_SOURCE_DIR "/src/sandbox/cases/discard.case");
  std::vector<Row> rows;
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find('|');
    if (line.starts_with('#') || first == std::string::npos) {
      continue;
    }
    const std::size_t second = line.find('|', first + 1);
    Row row{trimmed(line.substr(0, first)), "", "", line.substr(second + 1)};
    std::istringstream options(line.substr(first + 1, second - first - 1));
    for (std::string option; options >> option;) {
      (option.starts_with("out=") ? row.out : row.dropped) = option.substr(option.find('=') + 1);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Spec looking(const std::string& script, const std::string& cwd) {
  Spec spec;
  spec.argv = {"/bin/bash", "--noprofile", "--norc", "-c", script};
  spec.cwd = cwd;
  spec.env["GIT_CONFIG_NOSYSTEM"] = "1";
  spec.limits.network = false;
  spec.discard = true;
  return spec;
}

/// What became of the changes, what was told of them, and what was printed.
std::string run_here(const Spec& spec) {
  constexpr const char* kWords[] = {"kept", "dropped", "refused", "open"};
  async::Runtime runtime;
  RunOptions options;
  options.deadline = Deadline::after(kPatience);
  options.merge_stderr = true;
  const auto output = runtime.run(run(runtime.executor(), spec, options));
  return output ? std::string(kWords[static_cast<int>(output->changes)]) + "\n" + output->dropped +
                      "\n" + output->out
                : "error " + output.error().message();
}

/// Every path below the folder with mode, size and content; not git's index, which who looks may
/// refresh where that is not thrown away.
std::string state_of(const std::string& folder) {
  std::vector<std::string> lines;
  for (const auto& each : std::filesystem::recursive_directory_iterator(folder)) {
    struct stat info{};
    ::lstat(each.path().c_str(), &info);
    std::string line = each.path().string() + " " + std::to_string(info.st_mode) + " " +
                       std::to_string(info.st_uid) + " " + std::to_string(info.st_nlink);
    if (each.is_regular_file()) {
      line += " " + os::read_file(each.path()).value_or("?");
    }
    lines.push_back(std::move(line));
  }
  std::sort(lines.begin(), lines.end());
  std::string all;
  for (const std::string& line : lines) {
    all += line + "\n";
  }
  return all;
}

class Discard : public ::testing::TestWithParam<std::tuple<World, bool>> {
 protected:
  void SetUp() override {
    work_ = dir_ / "work, a:b\\c";  // an option's text would mean something else
    std::filesystem::create_directories(work_ + "/sub");
    dir_.write("work, a:b\\c/a.txt", "one\n");
    dir_.write("work, a:b\\c/sub/b.txt", "b\n");
    dir_.write("work, a:b\\c/run.sh", "#!/bin/sh\n");
    dir_.write("work, a:b\\c/Makefile", "made.o:\n\techo built > made.o\n");
    dir_.write("work, a:b\\c/.vscode/settings.json", "{}");
    ::chmod((work_ + "/run.sh").c_str(), 0755);
    const std::string git = "cd '" + work_ +
                            "' && export GIT_CONFIG_GLOBAL=/dev/null && git init -q -b main && git "
                            "add a.txt && git -c user.name=n -c user.email=e@x commit -qm first";
    async::Runtime runtime;
    Spec spec;
    spec.argv = {"/bin/bash", "-c", git};
    spec.cwd = work_;
    spec.profile = Profile::kOwn;
    ASSERT_EQ(runtime.run(run(runtime.executor(), spec, {}))->exit_code, 0);
    if (std::get<1>(GetParam()) && ::geteuid() == 0) {
      for (const auto& each : std::filesystem::recursive_directory_iterator(dir_.path())) {
        ::lchown(each.path().c_str(), testing::kOrdinaryUid, testing::kOrdinaryUid);
      }
      ::chown(dir_.path().c_str(), testing::kOrdinaryUid, testing::kOrdinaryUid);
    }
  }

  /// All scripts in one process of that world, which costs most.
  std::vector<std::string> run_all(const std::vector<Row>& all) {
    const auto [world, ordinary] = GetParam();
    const auto work = [&] {
      std::string text;
      for (const Row& row : all) {
        text += run_here(looking(row.script, work_)) + std::string(1, '\0');
      }
      return text;
    };
    const std::string text = testing::in_world(world, ordinary && ::geteuid() == 0, [] {}, work);
    std::vector<std::string> parts;
    std::istringstream stream(text);
    for (std::string part; std::getline(stream, part, '\0');) {
      parts.push_back(part);
    }
    return parts;
  }

  TempDir dir_;
  std::string work_;
};

TEST_P(Discard, NothingOfItStays) {
  const World world = std::get<0>(GetParam());
  const bool as_root = !std::get<1>(GetParam()) && ::geteuid() == 0;
  const bool layered =  // an ordinary user without user namespaces has none
      world == World::kFull || (world == World::kNoUserNamespaces && as_root);
  const std::string before = state_of(work_);
  const std::vector<Row> all = rows();
  ASSERT_GT(all.size(), 40u);
  const std::vector<std::string> said = run_all(all);
  ASSERT_EQ(said.size(), all.size()) << (said.empty() ? "" : said[0]);
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_THAT(said[i], ::testing::StartsWith(layered ? "dropped\n" : "refused\n")) << all[i].name;
    if (layered) {
      EXPECT_THAT(said[i], HasSubstr(all[i].out)) << all[i].name;
      EXPECT_THAT(said[i], HasSubstr(spaced(all[i].dropped))) << all[i].name;
    }
  }
  EXPECT_EQ(state_of(work_), before);
}

class DiscardTold : public Discard {};

TEST_P(DiscardTold, IsOneLine) {
  const std::vector<Row> all{{"", "", "", "touch $'a\\nb'"},
                             {"", "", "", "echo x > sub/t; rm sub/t; git status -s"},
                             {"", "", "", "mkdir -p n/m; rm a.txt; echo x >> sub/b.txt"},
                             {"", "", "", "chmod 700 sub"}};
  const std::vector<std::string> said = run_all(all);
  ASSERT_EQ(said.size(), 4u);
  EXPECT_THAT(said[0], ::testing::StartsWith("dropped\n1 change: a?b\n"));
  EXPECT_THAT(said[1], ::testing::StartsWith("dropped\n\n"));
  EXPECT_THAT(said[2], ::testing::StartsWith("dropped\n3 changes: "));
  EXPECT_THAT(said[2], HasSubstr("a.txt (removed)"));
  EXPECT_THAT(said[2], HasSubstr("n/m"));
  EXPECT_THAT(said[2], HasSubstr("sub/b.txt"));
  EXPECT_THAT(said[3], ::testing::StartsWith("dropped\n1 change: sub\n"));
}

INSTANTIATE_TEST_SUITE_P(
    Worlds, Discard,
    ::testing::Combine(::testing::Values(World::kFull, World::kNoUserNamespaces, World::kBare),
                       ::testing::Bool()));

INSTANTIATE_TEST_SUITE_P(Layer, DiscardTold,
                         ::testing::Combine(::testing::Values(World::kFull), ::testing::Bool()));

class DiscardAlone : public ::testing::Test {
 protected:
  TempDir dir_;
};

TEST_F(DiscardAlone, WhereNothingHoldsItIsSaid) {
  dir_.write("a", "x");
  const std::string text = testing::in_world(
      World::kNothing, false, [] {}, [&] { return run_here(looking("cat a", dir_.path())); });
  EXPECT_EQ(text, "open\n\nx");
}

TEST_F(DiscardAlone, IsForToolsAndWithoutFurtherPlaces) {
  dir_.write("a", "x");
  dir_.write("o/b", "x");
  Spec spec = looking("true", dir_.path());
  spec.writable = {dir_ / "o"};
  EXPECT_THAT(run_here(spec), HasSubstr("only a tool without further writable places"));
  spec.writable.clear();
  for (const Profile profile : {Profile::kService, Profile::kOwn}) {
    spec.profile = profile;
    EXPECT_THAT(run_here(spec), HasSubstr("only a tool"));
  }
  spec.profile = Profile::kTool;
  spec.workspace = dir_ / "a";
  EXPECT_THAT(run_here(spec), HasSubstr("is no folder"));
}

TEST_F(DiscardAlone, MountsInTheWorkspaceAreSeenAndOnlyRead) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root mounts";
  }
  std::filesystem::create_directories(dir_ / "m n");
  const auto prepare = [&] {
    ::unshare(CLONE_NEWNS);
    ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    ::mount("tmpfs", (dir_ / "m n").c_str(), "tmpfs", 0, nullptr);
    dir_.write("m n/inner", "inside\n");
  };
  const std::string text = testing::in_world(World::kFull, false, prepare, [&] {
    return run_here(looking("cat 'm n/inner'; echo hit > 'm n/inner' || echo no; echo y > z",
                            dir_.path())) +
           os::read_file(dir_ / "m n/inner").value_or("?");
  });
  EXPECT_THAT(text, HasSubstr("inside\n"));
  EXPECT_THAT(text, HasSubstr("no\n"));
  EXPECT_THAT(text, ::testing::EndsWith("inside\n"));
  EXPECT_THAT(text, HasSubstr("1 change: z"));
}

/// The kernel lays no third layer: then the workspace can be read.
TEST_F(DiscardAlone, WithoutALayerItCanOnlyBeRead) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root mounts";
  }
  for (const char* name : {"low", "up1", "w1", "one", "up2", "w2", "work"}) {
    std::filesystem::create_directories(dir_ / name);
  }
  dir_.write("low/a.txt", "one\n");
  const auto prepare = [&] {
    ::unshare(CLONE_NEWNS);
    ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    ::mount("tmpfs", (dir_ / "up1").c_str(), "tmpfs", 0, nullptr);
    const auto lay = [&](const std::string& low, const std::string& place, const std::string& n) {
      const std::string at = dir_ / "up1";
      std::filesystem::create_directories(at + "/u" + n);
      std::filesystem::create_directories(at + "/w" + n);
      const std::string options =
          "lowerdir=" + low + ",upperdir=" + at + "/u" + n + ",workdir=" + at + "/w" + n;
      return ::mount("overlay", place.c_str(), "overlay", 0, options.c_str()) == 0;
    };
    if (!lay(dir_ / "low", dir_ / "one", "1") || !lay(dir_ / "one", dir_ / "work", "2")) {
      std::filesystem::create_directories(dir_ / "work/no-overlay");
    }
  };
  const std::string text = testing::in_world(World::kFull, false, prepare, [&] {
    return run_here(
        looking("cat a.txt; echo hit > a.txt || echo no; touch new || echo no; chmod 777 "
                "a.txt || echo no; ls; t=$(mktemp) && echo temporary > $t && cat $t",
                dir_ / "work"));
  });
  EXPECT_THAT(text, ::testing::StartsWith("refused\n\none\n"));
  EXPECT_THAT(text, HasSubstr("temporary"));
  EXPECT_THAT(text, Not(HasSubstr("new\n")));
}

}  // namespace
}  // namespace oap::sandbox
