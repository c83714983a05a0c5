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

TEST(ChildTest, PidIsTheProgramAndTheSupervisorIsNamed) {
  async::Runtime runtime;
  const auto child = start(runtime, shell("echo $$; read line"));
  EXPECT_EQ(read_line(runtime, *child), std::to_string(child->pid()) + "\n");
  const pid_t supervisor = parent_of(child->pid());
  EXPECT_EQ(os::read_file("/proc/" + std::to_string(supervisor) + "/comm"), "oap-supervise\n");
  EXPECT_EQ(parent_of(supervisor), ::getpid());
}

TEST(ChildTest, TheSupervisorHoldsNothingOpenButItsOwn) {
  async::Runtime runtime;
  const auto child = start(runtime, shell("read line"));
  const std::string fds = "/proc/" + std::to_string(parent_of(child->pid())) + "/fd";
  const auto open = os::list_dir(fds);
  if (!open) {
    GTEST_SKIP() << "only root may look";
  }
  EXPECT_EQ(open->size(), 3u) << "status, life and signals";
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

TEST(ChildTest, KillEndsTheTree) {
  const TempDir dir;
  async::Runtime runtime;
  const auto child = start(runtime, shell("(setsid bash -c 'echo $$ > pid; exec sleep 1000' &); "
                                          "sleep 1000",
                                          dir.path()));
  const pid_t daemon = pid_in(dir / "pid");
  ASSERT_TRUE(testing::runs(daemon));
  child->kill();
  EXPECT_EQ(soon(runtime, child->wait()).value().signal, SIGKILL);
  EXPECT_FALSE(testing::runs(daemon));
}

TEST(ChildTest, DestructionKillsAndReaps) {
  const TempDir dir;
  async::Runtime runtime;
  auto child = start(runtime, shell("(setsid bash -c 'echo $$ > pid; exec sleep 1000' &); "
                                    "sleep 1000",
                                    dir.path()));
  const pid_t daemon = pid_in(dir / "pid");
  const pid_t program = child->pid();
  child.reset();
  EXPECT_FALSE(testing::runs(daemon));
  EXPECT_FALSE(testing::runs(program));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "no zombie is left";
}

TEST(ChildTest, AKilledSupervisorTakesTheProgramAlong) {
  async::Runtime runtime;
  const auto child = start(runtime, shell("echo ready; while :; do sleep 0.01; done"));
  EXPECT_EQ(read_line(runtime, *child), "ready\n");
  ::kill(parent_of(child->pid()), SIGKILL);
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
  for (const char* script : kOrphans) {
    const TempDir dir;
    const pid_t parent = ::fork();
    if (parent == 0) {
      async::Runtime runtime;
      const auto child = Child::start(runtime.executor(), shell(script, dir.path()));
      while (true) {
        ::pause();
      }
    }
    const pid_t orphan = pid_in(dir / "pid");
    EXPECT_TRUE(testing::runs(orphan)) << script;
    EXPECT_GE(measure_tree(parent).processes, 2u) << "a supervisor and the program";
    ::kill(parent, SIGKILL);
    ASSERT_EQ(::waitpid(parent, nullptr, 0), parent);
    EXPECT_TRUE(gone_within(orphan, kPatience)) << script;
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
