#include "sandbox/launch.hpp"

#include <linux/sched.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "sandbox/raw.hpp"

namespace oap::sandbox {
namespace {

constexpr std::size_t kSignalSetSize = 8;

[[noreturn]] OAP_AFTER_FORK void give_up(int notes, Stage stage, long error) {
  const LaunchNote note{stage, static_cast<std::int32_t>(error)};
  raw::write(notes, &note, sizeof note);
  raw::exit(127);
}

OAP_AFTER_FORK bool write_file(const char* path, const char* text) {
  const int fd = raw::open_at(AT_FDCWD, path, O_WRONLY);
  if (fd < 0) {
    return false;
  }
  long size = 0;
  while (text[size] != '\0') {
    ++size;
  }
  const bool written = raw::write(fd, text, static_cast<std::size_t>(size)) == size;
  raw::close(fd);
  return written;
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

OAP_AFTER_FORK bool make_namespaces(const LaunchPlan& plan, NetworkCut cut) {
  if (cut == NetworkCut::kNamespace) {
    return raw::call(SYS_unshare, CLONE_NEWNET) == 0;
  }
  return raw::call(SYS_unshare, CLONE_NEWUSER | CLONE_NEWNET) == 0 &&
         write_file("/proc/self/setgroups", "deny") &&
         write_file("/proc/self/gid_map", plan.gid_map) &&
         write_file("/proc/self/uid_map", plan.uid_map);
}

/// A network of its own with only a loopback device.
OAP_AFTER_FORK void leave_network(const LaunchPlan& plan, NetworkCut cut, int notes) {
  if (!make_namespaces(plan, cut)) {
    give_up(notes, Stage::kNetwork, 0);
  }
  raise_loopback();
  const LaunchNote note{};
  raw::write(notes, &note, sizeof note);
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

OAP_AFTER_FORK void reset_signals() {
  constexpr int kLastSignal = 64;
  for (int number = 1; number <= kLastSignal; ++number) {
    default_signal_action(number);
  }
  const std::uint64_t none = 0;
  raw::call(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, kSignalSetSize);
}

}  // namespace

OAP_AFTER_FORK void default_signal_action(int signal_number) {
  const std::uint64_t zeros[4] = {};  // the kernel's struct sigaction: SIG_DFL, no flags, no mask
  raw::call(SYS_rt_sigaction, signal_number, zeros, nullptr, kSignalSetSize);
}

OAP_AFTER_FORK void become_program(const LaunchPlan& plan, NetworkCut cut, int notes) {
  raw::call(SYS_setsid);
  if (cut != NetworkCut::kNo) {
    leave_network(plan, cut, notes);
  }
  raw::call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  raw::call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  apply_limits(plan);
  if (plan.cwd != nullptr) {
    if (const long error = raw::call(SYS_chdir, plan.cwd); error < 0) {
      give_up(notes, Stage::kDirectory, error);
    }
  }
  reset_signals();
  const long error = raw::call(SYS_execve, plan.program, plan.argv, plan.environment);
  give_up(notes, Stage::kExec, error);
}

}  // namespace oap::sandbox
