#include "sandbox/init.hpp"

#include <linux/sched.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "sandbox/confine.hpp"
#include "sandbox/descriptors.hpp"
#include "sandbox/raw.hpp"
#include "sandbox/root.hpp"

// glibc's clone under the name that sanitizers leave alone.
extern "C" int __clone(int (*function)(void*), void* stack, int flags, void* argument, ...);

namespace oap::sandbox {
namespace {

constexpr std::uint16_t kProxyPort = 3128;
constexpr int kBacklog = 64;

/// The socket belongs to this network namespace, wherever it is accepted from.
OAP_AFTER_FORK bool send_listener(int to) {
  const auto fd = static_cast<int>(raw::call(SYS_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(kProxyPort);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || raw::call(SYS_bind, fd, &address, sizeof address) != 0 ||
      raw::call(SYS_listen, fd, kBacklog) != 0) {
    return false;
  }
  char byte = 1;
  const bool sent = send_descriptors(to, {&byte, 1}, &fd, 1);
  raw::close(fd);
  return sent;
}

/// So that the supervisor may come back to protect anew what the host has replaced.
OAP_AFTER_FORK void send_namespaces(const Entry& entry) {
  const int fds[3] = {raw::open_at(entry.host_proc, "self/ns/user", O_RDONLY),
                      raw::open_at(entry.host_proc, "self/ns/mnt", O_RDONLY), entry.upper};
  LaunchNote note;
  note.kind = LaunchNote::Kind::kNamespaces;
  if (fds[0] >= 0 && fds[1] >= 0) {
    send_descriptors(entry.notes, {&note, sizeof note}, fds, entry.upper >= 0 ? 3 : 2);
  }
  raw::close(fds[0]);
  raw::close(fds[1]);
  raw::close(fds[2]);
}

/// From here on it has the rights of the program's user, but in the namespaces that root made.
OAP_AFTER_FORK void take_identity(Entry& entry, bool idmapped) {
  const LaunchPlan& plan = *entry.plan;
  if (!plan.privileged) {
    entry.facts |= kFactOwnUid;
    return;
  }
  const bool as_owner = plan.needs_idmap && !idmapped;
  const std::uint32_t uid = as_owner ? plan.owner : plan.uid;
  const std::uint32_t gid = as_owner ? plan.owner_group : plan.gid;
  if (uid == 0) {
    return;
  }
  if (!become_user(uid, gid)) {
    fail_launch(entry, Stage::kNamespaces, -EPERM);
  }
  entry.facts |= kFactOwnUid;
  raw::call(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);  // so that it may map itself
  entry.own_user_namespace = as_owner ? false : plan.uid_map != nullptr;
}

/// What the supervisor makes meanwhile: the stand-ins for missing names, and the control groups,
/// whose files it hands over.
class Supplies final : public RootGate {
 public:
  OAP_AFTER_FORK explicit Supplies(Entry& entry) : entry_(entry) {}

  OAP_AFTER_FORK bool pass() override {
    if (come_) {
      return true;
    }
    char byte = 0;
    int fds[kMostDescriptors];
    if (receive_descriptors(entry_.notes, {&byte, 1}, fds) != 1) {
      return false;
    }
    std::size_t next = 0;
    for (std::size_t i = 0; i < kMostGroups; ++i) {
      entry_.own_groups.procs[i] = entry_.groups->procs[i] >= 0 ? fds[next++] : -1;
    }
    entry_.groups = &entry_.own_groups;
    come_ = true;
    return true;
  }

 private:
  Entry& entry_;
  bool come_ = false;
};

OAP_AFTER_FORK void set_up(Entry& entry) {
  const LaunchPlan& plan = *entry.plan;
  if (!plan.privileged) {
    raw::call(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);  // so that it may map itself
    if (!map_user(plan, -1)) {
      fail_launch(entry, Stage::kNamespaces, -EACCES);
    }
  }
  if (plan.cut_network) {
    raise_loopback();
    entry.facts |= network_of("/proc/self/ns/net") != entry.host_network ? kFactNet : 0U;
  }
  Supplies supplies(entry);
  const RootResult root = enter_private_root(plan, supplies);
  if (root.error < 0) {
    fail_launch(entry, Stage::kNamespaces, root.error, root.where);
  }
  entry.host_proc = root.host_proc;
  entry.upper = root.upper;
  entry.facts |= root.upper >= 0 ? kFactDropped : 0U;
  send_namespaces(entry);
  entry.facts |= kFactRoot;
  entry.facts |= raw::call(SYS_getpid) == 1 ? kFactPid : 0U;
  if (plan.listen) {
    if (!send_listener(plan.listener_out)) {
      fail_launch(entry, Stage::kNamespaces, -EADDRINUSE);
    }
    entry.facts |= kFactListening;
  }
  take_identity(entry, root.idmapped);
}

OAP_AFTER_FORK int enter(void* argument) { become_program(*static_cast<Entry*>(argument)); }

/// The program shares the memory until it is executed, which is waited for.
OAP_AFTER_FORK long start_program(Entry& entry) {
  constexpr std::size_t kStackSize = 64u << 10;
  alignas(16) char stack[kStackSize];
  const int flags = CLONE_VM | CLONE_VFORK | SIGCHLD;
  if (entry.own_user_namespace) {
    const int pid = __clone(&enter, stack + kStackSize, flags | CLONE_NEWUSER, &entry);
    if (pid > 0) {
      return pid;
    }
    entry.own_user_namespace = false;
    raw::call(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  }
  const int pid = __clone(&enter, stack + kStackSize, flags, &entry);
  return pid < 0 ? -EAGAIN : pid;
}

/// The supervisor ended before it could take this process along.
OAP_AFTER_FORK bool is_orphan(int notes) {
  pollfd supervisor{notes, 0, 0};
  const timespec now{};
  return raw::call(SYS_ppoll, &supervisor, 1, &now, nullptr, 0) > 0;
}

/// Nothing but the notes stays open: the program alone holds its ends of pipes.
OAP_AFTER_FORK int keep_only(int notes) {
  raw::call(SYS_dup3, notes, 0, O_CLOEXEC);
  raw::call(SYS_close_range, 1, ~0U, 0);
  return 0;
}

}  // namespace

OAP_AFTER_FORK std::uint64_t network_of(const char* path) {
  struct stat info{};
  return raw::call(SYS_newfstatat, AT_FDCWD, path, &info, 0) == 0 ? info.st_ino : 0;
}

unsigned long init_clone_flags(const LaunchPlan& plan) {
  return CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP |
         (plan.cut_network ? CLONE_NEWNET : 0UL) | (plan.privileged ? 0UL : CLONE_NEWUSER);
}

OAP_AFTER_FORK void run_init(Entry& entry) {
  raw::close(entry.others);
  set_up(entry);
  raw::call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (is_orphan(entry.notes)) {
    raw::exit(1);
  }
  entry.rooted = true;
  const long program = start_program(entry);
  if (program < 0) {
    fail_launch(entry, Stage::kFork, program);
  }
  if (entry.failed) {
    raw::exit(127);
  }
  const int notes = keep_only(entry.notes);
  LaunchNote note;
  note.kind = LaunchNote::Kind::kRunning;
  raw::write(notes, &note, sizeof note);
  note.kind = LaunchNote::Kind::kEnded;
  while (true) {
    const long pid = raw::call(SYS_wait4, -1, &note.status, __WALL, nullptr);
    if (pid == program || pid == -ECHILD) {
      break;
    }
  }
  raw::write(notes, &note, sizeof note);
  raw::exit(0);
}

}  // namespace oap::sandbox
