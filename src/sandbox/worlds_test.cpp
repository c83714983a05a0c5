#include <array>
#include <filesystem>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "async/runtime.hpp"
#include "os/env.hpp"
#include "os/file.hpp"
#include "os/testing/temp_dir.hpp"
#include "sandbox/groups.hpp"
#include "sandbox/host_paths.hpp"
#include "sandbox/identity.hpp"
#include "sandbox/run.hpp"
#include "sandbox/testing/world.hpp"

namespace oap::sandbox {
namespace {

using os::testing::TempDir;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::World;

constexpr Millis kPatience{20'000};

Spec shell(const std::string& script, const std::string& cwd) {
  Spec spec;
  spec.argv = {"/bin/bash", "--noprofile", "--norc", "-c", script};
  spec.cwd = cwd;
  spec.limits.network = false;
  return spec;
}

/// The result in another world, as one text: the isolation, then what was printed, or the error.
std::string run_in(World world, bool ordinary, const Spec& spec) {
  const auto prepare = [&] {};
  const auto work = [&] {
    async::Runtime runtime;
    RunOptions options;
    options.deadline = Deadline::after(kPatience);
    options.merge_stderr = true;
    const auto output = runtime.run(run(runtime.executor(), spec, options));
    std::string text =
        output ? to_string(output->isolation) + "\n" + output->weakness + "\n" + output->out
               : "error " + std::string(to_string(output.error().code())) + " " +
                     output.error().message();
    return text;
  };
  return testing::in_world(world, ordinary, prepare, work);
}

class Worlds : public ::testing::Test {
 protected:
  std::string run_here(World world, bool ordinary, const Spec& spec) {
    if (ordinary && ::geteuid() == 0) {
      ::chown(dir_.path().c_str(), testing::kOrdinaryUid, testing::kOrdinaryUid);
    }
    return run_in(world, ordinary && ::geteuid() == 0, spec);
  }
  TempDir dir_;
};

TEST_F(Worlds, EachSaysWhatItGives) {
  const Spec spec = shell("touch made-$$-$UID && echo made", dir_.path());
  for (const bool ordinary : {false, true}) {
    EXPECT_THAT(run_here(World::kFull, ordinary, spec),
                HasSubstr("fs=enforced net=enforced pid=enforced seccomp=enforced"));
    const std::string bare = run_here(World::kBare, ordinary, spec);
    EXPECT_THAT(bare, HasSubstr("fs=degraded net=degraded pid=degraded seccomp=enforced"));
    EXPECT_THAT(bare, HasSubstr("namespaces: Operation not permitted\nmade\n"));
    const std::string nothing = run_here(World::kNothing, ordinary, spec);
    EXPECT_THAT(nothing, HasSubstr("fs=none net=none"));
    EXPECT_THAT(nothing, HasSubstr("seccomp=none"));
    EXPECT_THAT(nothing, HasSubstr("made\n"));
  }
}

TEST_F(Worlds, WithoutUserNamespacesRootStillBuildsTheRest) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "an ordinary user has no namespaces then";
  }
  const std::string text = run_here(World::kNoUserNamespaces, false,
                                    shell("touch made && stat -c %u made && ls /", dir_.path()));
  EXPECT_THAT(text, HasSubstr("net=enforced pid=enforced seccomp=enforced"));
  EXPECT_THAT(text, HasSubstr("fs=degraded")) << "the owner's uid, for want of an idmapped mount";
  EXPECT_THAT(text, HasSubstr("0\nbin\n"));
  EXPECT_THAT(text, Not(HasSubstr("work\n")));
}

TEST_F(Worlds, BelowWhatIsRequiredNothingIsRun) {
  Spec spec = shell("touch ran", dir_.path());
  spec.require = {Kind::kFs};
  EXPECT_THAT(run_here(World::kBare, false, spec),
              HasSubstr("fs must be enforced, but this machine gives fs=degraded"));
  spec.require = {Kind::kSeccomp, Kind::kNet};
  EXPECT_THAT(run_here(World::kBare, false, spec), HasSubstr("seccomp, net must be enforced"));
  EXPECT_THAT(run_here(World::kNothing, true, spec), HasSubstr("error"));
  EXPECT_FALSE(os::exists(dir_ / "ran"));
  EXPECT_THAT(run_here(World::kFull, false, spec), HasSubstr("seccomp=enforced"));
  EXPECT_TRUE(os::exists(dir_ / "ran"));
}

TEST_F(Worlds, WhatCannotBeHadAtAllIsRefusedBeforehand) {
  Spec spec = shell("touch ran", dir_.path());
  for (const Kind kind : {Kind::kDisk, Kind::kCpu}) {
    spec.require = {kind};
    EXPECT_THAT(run_here(World::kFull, false, spec), HasSubstr("must be enforced, but"));
  }
  spec.limits.network = true;
  spec.require = {Kind::kNet};
  EXPECT_THAT(run_here(World::kFull, false, spec), HasSubstr("the whole network was asked for"));
  spec.profile = Profile::kOwn;
  EXPECT_THAT(run_here(World::kFull, false, spec), HasSubstr("must be enforced"));
  EXPECT_FALSE(os::exists(dir_ / "ran"));
}

TEST_F(Worlds, HostsOneByOneNeedANetworkNamespace) {
  Spec spec = shell("touch ran; sleep 5", dir_.path());
  spec.through_proxy = true;
  EXPECT_THAT(run_here(World::kBare, false, spec), HasSubstr("needs a network namespace"));
}

TEST_F(Worlds, NoWorkspaceOfTheSystemOrWithItsSecrets) {
  for (const char* bad : {"/", "/usr", "/etc", "/var", "/proc"}) {
    Spec spec = shell("true", dir_.path());
    spec.workspace = bad;
    EXPECT_THAT(run_here(World::kFull, false, spec), HasSubstr("belongs to the system")) << bad;
    spec.workspace = dir_.path();
    spec.writable = {bad};
    EXPECT_THAT(run_here(World::kFull, false, spec), HasSubstr("belongs to the system")) << bad;
  }
  dir_.write("state/oap.db", "x");
  ::setenv("OPENCODE_DATA_PATH", (dir_ / "state").c_str(), 1);
  Spec spec = shell("cat state/oap.db; ls -A state; echo x > state/new", dir_.path());
  const std::string text = run_here(World::kFull, false, spec);
  EXPECT_THAT(text, Not(HasSubstr("x\n"))) << "hidden also inside the workspace";
  spec.writable = {dir_ / "state"};
  EXPECT_THAT(run_here(World::kFull, false, spec),
              HasSubstr("credentials or this program's state"));
  ::unsetenv("OPENCODE_DATA_PATH");
}

TEST_F(Worlds, NoWritablePlaceByALinkOutOfTheWorkspace) {
  const TempDir other;
  other.write("place/x", "x");
  dir_.write("work/real/x", "x");
  ::symlink(other.path().c_str(), (dir_ / "work/link").c_str());
  ::symlink("real", (dir_ / "work/inner").c_str());
  ::symlink("work", (dir_ / "w").c_str());
  Spec spec = shell("echo y > real/x && echo fine", dir_ / "work");
  for (const char* place : {"work/link/place", "work/link", "w/link/place", "work/real/../link"}) {
    spec.writable = {dir_ / place};
    spec.workspace = dir_ / (place[1] == '/' ? "w" : "work");
    EXPECT_THAT(run_here(World::kFull, false, spec), HasSubstr("leads out of"));
  }
  spec.workspace = other / "place";
  spec.cwd = spec.workspace;
  spec.writable = {dir_ / "work/link/place", dir_ / "work"};
  EXPECT_THAT(run_here(World::kFull, false, spec), HasSubstr("leads out of"));
  spec.workspace = spec.cwd = dir_ / "work";
  spec.writable = {dir_ / "work/inner", other / "place"};
  EXPECT_THAT(run_here(World::kFull, false, spec), HasSubstr("fine\n"));
}

TEST_F(Worlds, TheFoldersAboveTheStateStayInTheirPlace) {
  dir_.write("a/b/state/oap.db", "x");
  ::setenv("OPENCODE_DATA_PATH", (dir_ / "a/b/state").c_str(), 1);
  std::string text =
      run_here(World::kFull, false,
               shell("mv a a2 && echo MOVED; mv a/b a/b2 && echo MOVED; rm -rf a/b && "
                     "echo MOVED; mkdir -p a/b/state/x && echo MADE; echo x > a/new "
                     "&& echo fine",
                     dir_.path()));
  EXPECT_THAT(
      text, ::testing::AllOf(HasSubstr("fine\n"), Not(HasSubstr("MOVED")), Not(HasSubstr("MADE"))));
  ::setenv("OPENCODE_DATA_PATH", (dir_ / "c/d/state").c_str(), 1);
  text =
      run_here(World::kFull, false,
               shell("mkdir -p c/d/state && echo x > c/d/state/trust && echo MADE", dir_.path()));
  EXPECT_THAT(text, Not(HasSubstr("MADE"))) << "a state that is not there yet";
  ::unsetenv("OPENCODE_DATA_PATH");
  EXPECT_FALSE(os::exists(dir_ / "c"));
}

TEST_F(Worlds, NothingOfTheSystemIsGiven) {
  for (const char* bad : {"/proc/sys", "/sys/kernel", "/dev/shm", "/dev/null", "/etc/cron.d",
                          "/usr/bin", "/run", "/boot", "/home", "/var/log"}) {
    Spec spec = shell("true", dir_.path());
    spec.writable = {bad};
    EXPECT_THAT(run_here(World::kFull, false, spec),
                os::exists(bad) ? HasSubstr("belongs to the system") : HasSubstr("error"))
        << bad;
  }
  for (const std::string& bad : {std::string("/"), std::string("/proc/1"), std::string("/dev"),
                                 std::string("/sys"), os::home_dir()}) {
    Spec spec = shell("true", dir_.path());
    spec.readable = {bad};
    EXPECT_THAT(run_here(World::kFull, false, spec), HasSubstr("cannot be shown")) << bad;
  }
}

TEST_F(Worlds, LimitsThatLeaveNothingAreRefused) {
  const auto with = [this](auto set) {
    Spec spec = shell("true", dir_.path());
    set(spec.limits);
    return run_here(World::kFull, false, spec);
  };
  EXPECT_THAT(with([](Limits& limits) { limits.processes = 0; }), HasSubstr("a limit of 0"));
  EXPECT_THAT(with([](Limits& limits) { limits.cpu_percent = -5; }), HasSubstr("a limit of 0"));
  EXPECT_THAT(with([](Limits& limits) { limits.memory_bytes = 1; }), HasSubstr("too small"));
  EXPECT_THAT(with([](Limits& limits) { limits.disk_bytes = ~0ULL; }), HasSubstr("more than any"));
  EXPECT_THAT(with([](Limits& limits) { limits.disk_bytes = 1ULL << 50; }),
              HasSubstr("fs=enforced"));
}

TEST_F(Worlds, WhatOtherUsersKeepSecretIsNotShown) {
  const std::string home = os::home_dir();
  ::setenv("HOME", (dir_ / "home").c_str(), 1);
  dir_.write("home/x", "x");
  dir_.write("work/x", "x");
  Spec spec = shell("ls -A /root/.ssh; cat /root/.ssh/*", dir_ / "work");
  spec.readable = {"/root/.cargo"};
  const std::string text = run_here(World::kFull, false, spec);
  ::setenv("HOME", home.c_str(), 1);
  EXPECT_THAT(text, Not(HasSubstr("authorized_keys")));
}

/// Waits for a file, with a limit.
bool comes(const std::string& path) {
  const Deadline deadline = Deadline::after(kPatience);
  while (!os::exists(path) && !deadline.passed()) {
    ::usleep(2000);
  }
  return os::exists(path);
}

TEST_F(Worlds, ProtectionOutlivesWhatTheHostReplaces) {
  for (const bool ordinary : {false, true}) {
    const std::string base = dir_ / (ordinary ? "user" : "root");
    for (const char* file :
         {"/.git/config", "/.git/HEAD", "/.vscode/settings.json", "/.git/hooks/x"}) {
      ASSERT_TRUE(os::make_dirs(parent_of(base + file)));
      ASSERT_TRUE(os::write_file_atomic(base + file, "[core]\n\tbare = false\n"));
    }
    if (::geteuid() == 0 && ordinary) {
      for (const char* each : {"", "/.git", "/.git/config", "/.git/HEAD", "/.git/hooks", "/.vscode",
                               "/.vscode/settings.json", "/.git/hooks/x"}) {
        ASSERT_EQ(::chown((base + each).c_str(), testing::kOrdinaryUid, testing::kOrdinaryUid), 0);
      }
      ::chown(dir_.path().c_str(), testing::kOrdinaryUid, testing::kOrdinaryUid);
    }
    const pid_t host = ::fork();
    if (host == 0) {
      bool done = !ordinary || ::geteuid() != 0 || testing::become_ordinary();
      done = done && comes(base + "/started");
      done = done && os::write_file_atomic(base + "/.git/config", "[core]\n\tbare = true\n");
      done = done && ::unlink((base + "/.mcp.json").c_str()) == 0;
      done = done && std::filesystem::remove_all(base + "/.vscode") > 0;
      done = done && std::filesystem::remove_all(base + "/.git/hooks") > 0;
      ::usleep(300'000);
      done = done && os::write_file_atomic(base + "/go", "");
      ::_exit(done ? 0 : 1);
    }
    const std::string text = run_in(
        World::kFull, ordinary && ::geteuid() == 0,
        shell("touch started; while [ ! -e go ]; do sleep 0.02; done; "
              "echo x >> .git/config && echo MADE config; echo x > .mcp.json && echo MADE mcp; "
              "mkdir -p .vscode/x && echo MADE vscode; mkdir -p .git/hooks && echo x > "
              ".git/hooks/pre-commit && echo MADE hook; grep bare .git/config; echo end",
              base));
    int status = -1;
    ::waitpid(host, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_THAT(text, Not(HasSubstr("MADE")));
    EXPECT_THAT(text, HasSubstr("bare = true\nend"));
    EXPECT_FALSE(os::exists(base + "/.vscode")) << "the stand-ins go";
    EXPECT_FALSE(os::exists(base + "/.mcp.json"));
  }
}

TEST_F(Worlds, AHomeAsWorkspaceKeepsItsStartFilesAndSecrets) {
  const std::string before = os::home_dir();
  ::setenv("HOME", dir_.path().c_str(), 1);
  dir_.write(".config/other", "x");
  dir_.write(".ssh/id", "KEY");
  const std::string text = run_here(
      World::kFull, false,
      shell(
          "cat .ssh/id; for f in .bashrc .zshrc .aws .ssh/config .config/oap/config.yaml "
          ".config/systemd/user/a.service .local/state/oap/trust .netrc; do mkdir -p $(dirname $f) "
          "&& echo x > $f && echo MADE $f; done 2>/dev/null; mv .config c && echo MADE; "
          "echo y > .config/other && echo fine",
          dir_.path()));
  ::setenv("HOME", before.c_str(), 1);
  EXPECT_THAT(text, Not(HasSubstr("MADE")));
  EXPECT_THAT(text, Not(HasSubstr("KEY")));
  EXPECT_THAT(text, HasSubstr("fine\n"));
  EXPECT_THAT(os::list_dir(dir_.path()).value(), ::testing::ElementsAre(".config", ".ssh"));
  EXPECT_THAT(os::list_dir(dir_ / ".config").value(), ::testing::ElementsAre("other"));
}

TEST_F(Worlds, ManyInOneWorkspaceKeepItsProtection) {
  std::array<pid_t, 6> runners{};
  for (pid_t& runner : runners) {
    runner = ::fork();
    if (runner == 0) {
      bool held = true;
      for (int i = 0; i < 8; ++i) {
        const std::string text = run_in(
            World::kFull, false,
            shell("for i in 1 2 3 4 5; do mkdir -p .claude/x .git/hooks/y 2>/dev/null && echo BAD; "
                  "echo x > .mcp.json && echo BAD; done; echo end",
                  dir_.path()));
        held =
            held && text.find("BAD") == std::string::npos && text.find("end") != std::string::npos;
      }
      ::_exit(held ? 0 : 1);
    }
  }
  for (const pid_t runner : runners) {
    int status = -1;
    ::waitpid(runner, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_THAT(os::list_dir(dir_.path()).value(), IsEmpty()) << "the last one takes them away";
}

TEST_F(Worlds, APlaceholderThatSomebodyUsedStays) {
  const std::string claude = dir_ / ".opencode";
  const std::string text = run_here(World::kFull, false, shell("true", dir_.path()));
  EXPECT_FALSE(os::exists(claude));
  ::mkdir(claude.c_str(), 01755);
  ::chmod(claude.c_str(), 01755);
  dir_.write(".opencode/mine", "kept");
  run_here(World::kFull, false, shell("true", dir_.path()));
  EXPECT_EQ(os::read_file(claude + "/mine"), "kept");
  ::symlink("elsewhere", (dir_ / ".mcp.json").c_str());
  run_here(World::kFull, false, shell("true", dir_.path()));
  EXPECT_EQ(::unlink((dir_ / ".mcp.json").c_str()), 0) << "the user's own link";
}

TEST(GroupsTest, FindsVersionOneByController) {
  const TempDir dir;
  for (const char* group : {"memory/own", "cpu,cpuacct/own", "pids"}) {
    dir.write(std::string(group) + "/cgroup.procs", "");
  }
  const GroupHome home =
      find_groups("4:memory:/own\n3:pids:/\n2:cpu,cpuacct:/own\n1:name=systemd:/\n",
                  "30 1 0:26 / /memory rw - cgroup cgroup rw,memory\n"
                  "31 1 0:27 / /cpu,cpuacct rw,nosuid shared:5 - cgroup cgroup rw,cpu,cpuacct\n"
                  "32 1 0:28 / /pids rw - cgroup cgroup rw,pids\n",
                  dir.path());
  EXPECT_EQ(home.memory, dir / "memory/own");
  EXPECT_EQ(home.cpu, dir / "cpu,cpuacct/own");
  EXPECT_EQ(home.pids, dir / "pids");
  EXPECT_FALSE(home.unified);
  Limits limits;
  limits.memory_bytes = 1000;
  limits.cpu_percent = 50;
  limits.processes = 7;
  const Groups groups(home, limits, "oap-1-1");
  ASSERT_EQ(groups.plans.size(), 3u);
  EXPECT_STREQ(groups.plans[0].files[0].value, "1000");
  EXPECT_STREQ(groups.plans[1].files[1].value, "50000");
  EXPECT_STREQ(groups.plans[2].directory, (dir / "pids/oap-1-1").c_str());
}

TEST(GroupsTest, VersionTwoGoesBesideItsOwnGroup) {
  const TempDir dir;
  dir.write("u/slice/cgroup.procs", "");
  dir.write("u/slice/cgroup.subtree_control", "cpu memory pids\n");
  dir.write("u/slice/own/cgroup.procs", "");
  dir.write("u/slice/own/cgroup.type", "domain");
  const std::string mounts = "30 1 0:26 / /u rw - cgroup2 cgroup2 rw,nsdelegate\n";
  const GroupHome home = find_groups("0::/slice/own\n", mounts, dir.path());
  EXPECT_EQ(home.unified, dir / "u/slice");
  EXPECT_TRUE(home.unified_memory && home.unified_cpu && home.unified_pids);
  Limits limits;
  limits.memory_bytes = 1000;
  limits.cpu_percent = 50;
  const Groups groups(home, limits, "oap-1-1");
  ASSERT_EQ(groups.plans.size(), 1u);
  EXPECT_EQ(groups.plans[0].facts, std::uint32_t{kFactMemory | kFactCpu});
  EXPECT_EQ(groups.plans[0].file_count, 4u);
  dir.write("u/slice/cgroup.subtree_control", "hugetlb\n");
  EXPECT_FALSE(find_groups("0::/slice/own\n", mounts, dir.path()).unified);
  EXPECT_FALSE(find_groups("0::/gone\n", mounts, dir.path()).unified);
  EXPECT_FALSE(find_groups("", "", dir.path()).unified);
}

TEST(IdentityTest, MapsAreWholeAndSwapTwo) {
  EXPECT_EQ(swap_map(0, 5), "0 5 1\n5 0 1\n1 1 4\n6 6 4294967289\n");
  EXPECT_EQ(swap_map(1000, 2000),
            "0 0 1000\n1000 2000 1\n2000 1000 1\n1001 1001 999\n2001 2001 4294965294\n");
}

TEST(IdentityTest, EachRunHasItsOwn) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root gives uids away";
  }
  const TempDir dir;
  const Identity first(dir.path(), true);
  std::uint32_t gone = 0;
  {
    const Identity second(dir.path(), true);
    EXPECT_NE(first.uid, second.uid);
    EXPECT_GE(second.uid, 0x70000000u);
    EXPECT_TRUE(second.idmap);
    gone = second.uid;
  }
  EXPECT_EQ(Identity(dir.path(), true).uid, gone);
}

TEST(Kinds, AreParsed) {
  EXPECT_EQ(parse_kinds("fs,net,disk").value(),
            (std::vector<Kind>{Kind::kFs, Kind::kNet, Kind::kDisk}));
  EXPECT_THAT(parse_kinds("").value(), IsEmpty());
  EXPECT_FALSE(parse_kinds("fs,"));
  EXPECT_FALSE(parse_kinds(",fs"));
  EXPECT_THAT(parse_kinds("fs,everything").error().message(), HasSubstr("'everything'"));
}

}  // namespace
}  // namespace oap::sandbox
