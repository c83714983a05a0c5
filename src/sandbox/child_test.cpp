#include "sandbox/child.hpp"

#include <dirent.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "async/deadline.hpp"
#include "async/runtime.hpp"
#include "os/file.hpp"
#include "os/testing/temp_dir.hpp"
#include "sandbox/testing/process.hpp"
#include "sandbox/tree.hpp"

namespace oap::sandbox {
namespace {

using os::testing::TempDir;
using testing::gone_within;
using ::testing::HasSubstr;
using testing::pid_in;

constexpr Millis kPatience{20'000};
constexpr Profile kProfiles[] = {Profile::kTool, Profile::kService, Profile::kOwn};

Spec shell(std::string script, std::string cwd = "") {
  Spec spec;
  spec.argv = {"bash", "--noprofile", "--norc", "-c", std::move(script)};
  spec.cwd = std::move(cwd);
  return spec;
}

std::unique_ptr<Child> start(async::Runtime& runtime, Spec spec) {
  auto child = Child::start(runtime.executor(), std::move(spec));
  EXPECT_TRUE(child) << child.error().to_string();
  return std::move(child).value_or(nullptr);
}

template <class T>
Result<T> soon(async::Runtime& runtime, Task<Result<T>> task) {
  return runtime.run(async::with_deadline(Deadline::after(kPatience), std::move(task), "it"));
}

Result<std::string> read_line(async::Runtime& runtime, Child& child) {
  std::string text;
  while (!text.ends_with('\n')) {
    OAP_TRY(const std::string piece, soon(runtime, child.out().read_some(100)));
    if (piece.empty()) {
      break;
    }
    text += piece;
  }
  return text;
}

pid_t parent_of(pid_t pid) {
  const std::string stat = os::read_file("/proc/" + std::to_string(pid) + "/stat").value_or("");
  long parent = -1;
  std::sscanf(stat.c_str() + stat.rfind(')') + 1, " %*c %ld", &parent);
  return static_cast<pid_t>(parent);
}

TEST(ChildTest, TalksBothWaysUntilItsInputEnds) {
  async::Runtime runtime;
  const auto child = start(runtime, shell("while read line; do echo got $line; done; exit 5"));
  ASSERT_TRUE(soon(runtime, child->in().write_all("one\n")));
  EXPECT_EQ(read_line(runtime, *child), "got one\n");
  ASSERT_TRUE(soon(runtime, child->in().write_all("two\n")));
  EXPECT_EQ(read_line(runtime, *child), "got two\n");
  child->in().close();
  EXPECT_EQ(read_line(runtime, *child), "");
  EXPECT_EQ(soon(runtime, child->wait()).value().code, 5);
  EXPECT_EQ(soon(runtime, child->wait()).value().code, 5);
  child->kill();
  child->terminate();
}

/// The supervisor is the program's parent, or that of the first process of its namespace.
pid_t supervisor_of(const Child& child) {
  const pid_t parent = parent_of(child.pid());
  return parent_of(parent) == ::getpid() ? parent : parent_of(parent);
}

TEST(ChildTest, PidIsTheProgramAndTheSupervisorIsNamed) {
  async::Runtime runtime;
  for (const Profile profile : kProfiles) {
    Spec spec = shell("echo $$; read line");
    spec.profile = profile;
    const auto child = start(runtime, spec);
    const auto inside = read_line(runtime, *child);
    const std::string status =
        os::read_file("/proc/" + std::to_string(child->pid()) + "/status").value_or("");
    const std::size_t at = status.find("NSpid:");
    const std::string numbers = status.substr(at, status.find('\n', at) + 1 - at);
    EXPECT_THAT(numbers, ::testing::EndsWith("\t" + inside.value_or("?")));
    EXPECT_THAT(numbers, HasSubstr("\t" + std::to_string(child->pid())));
    const pid_t supervisor = supervisor_of(*child);
    EXPECT_EQ(os::read_file("/proc/" + std::to_string(supervisor) + "/comm"), "oap-supervise\n");
    EXPECT_EQ(parent_of(supervisor), ::getpid());
  }
}

TEST(ChildTest, TheSupervisorHoldsNothingOpenButItsOwn) {
  async::Runtime runtime;
  const auto child = start(runtime, shell("read line"));
  const std::string fds = "/proc/" + std::to_string(supervisor_of(*child)) + "/fd";
  const auto open = os::list_dir(fds);
  if (!open) {
    GTEST_SKIP() << "only root may look";
  }
  EXPECT_GE(open->size(), 3u) << "status, life and signals";
  EXPECT_LE(open->size(), 10u)
      << "and notes, the workspace's lock, three control groups, the watch "
         "over guarded names and the namespaces it pins them in";
  if (child->isolation().pid == Layer::kEnforced) {
    const std::string init = "/proc/" + std::to_string(parent_of(child->pid())) + "/fd";
    EXPECT_EQ(os::list_dir(init)->size(), 1u) << "the notes";
  }
}

TEST(ChildTest, WaitMayBeCancelledAndAskedAgain) {
  async::Runtime runtime;
  const auto child = start(runtime, shell("read line; exit 7"));
  const auto late =
      runtime.run(async::with_deadline(Deadline::after(Millis{5}), child->wait(), "the child"));
  EXPECT_EQ(late.error().code(), Code::kDeadlineExceeded);
  child->in().close();
  EXPECT_EQ(soon(runtime, child->wait()).value().code, 7);
}

TEST(ChildTest, TerminateLetsItEndInOrder) {
  async::Runtime runtime;
  const auto child = start(
      runtime, shell("trap 'echo bye; exit 9' TERM; echo ready; while :; do sleep 0.01; done"));
  EXPECT_EQ(read_line(runtime, *child), "ready\n");
  child->terminate(kPatience);
  EXPECT_EQ(read_line(runtime, *child), "bye\n");
  EXPECT_EQ(soon(runtime, child->wait()).value().code, 9);
}

TEST(ChildTest, TerminateKillsWhatIgnoresIt) {
  async::Runtime runtime;
  const auto child =
      start(runtime, shell("trap '' TERM; echo ready; while :; do sleep 0.01; done"));
  EXPECT_EQ(read_line(runtime, *child), "ready\n");
  child->terminate(Millis{30});
  EXPECT_EQ(soon(runtime, child->wait()).value().signal, SIGKILL);
}

TEST(ChildTest, TerminateReachesAStoppedProgram) {
  async::Runtime runtime;
  const auto child = start(runtime, shell("echo ready; kill -STOP $$; sleep 1000"));
  EXPECT_EQ(read_line(runtime, *child), "ready\n");
  child->terminate(kPatience);
  EXPECT_EQ(soon(runtime, child->wait()).value().signal, SIGTERM);
}

Spec daemon_script(const std::string& dir, Profile profile) {
  Spec spec = shell("(setsid bash -c 'echo $$ > pid; exec sleep 1000' &); sleep 1000", dir);
  spec.env["OAP_MARK"] = dir;
  spec.profile = profile;
  return spec;
}

TEST(ChildTest, KillEndsTheTree) {
  for (const Profile profile : kProfiles) {
    const TempDir dir;
    async::Runtime runtime;
    const auto child = start(runtime, daemon_script(dir.path(), profile));
    ASSERT_GT(pid_in(dir / "pid"), 0);
    EXPECT_TRUE(testing::marked_come(dir.path(), 2));
    child->kill();
    EXPECT_EQ(soon(runtime, child->wait()).value().signal, SIGKILL);
    EXPECT_THAT(testing::marked(dir.path()), ::testing::IsEmpty());
  }
}

TEST(ChildTest, DestructionKillsAndReaps) {
  for (const Profile profile : kProfiles) {
    const TempDir dir;
    async::Runtime runtime;
    auto child = start(runtime, daemon_script(dir.path(), profile));
    ASSERT_GT(pid_in(dir / "pid"), 0);
    const pid_t program = child->pid();
    child.reset();
    EXPECT_THAT(testing::marked(dir.path()), ::testing::IsEmpty());
    EXPECT_FALSE(testing::runs(program));
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "no zombie is left";
  }
}

TEST(ChildTest, AKilledSupervisorTakesTheProgramAlong) {
  async::Runtime runtime;
  const auto child = start(runtime, shell("echo ready; while :; do sleep 0.01; done"));
  EXPECT_EQ(read_line(runtime, *child), "ready\n");
  ::kill(supervisor_of(*child), SIGKILL);
  const auto exit = soon(runtime, child->wait());
  EXPECT_EQ(exit.value().signal, SIGKILL);
  EXPECT_THAT(exit.value().note, HasSubstr("supervisor was killed"));
  EXPECT_TRUE(gone_within(child->pid(), kPatience));
}

// What a killed parent leaves: each script writes the pid of its last process to "pid".
constexpr const char* kOrphans[] = {
    "echo $$ > pid; exec sleep 1000",
    "trap '' TERM HUP; bash -c 'echo $$ > pid; exec sleep 1000'; :",
    "(setsid bash -c 'echo $$ > pid; exec sleep 1000' >/dev/null 2>&1 &); sleep 1000",
    "setsid bash -c 'setsid bash -c \"echo \\$\\$ > pid; exec sleep 1000\" &' & exec sleep 1000",
    "cat | bash -c 'echo $$ > pid; cat | sleep 1000'",
};

TEST(ChildTest, NothingOutlivesAParentKilledWithNine) {
  for (std::size_t i = 0; i < std::size(kOrphans) * std::size(kProfiles); ++i) {
    const char* script = kOrphans[i / std::size(kProfiles)];
    const TempDir dir;
    const pid_t parent = ::fork();
    if (parent == 0) {
      async::Runtime runtime;
      Spec spec = shell(script, dir.path());
      spec.env["OAP_MARK"] = dir.path();
      spec.profile = kProfiles[i % std::size(kProfiles)];
      const auto child = Child::start(runtime.executor(), std::move(spec));
      while (true) {
        ::pause();
      }
    }
    ASSERT_GT(pid_in(dir / "pid"), 0) << script;
    EXPECT_TRUE(testing::marked_come(dir.path(), 1)) << script;
    EXPECT_GE(measure_tree(parent).processes, 2u) << "a supervisor and the program";
    ::kill(parent, SIGKILL);
    ASSERT_EQ(::waitpid(parent, nullptr, 0), parent);
    EXPECT_TRUE(testing::marked_gone_within(dir.path(), kPatience)) << script;
  }
}

TEST(TreeTest, CountsDescendantsAndTheirMemory) {
  async::Runtime runtime;
  const auto child = start(runtime, shell("sleep 1000 & sleep 1000 & echo ready; wait"));
  EXPECT_EQ(read_line(runtime, *child), "ready\n");
  const TreeUse use = measure_tree(child->pid());
  EXPECT_EQ(use.processes, 2u);
  EXPECT_GT(use.resident_bytes, 100'000u);
  EXPECT_EQ(measure_tree(parent_of(child->pid())).processes, 3u);
  EXPECT_EQ(measure_tree(999'999'999).processes, 0u);
}

}  // namespace
}  // namespace oap::sandbox
