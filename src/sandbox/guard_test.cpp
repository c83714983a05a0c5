#include <array>
#include <cstddef>
#include <functional>

#include <gmock/gmock.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "async/runtime.hpp"
#include "os/file.hpp"
#include "os/testing/temp_dir.hpp"
#include "sandbox/run.hpp"

namespace oap::sandbox {
namespace {

using os::testing::TempDir;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Millis kPatience{20'000};

/// What `work` says in a process of its own, which may change what the kernel gives it.
std::string aside(const std::function<std::string()>& work) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const std::string text = work();
    [[maybe_unused]] const ssize_t written = ::write(ends[1], text.data(), text.size());
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string text;
  std::array<char, 4096> piece{};
  for (ssize_t size = 0; (size = ::read(ends[0], piece.data(), piece.size())) > 0;) {
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
  ::close(ends[0]);
  ::waitpid(pid, nullptr, 0);
  return text;
}

std::string told(Spec spec) {
  async::Runtime runtime;
  RunOptions options;
  options.deadline = Deadline::after(kPatience);
  options.merge_stderr = true;
  const auto output = runtime.run(run(runtime.executor(), std::move(spec), options));
  return output ? to_string(output->isolation) + "\n" + output->weakness + "\n" + output->note +
                      "\n" + output->out
                : "error " + output.error().message();
}

Spec shell(const std::string& script, const std::string& cwd) {
  Spec spec;
  spec.argv = {"/bin/bash", "--noprofile", "--norc", "-c", script};
  spec.cwd = cwd;
  spec.limits.network = false;
  return spec;
}

bool refuse(long number, int error) {
  std::array<sock_filter, 4> code{
      {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1),
       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
  const sock_fprog program{code.size(), code.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

constexpr const char* kUntilWatched = "for i in $(seq 20); do sleep 0.02; done; echo end";

TEST(Guard, WhatCannotBeWatchedIsSaidToBe) {
  const TempDir dir;
  for (const long number : {long{SYS_inotify_init1}, long{SYS_inotify_add_watch}}) {
    const std::string text = aside([&dir, number] {
      const int error = number == SYS_inotify_init1 ? EMFILE : ENOSPC;
      return refuse(number, error) ? told(shell(kUntilWatched, dir.path())) : "no filter";
    });
    EXPECT_THAT(text, AllOf(HasSubstr("fs=degraded"), HasSubstr("seccomp=enforced"),
                            HasSubstr("cannot be watched"), HasSubstr("end\n")));
    EXPECT_THAT(text, HasSubstr(number == SYS_inotify_init1 ? "Too many open files" : "No space"));
  }
  EXPECT_THAT(told(shell(kUntilWatched, dir.path())), HasSubstr("fs=enforced"));
}

TEST(Guard, WhereItIsRequiredThatIsTheEnd) {
  const TempDir dir;
  const std::string text = aside([&dir] {
    Spec spec = shell("sleep 20; echo end", dir.path());
    spec.require = {Kind::kFs};
    return refuse(SYS_inotify_init1, EMFILE) ? told(spec) : "no filter";
  });
  EXPECT_THAT(text, AllOf(HasSubstr("it was killed: fs must be enforced"), Not(HasSubstr("end\n")),
                          HasSubstr("fs=degraded")));
}

TEST(Service, StartsWhereTheStateHasAFileSystemOfItsOwn) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root mounts";
  }
  const TempDir dir;
  for (const char* place : {"/mnt", "/srv"}) {
    const std::string text = aside([&dir, place]() -> std::string {
      if (::unshare(CLONE_NEWNS) != 0 ||
          ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
          ::mount("none", place, "tmpfs", 0, nullptr) != 0) {
        return "no mount";
      }
      const std::string base = place;
      ::mkdir((base + "/state").c_str(), 0755);
      if (!os::write_file_atomic(base + "/state/oap.db", "STATESECRET") ||
          !os::write_file_atomic(base + "/plain", "plain\n")) {
        return "no file";
      }
      ::setenv("OPENCODE_DATA_PATH", (base + "/state").c_str(), 1);
      Spec spec = shell(
          "cat $PLACE/plain; cat $PLACE/state/*; ls -A $PLACE/state; echo x > made; "
          "cat made; touch $PLACE/new; touch /tmp/mine && echo end",
          dir.path());
      spec.env["PLACE"] = base;
      spec.profile = Profile::kService;
      return told(spec);
    });
    EXPECT_THAT(text, AllOf(HasSubstr("plain\n"), HasSubstr("x\n"), HasSubstr("end\n"),
                            Not(HasSubstr("STATESECRET"))));
  }
}

}  // namespace
}  // namespace oap::sandbox
