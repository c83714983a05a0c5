#include "sandbox/run.hpp"

#include <array>
#include <cstdlib>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include "async/cancel.hpp"
#include "async/runtime.hpp"
#include "os/file.hpp"
#include "os/testing/temp_dir.hpp"
#include "sandbox/testing/process.hpp"

namespace oap::sandbox {
namespace {

using os::testing::TempDir;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::pid_in;
using ::testing::StartsWith;

constexpr Millis kPatience{20'000};

Spec shell(std::string script) {
  Spec spec;
  spec.argv = {"bash", "--noprofile", "--norc", "-c", std::move(script)};
  return spec;
}

Result<Output> run_now(Spec spec, RunOptions options = {}) {
  async::Runtime runtime;
  options.deadline = options.deadline.sooner(Deadline::after(kPatience));
  return runtime.run(run(runtime.executor(), std::move(spec), std::move(options)));
}

TEST(Run, GivesOutputAndCode) {
  const auto output = run_now(shell("echo out; echo err >&2; exit 3"));
  ASSERT_TRUE(output) << output.error().to_string();
  EXPECT_EQ(output->exit_code, 3);
  EXPECT_EQ(output->signal, 0);
  EXPECT_EQ(output->out, "out\n");
  EXPECT_EQ(output->err, "err\n");
  EXPECT_FALSE(output->truncated);
  EXPECT_FALSE(output->timed_out);
  EXPECT_EQ(output->note, "");
}

TEST(Run, GivesSignals) {
  const auto output = run_now(shell("kill -SEGV $$"));
  ASSERT_TRUE(output);
  EXPECT_EQ(output->signal, SIGSEGV);
  EXPECT_EQ(output->exit_code, 128 + SIGSEGV);
}

TEST(Run, FeedsInputAndEndsIt) {
  RunOptions options;
  options.input = std::string(300'000, 'x');
  const auto output = run_now(shell("wc -c"), options);
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out, "300000\n");
  EXPECT_EQ(run_now(shell("cat; echo end")).value().out, "end\n");
}

TEST(Run, DoesNotMindInputThatNobodyReads) {
  RunOptions options;
  options.input = std::string(300'000, 'x');
  const auto output = run_now(shell("exec 0<&-; exit 0"), options);
  ASSERT_TRUE(output);
  EXPECT_EQ(output->exit_code, 0);
}

TEST(Run, MergesStderrInOrder) {
  RunOptions options;
  options.merge_stderr = true;
  const auto output = run_now(shell("echo 1; echo 2 >&2; echo 3"), options);
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out, "1\n2\n3\n");
  EXPECT_EQ(output->err, "");
}

TEST(Run, KeepsHeadAndTailOfAFlood) {
  RunOptions options;
  options.max_output_bytes = 1000;
  const auto output =
      run_now(shell("echo begin; head -c 20000000 /dev/zero | tr '\\0' x; echo end"), options);
  ASSERT_TRUE(output);
  EXPECT_EQ(output->exit_code, 0);
  EXPECT_TRUE(output->truncated);
  EXPECT_THAT(output->out,
              AllOf(StartsWith("begin\nxxx"), EndsWith("xxxend\n"), HasSubstr("bytes left out")));
  EXPECT_LT(output->out.size(), 1100u);
}

TEST(Run, NamesAMissingProgramAndThePath) {
  Spec spec;
  spec.argv = {"oap-no-such-program"};
  spec.env = {{"PATH", "/usr/bin:/bin"}};
  const auto output = run_now(spec);
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code(), Code::kNotFound);
  EXPECT_THAT(output.error().message(),
              HasSubstr("no such program 'oap-no-such-program' in PATH /usr/bin:/bin"));
  spec.argv = {"/no/such/program"};
  EXPECT_EQ(run_now(spec).error().code(), Code::kNotFound);
  spec.argv = {};
  EXPECT_EQ(run_now(spec).error().code(), Code::kInvalidArgument);
  spec.argv = {""};
  EXPECT_EQ(run_now(spec).error().code(), Code::kInvalidArgument);
  spec.argv = {"echo", std::string("a\0b", 3)};
  EXPECT_EQ(run_now(spec).error().code(), Code::kInvalidArgument);
}

TEST(Run, SaysWhyAFileCannotBeExecuted) {
  const TempDir dir;
  Spec spec;
  spec.argv = {dir.write("plain", "text")};
  EXPECT_EQ(run_now(spec).error().code(), Code::kPermissionDenied);
  spec.argv = {dir.write("no-interpreter", "#!/no/such/interpreter\n")};
  ASSERT_EQ(::chmod(spec.argv[0].c_str(), 0755), 0);
  auto output = run_now(spec);
  EXPECT_EQ(output.error().code(), Code::kNotFound);
  EXPECT_THAT(output.error().message(), HasSubstr("interpreter"));
  spec.argv = {dir.write("garbage", "garbage")};
  ASSERT_EQ(::chmod(spec.argv[0].c_str(), 0755), 0);
  output = run_now(spec);
  EXPECT_EQ(output.error().code(), Code::kInvalidArgument);
  EXPECT_THAT(output.error().message(), HasSubstr("#!"));
  spec.argv = {"echo", std::string(4u << 20, 'x')};
  EXPECT_THAT(run_now(spec).error().message(), HasSubstr("too long"));
  spec.argv = {"plain"};
  spec.env = {{"PATH", dir.path()}};
  EXPECT_EQ(run_now(spec).error().code(), Code::kPermissionDenied);
}

TEST(Run, ChangesTheDirectoryAndNamesAMissingOne) {
  const TempDir dir;
  Spec spec = shell("pwd");
  spec.cwd = dir.path();
  EXPECT_EQ(run_now(spec).value().out, dir.path() + "\n");
  spec.cwd = dir / "none";
  const auto output = run_now(spec);
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code(), Code::kNotFound);
  EXPECT_THAT(output.error().message(), HasSubstr(dir / "none"));
  dir.write("here.sh", "#!/bin/sh\necho found\n");
  ASSERT_EQ(::chmod((dir / "here.sh").c_str(), 0755), 0);
  spec.cwd = dir.path();
  spec.argv = {"./here.sh"};
  EXPECT_EQ(run_now(spec).value().out, "found\n");
}

TEST(Run, GivesAMinimalEnvironment) {
  ::setenv("OAP_TEST_SECRET", "hunter2", 1);
  Spec spec;
  spec.argv = {"env"};
  spec.env = {{"EXTRA", "1"}, {"TERM", "mine"}};
  const auto output = run_now(spec);
  ::unsetenv("OAP_TEST_SECRET");
  ASSERT_TRUE(output);
  EXPECT_THAT(output->out, Not(HasSubstr("hunter2")));
  EXPECT_THAT(output->out, AllOf(HasSubstr("EXTRA=1\n"), HasSubstr("TERM=mine\n"),
                                 HasSubstr("PATH=/"), HasSubstr("HOME=/")));
  std::size_t at = 0;
  while (at < output->out.size()) {
    const std::string name = output->out.substr(at, output->out.find('=', at) - at);
    EXPECT_THAT(name, ::testing::AnyOf("EXTRA", "GIT_TEMPLATE_DIR", "HOME", "LANG", "LC_ALL",
                                       "PATH", "TERM", "TMPDIR", "USER"));
    at = output->out.find('\n', at) + 1;
  }
  spec.env = {{"A=B", "1"}};
  EXPECT_EQ(run_now(spec).error().code(), Code::kInvalidArgument);
}

TEST(Run, LeaksNoDescriptorEitherWay) {
  const int inherited = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC on purpose
  ASSERT_TRUE(run_now(shell("true")));                  // what is opened once and kept
  const auto before = os::list_dir("/proc/self/fd").value().size();
  for (int i = 0; i < 5; ++i) {
    const auto output = run_now(shell("ls /proc/self/fd | wc -l"));
    ASSERT_TRUE(output);
    EXPECT_EQ(output->out, "4\n") << "0, 1, 2 and the directory itself";
    Spec missing;
    missing.argv = {"/bin"};
    EXPECT_FALSE(run_now(missing));
  }
  EXPECT_EQ(os::list_dir("/proc/self/fd").value().size(), before);
  ::close(inherited);
}

TEST(Run, StartsInASessionOfItsOwnWithDefaultSignals) {
  ::signal(SIGUSR1, SIG_IGN);
  Spec spec;
  spec.argv = {"cat", "/proc/self/stat", "/proc/self/status", "/proc/self/limits"};
  const auto output = run_now(spec);
  ::signal(SIGUSR1, SIG_DFL);
  ASSERT_TRUE(output);
  long pid = 0;
  long group = 0;
  long session = 0;
  ASSERT_EQ(std::sscanf(output->out.c_str(), "%ld (cat) %*c %*d %ld %ld", &pid, &group, &session),
            3);
  EXPECT_EQ(pid, group);
  EXPECT_EQ(pid, session);
  EXPECT_NE(session, ::getsid(0));
  EXPECT_THAT(output->out,
              AllOf(HasSubstr("SigBlk:\t0000000000000000"), HasSubstr("SigIgn:\t0000000000000000"),
                    HasSubstr("NoNewPrivs:\t1"), HasSubstr("Max core file size        0  ")));
}

TEST(Run, ADeadlineKillsAndKeepsWhatWasPrinted) {
  RunOptions options;
  options.deadline = Deadline::after(Millis{1500});
  const auto output = run_now(shell("trap '' TERM; echo before; sleep 1000; echo after"), options);
  ASSERT_TRUE(output);
  EXPECT_TRUE(output->timed_out);
  EXPECT_EQ(output->exit_code, 124);
  EXPECT_EQ(output->signal, SIGKILL);
  EXPECT_EQ(output->out, "before\n");
}

TEST(Run, APassedDeadlineStillGivesAnAnswer) {
  RunOptions options;
  options.deadline = Deadline::after(Millis{0});
  const auto output = run_now(shell("sleep 1000"), options);
  ASSERT_TRUE(output);
  EXPECT_TRUE(output->timed_out);
  EXPECT_EQ(output->exit_code, 124);
}

/// Runs until the script has written the file "pid", then cancels.
Result<Output> run_and_cancel(Spec spec, const std::string& pid_file) {
  async::Runtime runtime;
  async::CancelSource source;
  std::thread watcher([&source, pid_file] {
    pid_in(pid_file);
    source.request();
  });
  auto work = run(runtime.executor(), std::move(spec), {});
  auto result = runtime.run(async::cancellable(source.token(), std::move(work)));
  watcher.join();
  return result;
}

constexpr Profile kProfiles[] = {Profile::kTool, Profile::kService, Profile::kOwn};

// Each script leaves a process behind and writes its pid to the file "pid".
constexpr const char* kEscapes[] = {
    "sleep 1000 & echo $! > pid",
    "setsid sleep 1000 & echo $! > pid",
    "(setsid bash -c 'echo $$ > pid; exec sleep 1000' >/dev/null 2>&1 &) ; while [ ! -s pid ]; do "
    ":; "
    "done",
    "setsid bash -c 'setsid bash -c \"echo \\$\\$ > pid; exec sleep 1000\" & exit' & while [ ! -s "
    "pid "
    "]; do :; done",
    "bash -c 'trap \"\" TERM HUP INT; echo $$ > pid; while :; do sleep 1; done' & while [ ! -s pid "
    "]; "
    "do :; done",
    "nohup sleep 1000 >/dev/null 2>&1 & echo $! > pid; disown",
};

TEST(Run, NothingIsLeftBehindAtTheEnd) {
  for (const char* script : kEscapes) {
    const TempDir dir;
    Spec spec = shell(script);
    spec.cwd = dir.path();
    spec.env["OAP_MARK"] = dir.path();
    for (const Profile profile : kProfiles) {
      spec.profile = profile;
      ::unlink((dir / "pid").c_str());
      const auto output = run_now(spec);
      ASSERT_TRUE(output) << script;
      EXPECT_FALSE(output->timed_out) << script;
      EXPECT_EQ(output->exit_code, 0) << script;
      EXPECT_GT(pid_in(dir / "pid"), 0) << script;
      EXPECT_THAT(testing::marked(dir.path()), ::testing::IsEmpty()) << script;
    }
  }
}

TEST(Run, NothingIsLeftBehindAfterACancellation) {
  for (const char* script : kEscapes) {
    const TempDir dir;
    Spec spec = shell(std::string(script) + "\nsleep 1000");
    spec.cwd = dir.path();
    spec.env["OAP_MARK"] = dir.path();
    for (const Profile profile : kProfiles) {
      spec.profile = profile;
      ::unlink((dir / "pid").c_str());
      const auto output = run_and_cancel(spec, dir / "pid");
      ASSERT_TRUE(output) << script;
      EXPECT_TRUE(output->timed_out) << script;
      EXPECT_EQ(output->exit_code, 124) << script;
      EXPECT_GT(pid_in(dir / "pid"), 0) << script;
      EXPECT_THAT(testing::marked(dir.path()), ::testing::IsEmpty()) << script;
    }
  }
}

TEST(Run, EndsATreeThatGrowsMeanwhile) {
  RunOptions options;
  options.deadline = Deadline::after(Millis{400});
  const auto output = run_now(
      shell("grow() { while :; do (setsid sleep 3 &) ; done; }; grow & grow & wait"), options);
  ASSERT_TRUE(output);
  EXPECT_TRUE(output->timed_out);
  EXPECT_EQ(output->note, "");
}

TEST(Run, ManyAtOnceFromSeveralThreads) {
  std::vector<std::thread> threads;
  std::array<int, 4> good{};
  std::array<std::string, 4> wrong;
  for (std::size_t t = 0; t < good.size(); ++t) {
    threads.emplace_back([&good, &wrong, t] {
      async::Runtime runtime;
      for (int i = 0; i < 10; ++i) {
        Spec spec = shell("echo $((6*7))");
        const auto output = runtime.run(run(runtime.executor(), spec, {}));
        const bool fine = output && output->out == "42\n";
        good[t] += fine ? 1 : 0;
        wrong[t] += fine ? "" : output ? output->out + output->err : output.error().to_string();
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_THAT(good, ::testing::Each(10)) << ::testing::PrintToString(wrong);
}

}  // namespace
}  // namespace oap::sandbox
