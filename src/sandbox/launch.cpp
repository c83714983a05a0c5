#include "sandbox/launch.hpp"

#include <linux/close_range.h>
#include <linux/sched.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "sandbox/confine.hpp"
#include "sandbox/raw.hpp"

namespace oap::sandbox {
namespace {

constexpr std::size_t kSignalSetSize = 8;
constexpr int kFirstOther = 3;

OAP_AFTER_FORK bool make_namespaces(const LaunchPlan& plan, NetworkCut cut) {
  if (cut == NetworkCut::kNamespace) {
    return raw::call(SYS_unshare, CLONE_NEWNET) == 0;
  }
  return raw::call(SYS_unshare, CLONE_NEWUSER | CLONE_NEWNET) == 0 && map_user(plan, -1);
}

OAP_AFTER_FORK void apply_limits(const LaunchPlan& plan) {
  for (std::size_t i = 0; i < plan.limit_count; ++i) {
    const ResourceLimit& limit = plan.limits[i];
    rlimit now{};
    raw::call(SYS_prlimit64, 0, limit.resource, nullptr, &now);
    const rlim_t value = limit.value < now.rlim_max ? limit.value : now.rlim_max;
    const rlimit wanted{value, value};
    raw::call(SYS_prlimit64, 0, limit.resource, &wanted, nullptr);
  }
  if (plan.nice != 0) {
    raw::call(SYS_setpriority, PRIO_PROCESS, 0, plan.nice);
  }
}

/// The kernel counts a user's processes by user namespace: here they are those of this run alone.
OAP_AFTER_FORK void limit_processes(Entry& entry) {
  const LaunchPlan& plan = *entry.plan;
  if (plan.processes == 0 || !entry.rooted || (entry.facts & kFactOwnUid) == 0) {
    return;
  }
  const std::uint64_t most = plan.processes + 2;  // the init, and one that shows the excess
  const rlimit wanted{most, most};
  if (raw::call(SYS_prlimit64, 0, RLIMIT_NPROC, &wanted, nullptr) == 0) {
    entry.facts |= kFactPids;
  }
}

OAP_AFTER_FORK void reset_signals() {
  constexpr int kLastSignal = 64;
  for (int number = 1; number <= kLastSignal; ++number) {
    default_signal_action(number);
  }
  const std::uint64_t none = 0;
  raw::call(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, kSignalSetSize);
}

/// Where there is no private root, a child of root runs as the owner of its workspace.
OAP_AFTER_FORK void take_identity(Entry& entry) {
  const LaunchPlan& plan = *entry.plan;
  if (entry.rooted || !plan.confine || !plan.privileged) {
    return;
  }
  const std::uint32_t uid = plan.needs_idmap ? plan.owner : plan.uid;
  const std::uint32_t gid = plan.needs_idmap ? plan.owner_group : plan.gid;
  raw::call(SYS_fchownat, AT_FDCWD, plan.bare_tmp, uid, gid, AT_SYMLINK_NOFOLLOW);
  if (uid != 0 && !become_user(uid, gid)) {
    fail_launch(entry, Stage::kExec, -EPERM);
  }
  entry.facts |= uid != 0 ? kFactOwnUid : 0U;
}

OAP_AFTER_FORK void confine_self(Entry& entry) {
  const LaunchPlan& plan = *entry.plan;
  entry.facts |= drop_capabilities();
  const bool cut_here = plan.cut_network && (entry.facts & kFactNet) == 0;
  entry.facts |=
      apply_landlock(entry.rooted ? plan.rules : plan.bare_rules, plan.landlock_files, cut_here);
  const std::uint32_t filtered = apply_filter(cut_here ? plan.bare_filter : plan.filter);
  entry.facts |= filtered | (cut_here && filtered != 0 ? kFactNoInet : 0U);
}

}  // namespace

OAP_AFTER_FORK void fail_launch(Entry& entry, Stage stage, long error, int where) {
  entry.failed = true;
  const LaunchNote note{
      LaunchNote::Kind::kFailed, stage, static_cast<std::int32_t>(error), entry.facts, where, 0};
  raw::write(entry.notes, &note, sizeof note);
  raw::exit(127);
}

OAP_AFTER_FORK void default_signal_action(int signal_number) {
  const std::uint64_t zeros[4] = {};  // the kernel's struct sigaction: SIG_DFL, no flags, no mask
  raw::call(SYS_rt_sigaction, signal_number, zeros, nullptr, kSignalSetSize);
}

OAP_AFTER_FORK bool map_user(const LaunchPlan& plan, int proc) {
  const int directory = proc >= 0 ? proc : raw::open_at(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY);
  return raw::write_file(directory, "self/setgroups", "deny") == 0 &&
         raw::write_file(directory, "self/gid_map", plan.gid_map) == 0 &&
         raw::write_file(directory, "self/uid_map", plan.uid_map) == 0;
}

OAP_AFTER_FORK void raise_loopback() {
  const auto fd = static_cast<int>(raw::call(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (fd < 0) {
    return;
  }
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  raw::call(SYS_ioctl, fd, SIOCSIFFLAGS, &request);
  raw::close(fd);
}

OAP_AFTER_FORK void become_program(Entry& entry) {
  const LaunchPlan& plan = *entry.plan;
  raw::call(SYS_setsid);
  entry.facts |= enter_groups(plan.groups, *entry.groups);
  if (entry.cut != NetworkCut::kNo) {
    if (!make_namespaces(plan, entry.cut)) {
      fail_launch(entry, Stage::kNetwork, 0);
    }
    raise_loopback();
    entry.facts |= kFactNet;
  }
  apply_limits(plan);
  if (entry.own_user_namespace) {
    entry.facts |= map_user(plan, entry.host_proc) ? kFactUserNs : 0U;
    raw::call(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  }
  take_identity(entry);
  limit_processes(entry);
  raw::call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (raw::call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    fail_launch(entry, Stage::kExec, -EPERM);
  }
  if (plan.cwd != nullptr) {
    if (const long error = raw::call(SYS_chdir, plan.cwd); error < 0) {
      fail_launch(entry, Stage::kDirectory, error);
    }
  }
  reset_signals();
  raw::call(SYS_close_range, kFirstOther, ~0U, CLOSE_RANGE_CLOEXEC);
  if (plan.confine) {
    confine_self(entry);
  }
  LaunchNote note;
  note.facts = entry.facts;
  if ((entry.facts & plan.required) != plan.required) {
    fail_launch(entry, Stage::kRefused, 0);
  }
  raw::write(entry.notes, &note, sizeof note);
  // Whose memory this process shares must not be looked into by the program.
  raw::call(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  const bool bare = plan.confine && !entry.rooted;
  const long error = raw::call(SYS_execve, plan.program, plan.argv,
                               bare ? plan.bare_environment : plan.environment);
  fail_launch(entry, error == -ENOENT && entry.rooted ? Stage::kHidden : Stage::kExec, error);
}

}  // namespace oap::sandbox
