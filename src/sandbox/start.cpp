#include "sandbox/start.hpp"

#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "sandbox/descriptors.hpp"
#include "sandbox/init.hpp"
#include "sandbox/raw.hpp"

// glibc's clone under the name that sanitizers leave alone.
extern "C" int __clone(int (*function)(void*), void* stack, int flags, void* argument, ...);

namespace oap::sandbox {
namespace {

constexpr std::size_t kInitStack = 256u << 10;

struct Ends {
  int ours = -1;
  int theirs = -1;
};

/// The kernel says with each note which process sent it, by its number as seen from here.
OAP_AFTER_FORK Ends make_notes() {
  int both[2] = {-1, -1};
  if (const long error = raw::call(SYS_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, both);
      error < 0) {
    give_up(Stage::kSupervisor, error);
  }
  const int yes = 1;
  raw::call(SYS_setsockopt, both[0], SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes);
  return {both[0], both[1]};
}

OAP_AFTER_FORK long receive(int notes, LaunchNote& note, pid_t& sender, Namespaces& handed) {
  iovec part{&note, sizeof note};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(3 * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const long size = raw::call(SYS_recvmsg, notes, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (size <= 0) {
    return size;
  }
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_type == SCM_CREDENTIALS) {
      sender = reinterpret_cast<const ucred*>(CMSG_DATA(header))->pid;
    } else if (header->cmsg_type == SCM_RIGHTS && header->cmsg_len >= CMSG_LEN(2 * sizeof(int))) {
      const int* const fds = reinterpret_cast<const int*>(CMSG_DATA(header));
      const bool three = header->cmsg_len == CMSG_LEN(3 * sizeof(int));
      handed = {fds[0], fds[1], three ? fds[2] : -1};
    }
  }
  return size;
}

/// Hears what the child has to tell until its program runs or it has failed.
OAP_AFTER_FORK void hear_notes(int notes, pid_t first, Started& started) {
  while (true) {
    pollfd fds[2] = {{notes, POLLIN, 0}, {kLife, 0, 0}};
    raw::call(SYS_ppoll, fds, 2, nullptr, nullptr, 0);
    if ((fds[1].revents & (POLLHUP | POLLERR)) != 0) {
      raw::kill(first, SIGKILL);
      raw::exit(1);
    }
    LaunchNote note;
    pid_t sender = 0;
    const long size = receive(notes, note, sender, started.namespaces);
    if (size == 0 ||
        (size == static_cast<long>(sizeof note) && note.kind == LaunchNote::Kind::kRunning)) {
      return;
    }
    if (size != static_cast<long>(sizeof note)) {
      continue;
    }
    if (note.kind == LaunchNote::Kind::kNamespaces) {
      continue;
    }
    if (note.kind == LaunchNote::Kind::kReady) {
      started.facts = note.facts;
      started.pid = sender;
    } else if (started.failure.stage == Stage::kNone) {
      started.failure = note;
    }
  }
}

OAP_AFTER_FORK int enter_init(void* argument) { run_init(*static_cast<Entry*>(argument)); }

OAP_AFTER_FORK int enter_program(void* argument) { become_program(*static_cast<Entry*>(argument)); }

/// Tells the init that its stand-ins and groups are there, and hands the groups to it. (Where it
/// has failed meanwhile, its note says so.)
OAP_AFTER_FORK void supply(int notes, const GroupsHeld& groups) {
  static_assert(kMostGroups <= kMostDescriptors);
  int fds[kMostGroups];
  std::size_t count = 0;
  for (const int file : groups.procs) {
    if (file >= 0) {
      fds[count++] = file;
    }
  }
  char byte = 1;
  send_descriptors(notes, {&byte, 1}, fds, count);
}

/// In namespaces of its own, under an init that shares this process's memory: nothing is copied,
/// and the entry must live on. It builds the root while its stand-ins and groups are made here.
OAP_AFTER_FORK Started start_rooted(Entry& entry, char* stack, GroupsHeld& groups,
                                    Placeholders& placeholders) {
  Started started;
  const Ends notes = make_notes();
  entry.notes = notes.theirs;
  entry.others = notes.ours;
  const auto flags = static_cast<int>(init_clone_flags(*entry.plan) | CLONE_VM | SIGCHLD);
  const int init = __clone(&enter_init, stack + kInitStack, flags, &entry);
  raw::close(notes.theirs);
  if (init < 0) {
    started.failure.stage = Stage::kNamespaces;
    started.failure.error = -errno;
    raw::close(notes.ours);
    return started;
  }
  started.init = init;
  started.notes = notes.ours;
  make_groups(entry.plan->groups, groups);
  if (placeholders.put(*entry.plan)) {
    supply(notes.ours, groups);
    hear_notes(notes.ours, init, started);
  } else {
    started.failure.stage = Stage::kUnguarded;
  }
  if (started.failure.stage == Stage::kNone && started.pid == 0) {
    started.failure.stage = Stage::kNamespaces;
    started.failure.error = -ECHILD;
  }
  if (started.failure.stage != Stage::kNone) {
    raw::kill(init, SIGKILL);
    raw::call(SYS_wait4, init, nullptr, __WALL, nullptr);
    raw::close(notes.ours);
  }
  return started;
}

/// Shares the memory until the program is executed, which spares copying page tables; but a process
/// that shares memory may not enter a user namespace.
OAP_AFTER_FORK pid_t fork_bare(Entry& entry) {
  if (entry.cut == NetworkCut::kUserNamespace) {
    const auto pid = static_cast<pid_t>(raw::call(SYS_clone, SIGCHLD, 0, 0, 0, 0));
    if (pid == 0) {
      become_program(entry);
    }
    return pid;
  }
  constexpr std::size_t kStackSize = 64u << 10;
  alignas(16) char stack[kStackSize];
  const int pid =
      __clone(&enter_program, stack + kStackSize, CLONE_VM | CLONE_VFORK | SIGCHLD, &entry);
  return pid < 0 ? -errno : pid;
}

OAP_AFTER_FORK Started start_bare(Entry& entry) {
  Started started;
  const Ends notes = make_notes();
  entry.notes = notes.theirs;
  const pid_t pid = fork_bare(entry);
  raw::close(notes.theirs);
  if (pid < 0) {
    started.failure.stage = Stage::kFork;
    started.failure.error = pid;
    raw::close(notes.ours);
    return started;
  }
  hear_notes(notes.ours, pid, started);
  started.pid = pid;
  raw::close(notes.ours);
  if (started.failure.stage != Stage::kNone) {
    raw::call(SYS_wait4, pid, nullptr, __WALL, nullptr);
  }
  return started;
}

OAP_AFTER_FORK void write_bare_settings(const LaunchPlan& plan) {
  const auto fd = static_cast<int>(raw::call(SYS_openat, AT_FDCWD, plan.bare_git,
                                             O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (fd >= 0) {
    raw::write(fd, plan.git_settings, raw::length(plan.git_settings));
    raw::close(fd);
  }
}

}  // namespace

OAP_AFTER_FORK void tell(const Report& report) { raw::write(kStatus, &report, sizeof report); }

OAP_AFTER_FORK void give_up(Stage stage, long error, std::uint32_t facts, int where) {
  Report report;
  report.kind = Report::Kind::kFailed;
  report.detail = static_cast<std::uint32_t>(stage);
  report.value = static_cast<std::int32_t>(-error);
  report.facts = facts;
  report.where = where;
  tell(report);
  raw::exit(1);
}

OAP_AFTER_FORK Started start_child(const LaunchPlan& plan, GroupsHeld& groups,
                                   Placeholders& placeholders) {
  Entry entry;
  entry.plan = &plan;
  entry.groups = &groups;
  if (plan.confine && !plan.bare) {
    entry.facts = kFactProtected;
    entry.host_network = network_of("/proc/self/ns/net");
    alignas(16) static char stack[kInitStack];
    return start_rooted(entry, stack, groups, placeholders);
  }
  make_groups(plan.groups, groups);
  if (plan.bare_tmp != nullptr) {
    raw::call(SYS_mkdirat, AT_FDCWD, plan.bare_tmp, 0700);
    write_bare_settings(plan);
  }
  entry.cut = !plan.cut_network ? NetworkCut::kNo
              : plan.privileged ? NetworkCut::kNamespace
                                : NetworkCut::kUserNamespace;
  while (true) {
    Started started = start_bare(entry);
    if (started.failure.stage != Stage::kNetwork) {
      return started;
    }
    entry.facts = 0;
    entry.failed = false;
    entry.cut = entry.cut == NetworkCut::kNamespace ? NetworkCut::kUserNamespace : NetworkCut::kNo;
  }
}

OAP_AFTER_FORK bool read_ended(int notes, int& status) {
  LaunchNote note;
  pid_t sender = 0;
  Namespaces none;
  while (receive(notes, note, sender, none) == static_cast<long>(sizeof note)) {
    if (note.kind == LaunchNote::Kind::kEnded) {
      status = note.status;
      return true;
    }
  }
  return false;
}

}  // namespace oap::sandbox
