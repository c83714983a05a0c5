#include "sandbox/supervisor.hpp"

#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>

#include "sandbox/launch.hpp"
#include "sandbox/raw.hpp"
#include "sandbox/tree.hpp"

// glibc's clone under the name that sanitizers leave alone.
extern "C" int __clone(int (*function)(void*), void* stack, int flags, void* argument, ...);

namespace oap::sandbox {
namespace {

// Where the supervisor keeps its descriptors; 0 to 2 are the child's until it runs.
constexpr int kStatus = 3;
constexpr int kLife = 4;
constexpr int kFirstFree = 5;
constexpr int kOutOfTheWay = 16;

constexpr std::int64_t kWatchMs = 50;
constexpr std::int64_t kFirstWatchMs = 10;
constexpr std::int64_t kLongestKillPauseMs = 100;

OAP_AFTER_FORK void tell(Report::Kind kind, std::uint32_t detail, std::int32_t value) {
  const Report report{kind, detail, value};
  raw::write(kStatus, &report, sizeof report);
}

[[noreturn]] OAP_AFTER_FORK void give_up(Stage stage, long error) {
  tell(Report::Kind::kFailed, static_cast<std::uint32_t>(stage), static_cast<std::int32_t>(-error));
  raw::exit(1);
}

OAP_AFTER_FORK std::int64_t now_ms() {
  timespec now{};
  raw::call(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

OAP_AFTER_FORK int wait_for(pollfd* fds, nfds_t count, std::int64_t ms) {
  timespec time{ms / 1000, (ms % 1000) * 1'000'000};
  return static_cast<int>(
      raw::call(SYS_ppoll, fds, count, ms < 0 ? nullptr : &time, nullptr, std::size_t{0}));
}

OAP_AFTER_FORK void close_from(unsigned first) {
  if (raw::call(SYS_close_range, first, ~0u, 0) == 0) {
    return;
  }
  constexpr int kFormerKernels = 65536;
  for (int fd = static_cast<int>(first); fd < kFormerKernels; ++fd) {
    raw::close(fd);
  }
}

/// Leaves exactly descriptors 0 to 4 open.
OAP_AFTER_FORK void arrange_descriptors(const LaunchPlan& plan) {
  const int from[] = {plan.child_in, plan.child_out, plan.child_err, plan.status_out, plan.life_in};
  long moved[5] = {};
  for (int i = 0; i < 5; ++i) {
    moved[i] = raw::call(SYS_fcntl, from[i], F_DUPFD_CLOEXEC, kOutOfTheWay);
    if (moved[i] < 0) {
      raw::exit(1);
    }
  }
  for (int i = 0; i < 5; ++i) {
    raw::call(SYS_dup3, moved[i], i, i >= kStatus ? O_CLOEXEC : 0);
  }
  close_from(kFirstFree);
}

OAP_AFTER_FORK int open_signals() {
  std::uint64_t mask = std::uint64_t{1} << (SIGCHLD - 1);
  return static_cast<int>(
      raw::call(SYS_signalfd4, -1, &mask, sizeof mask, SFD_CLOEXEC | SFD_NONBLOCK));
}

struct Started {
  pid_t pid = 0;
  bool network_cut = false;
  LaunchNote failure;
};

struct Entry {
  const LaunchPlan* plan;
  NetworkCut cut;
  int notes;
};

OAP_AFTER_FORK int enter(void* argument) {
  const auto* entry = static_cast<const Entry*>(argument);
  become_program(*entry->plan, entry->cut, entry->notes);
}

/// Shares the memory until the program is executed, which spares copying page tables; but a process
/// that shares memory may not enter a user namespace.
OAP_AFTER_FORK pid_t fork_child(Entry& entry) {
  if (entry.cut == NetworkCut::kUserNamespace) {
    const auto pid = static_cast<pid_t>(raw::call(SYS_clone, SIGCHLD, 0, 0, 0, 0));
    if (pid == 0) {
      enter(&entry);
    }
    return pid;
  }
  constexpr std::size_t kStackSize = 64u << 10;
  alignas(16) char stack[kStackSize];
  const int pid = __clone(&enter, stack + kStackSize, CLONE_VM | CLONE_VFORK | SIGCHLD, &entry);
  return pid < 0 ? -errno : pid;
}

/// Reads what the child had to tell until it has executed its program or has ended.
OAP_AFTER_FORK void hear_notes(int notes, Started& started) {
  pollfd fds[2] = {{notes, POLLIN, 0}, {kLife, 0, 0}};
  while (true) {
    wait_for(fds, 2, -1);
    if ((fds[1].revents & (POLLHUP | POLLERR)) != 0) {
      raw::kill(started.pid, SIGKILL);
      raw::exit(1);
    }
    LaunchNote note{};
    const long size = fds[0].revents != 0 ? raw::read(notes, &note, sizeof note) : -EAGAIN;
    if (size == 0) {
      return;
    }
    if (size == static_cast<long>(sizeof note) && note.stage == Stage::kNone) {
      started.network_cut = true;
    } else if (size == static_cast<long>(sizeof note)) {
      started.failure = note;
    }
  }
}

OAP_AFTER_FORK Started try_start(const LaunchPlan& plan, NetworkCut cut) {
  int pipe_ends[2] = {-1, -1};
  if (const long error = raw::call(SYS_pipe2, pipe_ends, O_CLOEXEC); error < 0) {
    give_up(Stage::kSupervisor, error);
  }
  Entry entry{&plan, cut, pipe_ends[1]};
  Started started;
  started.pid = fork_child(entry);
  raw::close(pipe_ends[1]);
  if (started.pid < 0) {
    give_up(Stage::kFork, started.pid);
  }
  hear_notes(pipe_ends[0], started);
  raw::close(pipe_ends[0]);
  if (started.failure.stage != Stage::kNone) {
    raw::call(SYS_wait4, started.pid, nullptr, __WALL, nullptr);
  }
  return started;
}

/// Starts the program with the best cut from the network that can be had; gives up where it does
/// not run at all.
OAP_AFTER_FORK Started start_child(const LaunchPlan& plan) {
  NetworkCut cut = NetworkCut::kNo;
  if (plan.cut_network) {
    cut = plan.privileged ? NetworkCut::kNamespace : NetworkCut::kUserNamespace;
  }
  while (true) {
    const Started started = try_start(plan, cut);
    if (started.failure.stage == Stage::kNone) {
      return started;
    }
    if (started.failure.stage != Stage::kNetwork) {
      give_up(started.failure.stage, started.failure.error);
    }
    cut = cut == NetworkCut::kNamespace ? NetworkCut::kUserNamespace : NetworkCut::kNo;
  }
}

/// The supervisor's life after the child has started.
class Supervision {
 public:
  OAP_AFTER_FORK Supervision(const LaunchPlan& plan, pid_t self, pid_t main, int signals)
      : plan_(plan), self_(self), main_(main), signals_(signals) {}

  [[noreturn]] OAP_AFTER_FORK void run() {
    next_watch_ = watches() ? now_ms() + kFirstWatchMs : 0;
    while (!reap()) {
      if (killing_) {
        kill_all();
      }
      pollfd fds[2] = {{signals_, POLLIN, 0}, {life_open_ ? kLife : -1, POLLIN, 0}};
      wait_for(fds, 2, pause());
      drain_signals();
      if (fds[1].revents != 0) {
        take_command();
      }
      const std::int64_t now = now_ms();
      if (kill_at_ != 0 && now >= kill_at_) {
        killing_ = true;
      }
      if (!killing_ && next_watch_ != 0 && now >= next_watch_) {
        watch();
        next_watch_ = now_ms() + kWatchMs;
      }
    }
    tell(Report::Kind::kExited, static_cast<std::uint32_t>(cause_), status_);
    raw::exit(0);
  }

 private:
  OAP_AFTER_FORK bool watches() const { return plan_.memory_bytes != 0 || plan_.processes != 0; }

  /// True when no descendant is left. Whatever loses its parent becomes ours (a subreaper).
  OAP_AFTER_FORK bool reap() {
    while (true) {
      int status = 0;
      const auto pid =
          static_cast<pid_t>(raw::call(SYS_wait4, -1, &status, WNOHANG | __WALL, nullptr));
      if (pid == main_) {
        status_ = status;
        main_gone_ = true;
        killing_ = true;
      }
      if (pid <= 0 && pid != -EINTR) {
        return pid == -ECHILD;
      }
    }
  }

  OAP_AFTER_FORK void kill_all() {
    if (!main_gone_) {
      raw::kill(-main_, SIGKILL);
    }
    kill_tree(self_);
    kill_pause_ = kill_pause_ * 2 < kLongestKillPauseMs ? kill_pause_ * 2 : kLongestKillPauseMs;
  }

  OAP_AFTER_FORK std::int64_t pause() const {
    if (killing_) {
      return kill_pause_;
    }
    std::int64_t next = kill_at_;
    if (next_watch_ != 0 && (next == 0 || next_watch_ < next)) {
      next = next_watch_;
    }
    if (next == 0) {
      return -1;
    }
    const std::int64_t left = next - now_ms();
    return left > 0 ? left : 0;
  }

  OAP_AFTER_FORK void drain_signals() const {
    signalfd_siginfo info;
    while (raw::read(signals_, &info, sizeof info) > 0) {
    }
  }

  OAP_AFTER_FORK void take_command() {
    Command command{};
    const long size = raw::read(kLife, &command, sizeof command);
    if (size != static_cast<long>(sizeof command)) {
      life_open_ = false;
      killing_ = true;
    } else if (command.kind == Command::Kind::kKill) {
      killing_ = true;
    } else if (!main_gone_ && kill_at_ == 0) {
      raw::kill(-main_, SIGTERM);
      raw::kill(-main_, SIGCONT);
      kill_at_ = now_ms() + command.grace_ms + 1;
    }
  }

  OAP_AFTER_FORK void watch() {
    const TreeUse use = measure_tree(self_);
    if (plan_.memory_bytes != 0 && use.resident_bytes > plan_.memory_bytes) {
      cause_ = Cause::kMemory;
      killing_ = true;
    } else if (plan_.processes != 0 && use.processes > plan_.processes) {
      cause_ = Cause::kProcesses;
      killing_ = true;
    }
  }

  const LaunchPlan& plan_;
  pid_t self_;
  pid_t main_;
  int signals_;
  int status_ = 0;
  bool main_gone_ = false;
  bool killing_ = false;
  bool life_open_ = true;
  std::int64_t kill_at_ = 0;
  std::int64_t next_watch_ = 0;
  std::int64_t kill_pause_ = 1;
  Cause cause_ = Cause::kNone;
};

[[noreturn]] OAP_AFTER_FORK void supervise(const LaunchPlan& plan) {
  raw::call(SYS_setsid);
  raw::call(SYS_prctl, PR_SET_NAME, "oap-supervise", 0, 0, 0);
  raw::call(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  arrange_descriptors(plan);
  default_signal_action(SIGCHLD);
  const int signals = open_signals();
  if (signals < 0) {
    give_up(Stage::kSupervisor, signals);
  }
  const Started started = start_child(plan);
  for (int fd = 0; fd <= 2; ++fd) {
    raw::close(fd);
  }
  raw::call(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  tell(Report::Kind::kStarted, started.network_cut ? 1 : 0, started.pid);
  const auto self = static_cast<pid_t>(raw::call(SYS_getpid));
  Supervision(plan, self, started.pid, signals).run();
}

}  // namespace

OAP_AFTER_FORK pid_t fork_supervisor(const LaunchPlan& plan) {
  const auto pid = static_cast<pid_t>(raw::call(SYS_clone, SIGCHLD, 0, 0, 0, 0));
  if (pid == 0) {
    supervise(plan);
  }
  return pid;
}

}  // namespace oap::sandbox
