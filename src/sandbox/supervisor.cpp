#include "sandbox/supervisor.hpp"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>

#include "sandbox/dropped.hpp"
#include "sandbox/git_hold.hpp"
#include "sandbox/git_walk.hpp"
#include "sandbox/placeholders.hpp"
#include "sandbox/raw.hpp"
#include "sandbox/start.hpp"
#include "sandbox/supervisor_ends.hpp"
#include "sandbox/tree.hpp"

namespace oap::sandbox {
namespace {

constexpr std::int64_t kWatchMs = 50;
constexpr std::int64_t kFirstWatchMs = 10;
constexpr std::int64_t kGuardMs = 20;
constexpr std::int64_t kLongestKillPauseMs = 100;

OAP_AFTER_FORK int wait_for(pollfd* fds, nfds_t count, std::int64_t ms) {
  timespec time{ms / 1000, (ms % 1000) * 1'000'000};
  return static_cast<int>(
      raw::call(SYS_ppoll, fds, count, ms < 0 ? nullptr : &time, nullptr, std::size_t{0}));
}

/// Of the whole life of the child.
OAP_AFTER_FORK Findings& found() {
  static constinit Findings findings;
  return findings;
}

/// The supervisor's life after the child has started.
class Supervision {
 public:
  OAP_AFTER_FORK Supervision(const LaunchPlan& plan, const GroupsHeld& groups,
                             const Started& started, int signals, std::int64_t began)
      : plan_(plan),
        began_(began),
        groups_(groups),
        started_(started),
        self_(static_cast<pid_t>(raw::call(SYS_getpid))),
        main_(started.pid),
        signals_(signals) {
    free_ = plan.disk_bytes != 0 ? free_bytes() : 0;
  }

  /// A protected name was replaced by the host meanwhile.
  OAP_AFTER_FORK bool disturbed() const { return guards_.disturbed(); }

  /// Until no descendant is left.
  OAP_AFTER_FORK Report run() {
    guard_at_ =
        plan_.guards.size > 0 && started_.namespaces.mount >= 0 ? raw::now_ms() + kGuardMs : 0;
    next_watch_ = watches() ? raw::now_ms() + kFirstWatchMs : 0;
    while (!reap()) {
      if (killing_) {
        kill_all();
      }
      pollfd fds[3] = {{signals_, POLLIN, 0},
                       {life_open_ ? kLife : -1, POLLIN, 0},
                       {guards_.descriptor(), POLLIN, 0}};
      wait_for(fds, 3, pause());
      drain_signals();
      if (fds[2].revents != 0 && !killing_) {
        guards_.attend(plan_);
        if (guards_.has_come()) {
          hold_names(plan_, found());
        }
        tell_if_unwatched();
      }
      if (fds[1].revents != 0) {
        take_command();
      }
      const std::int64_t now = raw::now_ms();
      if (guard_at_ != 0 && now >= guard_at_) {
        begin_guard();
      }
      if (kill_at_ != 0 && now >= kill_at_) {
        killing_ = true;
      }
      if (!killing_ && next_watch_ != 0 && now >= next_watch_) {
        watch();
        next_watch_ = raw::now_ms() + kWatchMs;
      }
    }
    if (cause_ == Cause::kNone) {
      look_at_groups();
      status_ = cause_ == Cause::kNone ? status_ : SIGKILL;  // it came first
    }
    Report report;
    report.kind = Report::Kind::kExited;
    report.detail = static_cast<std::uint32_t>(cause_);
    report.value = status_;
    return report;
  }

 private:
  OAP_AFTER_FORK bool watches() const {
    return plan_.memory_bytes != 0 || plan_.processes != 0 || plan_.disk_bytes != 0;
  }

  /// A control group refuses forks and tells so; a process limit refuses them in silence.
  OAP_AFTER_FORK bool counts_forks() const {
    for (std::size_t i = 0; i < plan_.groups.size && i < kMostGroups; ++i) {
      if (groups_.procs[i] >= 0 && plan_.groups.data[i].pids_events != nullptr) {
        return true;
      }
    }
    return false;
  }

  OAP_AFTER_FORK bool holds(Fact fact) const { return (started_.facts & fact) != 0; }

  /// True when no descendant is left. Whatever loses its parent becomes ours (a subreaper).
  OAP_AFTER_FORK bool reap() {
    while (true) {
      int status = 0;
      const auto pid =
          static_cast<pid_t>(raw::call(SYS_wait4, -1, &status, WNOHANG | __WALL, nullptr));
      if (pid > 0 && pid == started_.init) {
        main_gone_ = true;
        killing_ = true;
        status_ = SIGKILL;
        read_ended(started_.notes, status_);
      } else if (pid == main_) {
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
    if (started_.init > 0) {
      if (!main_gone_) {
        raw::kill(started_.init, SIGKILL);
      }
    } else if (!main_gone_) {
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
    if (guard_at_ != 0 && (next == 0 || guard_at_ < next)) {
      next = guard_at_;
    }
    if (next_watch_ != 0 && (next == 0 || next_watch_ < next)) {
      next = next_watch_;
    }
    if (next == 0) {
      return -1;
    }
    const std::int64_t left = next - raw::now_ms();
    return left > 0 ? left : 0;
  }

  /// Not at once: to end the watch takes the kernel some milliseconds, and most children are brief.
  OAP_AFTER_FORK void begin_guard() {
    guard_at_ = 0;
    Namespaces namespaces = started_.namespaces;
    if (plan_.privileged) {
      namespaces.user = -1;  // the child's is this one's
    }
    guards_.begin(plan_, namespaces);
    hold_names(plan_, found());
    tell_if_unwatched();
  }

  /// Once. Where the protection is required, that is the end.
  OAP_AFTER_FORK void tell_if_unwatched() {
    if (guards_.failure() == 0 || told_unwatched_) {
      return;
    }
    told_unwatched_ = true;
    Report report;
    report.kind = Report::Kind::kWeaker;
    report.detail = kFactProtected;
    report.value = static_cast<std::int32_t>(-guards_.failure());
    tell(report);
    if ((plan_.required & kFactProtected) != 0) {
      cause_ = Cause::kUnwatched;
      killing_ = true;
    }
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
      kill_at_ = raw::now_ms() + command.grace_ms + 1;
    }
  }

  /// What the kernel holds by itself, it only has to tell; the rest is measured.
  OAP_AFTER_FORK void watch() {
    look_at_groups();
    const bool memory = plan_.memory_bytes != 0 && !holds(kFactMemory);
    const bool processes = plan_.processes != 0 && !counts_forks();
    if (cause_ == Cause::kNone && (memory || processes || plan_.disk_bytes != 0)) {
      const TreeUse use = measure_tree(self_, plan_.disk_bytes != 0);
      if (memory && use.resident_bytes > plan_.memory_bytes) {
        cause_ = Cause::kMemory;
      } else if (processes && use.processes > plan_.processes + (started_.init > 0 ? 1 : 0)) {
        cause_ = Cause::kProcesses;
      } else if (plan_.disk_bytes != 0 &&
                 (use.written_bytes > plan_.disk_bytes || has_filled_disk())) {
        cause_ = Cause::kDisk;
      }
    }
    killing_ = killing_ || cause_ != Cause::kNone;
  }

  OAP_AFTER_FORK std::uint64_t free_bytes() const {
    struct statfs disk{};
    return plan_.workspace != nullptr && raw::call(SYS_statfs, plan_.workspace, &disk) == 0
               ? static_cast<std::uint64_t>(disk.f_bfree) * static_cast<std::uint64_t>(disk.f_bsize)
               : 0;
  }

  /// What processes have written that nobody waited for is in no count, but on the disk: where that
  /// gets fuller by more than the limit, the files are looked at.
  OAP_AFTER_FORK bool has_filled_disk() {
    const std::uint64_t now = free_bytes();
    if (now + plan_.disk_bytes >= free_) {
      return false;
    }
    std::uint64_t bytes = 0;
    GitWalk walk;
    walk.unchanged_since = began_;
    walk.bytes = &bytes;
    for (const char* const place : plan_.searched) {
      walk_git(place, walk);
    }
    free_ = now + plan_.disk_bytes / 2;
    return bytes > plan_.disk_bytes;
  }

  OAP_AFTER_FORK void look_at_groups() {
    if (holds(kFactMemory) && count_memory_kills(plan_.groups, groups_) > 0) {
      cause_ = Cause::kMemory;
    } else if (counts_forks() && count_refused_forks(plan_.groups, groups_) > 0) {
      cause_ = Cause::kProcesses;
    }
  }

  const LaunchPlan& plan_;
  std::int64_t began_;
  std::uint64_t free_ = 0;  ///< from which the disk's filling is counted
  const GroupsHeld& groups_;
  const Started& started_;
  pid_t self_;
  pid_t main_;
  int signals_;
  int status_ = 0;
  bool main_gone_ = false;
  bool killing_ = false;
  bool life_open_ = true;
  std::int64_t kill_at_ = 0;
  std::int64_t next_watch_ = 0;
  std::int64_t guard_at_ = 0;
  std::int64_t kill_pause_ = 1;
  Cause cause_ = Cause::kNone;
  bool told_unwatched_ = false;
  GuardWatch guards_;
};

/// No file that is changed from now on gets an earlier time. From Linux 6.13 on the kernel gives a
/// finer time than that of its ticks to a file whose time was looked at, and no earlier one to any
/// other file after it: Documentation/filesystems/multigrain-ts.rst.
OAP_AFTER_FORK std::int64_t file_time() {
  const long file = raw::call(SYS_memfd_create, "clock", MFD_CLOEXEC);
  if (file >= 0) {
    struct stat info{};
    raw::call(SYS_fstat, file, &info);
    const bool changed =
        raw::call(SYS_fchmod, file, 0600) == 0 && raw::call(SYS_fstat, file, &info) == 0;
    raw::close(static_cast<int>(file));
    if (changed) {
      return std::int64_t{info.st_ctim.tv_sec} * 1'000'000'000 + info.st_ctim.tv_nsec;
    }
  }
  timespec now{};
  raw::call(SYS_clock_gettime, CLOCK_REALTIME_COARSE, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// What the child leaves behind for git on the host.
OAP_AFTER_FORK void look_through(const LaunchPlan& plan, std::int64_t began) {
  hold_names(plan, found());
  hold_git(plan, began, found());
  std::size_t size = 0;
  const char* const text = found().finish(size);
  if (size == 0) {
    return;
  }
  Report report;
  report.kind = Report::Kind::kFindings;
  report.value = static_cast<std::int32_t>(size);
  tell(report);
  raw::write(kStatus, text, size);
}

/// What the child has changed on a layer that goes with it.
OAP_AFTER_FORK void tell_dropped(const LaunchPlan& plan, int upper) {
  static Dropped dropped;
  dropped.look(upper, plan.workspace);
  std::size_t size = 0;
  const char* const text = dropped.finish(size);
  if (size == 0) {
    return;
  }
  Report report;
  report.kind = Report::Kind::kDropped;
  report.value = static_cast<std::int32_t>(size);
  tell(report);
  raw::write(kStatus, text, size);
}

/// The descriptors of the plan are now where this process keeps them.
OAP_AFTER_FORK LaunchPlan here(const LaunchPlan& plan) {
  LaunchPlan mine = plan;
  mine.idmap = plan.idmap < 0 ? -1 : kIdmap;
  mine.listener_out = plan.listener_out < 0 ? -1 : kListener;
  return mine;
}

[[noreturn]] OAP_AFTER_FORK void supervise(const LaunchPlan& handed) {
  raw::call(SYS_setsid);
  raw::call(SYS_prctl, PR_SET_NAME, "oap-supervise", 0, 0, 0);
  raw::call(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  arrange_descriptors(handed);
  LaunchPlan plan = here(handed);
  default_signal_action(SIGCHLD);
  const int signals = open_signals();
  if (signals < 0) {
    give_up(Stage::kSupervisor, signals);
  }
  const std::int64_t began = file_time();
  GroupsHeld groups;
  Placeholders placeholders;
  const Started started = start_child(plan, groups, placeholders);
  if (started.failure.stage != Stage::kNone) {
    placeholders.remove(plan);
    remove_groups(plan.groups, groups);
    if (plan.bare) {
      raw::call(SYS_unlinkat, AT_FDCWD, plan.bare_git, 0);
      raw::call(SYS_unlinkat, AT_FDCWD, plan.bare_tmp, AT_REMOVEDIR);
    }
    give_up(started.failure.stage, started.failure.error, started.failure.facts,
            started.failure.where);
  }
  for (const int fd : {0, 1, 2, plan.idmap, plan.listener_out}) {
    raw::close(fd);
  }
  raw::call(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  Report report;
  report.detail = started.facts;
  report.value = started.pid;
  tell(report);
  Supervision supervision(plan, groups, started, signals, began);
  const Report ended = supervision.run();
  plan.disturbed = supervision.disturbed();
  // With its namespace all mounts on the placeholders go at once; else each one, when it is
  // removed, with a grace period of the kernel.
  raw::close(started.namespaces.mount);
  raw::close(started.namespaces.user);
  if (plan.discard && (started.facts & (kFactRoot | kFactLandlock)) != 0) {
    tell_dropped(plan, started.namespaces.upper);
  } else {
    look_through(plan, began);
  }
  placeholders.remove(plan);
  remove_groups(plan.groups, groups);
  tell(ended);
  raw::exit(0);
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
