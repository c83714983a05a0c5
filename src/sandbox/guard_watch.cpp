#include "sandbox/guard_watch.hpp"

#include <limits.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "sandbox/kernel.hpp"
#include "sandbox/placeholders.hpp"
#include "sandbox/raw.hpp"

namespace oap::sandbox {
namespace {

constexpr unsigned kEvents = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR;
constexpr unsigned kClone =
    kernel::kOpenTreeClone | kernel::kCloexec | kernel::kRecursive | kernel::kNoFollow;

/// The folder of a path.
struct Parts {
  char folder[PATH_MAX];

  OAP_AFTER_FORK explicit Parts(const char* path) {  // NOLINT: only what is needed is set
    std::size_t slash = 0;
    for (std::size_t i = 0; path[i] != '\0' && i + 1 < sizeof folder; ++i) {
      folder[i] = path[i];
      slash = path[i] == '/' ? i : slash;
    }
    folder[slash == 0 ? 1 : slash] = '\0';
  }
};

OAP_AFTER_FORK const char* name_of(const char* path) {
  const char* name = path;
  for (; *path != '\0'; ++path) {
    name = *path == '/' ? path + 1 : name;
  }
  return name;
}

OAP_AFTER_FORK std::uint64_t mount_of(const char* path, unsigned flags) {
  struct statx info{};
  return raw::call(SYS_statx, AT_FDCWD, path, flags, kernel::kStatxMountId, &info) == 0
             ? info.stx_mnt_id
             : 0;
}

/// False: the name is there, and open to the child.
OAP_AFTER_FORK bool pin_again(const Guard& guard) {
  const Parts parts(guard.path);
  const std::uint64_t here = mount_of(guard.path, AT_SYMLINK_NOFOLLOW);
  if (here == 0 || here != mount_of(parts.folder, 0)) {
    return true;
  }
  const auto tree = static_cast<int>(raw::call(kernel::kOpenTree, AT_FDCWD, guard.path, kClone));
  if (tree < 0) {
    return tree == -ENOENT;
  }
  const kernel::MountAttributes wanted{guard.attributes, 0, 0, 0};
  long error = raw::call(kernel::kMountSetattr, tree, "", kernel::kEmptyPath | kernel::kRecursive,
                         &wanted, sizeof wanted);
  if (error == 0) {
    error =
        raw::call(kernel::kMoveMount, tree, "", AT_FDCWD, guard.path, kernel::kMoveFromEmptyPath);
  }
  raw::close(tree);
  return error == 0 || error == -ENOENT;
}

/// In a process of the child's namespace, whose exit code tells.
[[noreturn]] OAP_AFTER_FORK void pin_all_again(const LaunchPlan& plan,
                                               const Namespaces& namespaces) {
  bool all = (namespaces.user < 0 || raw::call(SYS_setns, namespaces.user, 0) == 0) &&
             raw::call(SYS_setns, namespaces.mount, 0) == 0;
  for (std::size_t i = 0; all && i < plan.guards.size; ++i) {
    all = pin_again(plan.guards.data[i]);
  }
  raw::exit(all ? 0 : 1);
}

}  // namespace

OAP_AFTER_FORK void GuardWatch::begin(const LaunchPlan& plan, const Namespaces& namespaces) {
  namespaces_ = namespaces;
  if (namespaces.mount < 0 || plan.guards.size == 0) {
    return;
  }
  watch_ = static_cast<int>(raw::call(SYS_inotify_init1, IN_CLOEXEC | IN_NONBLOCK));
  note_failure(watch_);
  note_failure(plan.guards.size > kMost ? -E2BIG : 0);
  watch_folders(plan);
  protect_again(plan);  // what was replaced before
}

OAP_AFTER_FORK void GuardWatch::watch_folders(const LaunchPlan& plan) {
  const char* before = nullptr;
  for (std::size_t i = 0; watch_ >= 0 && i < plan.guards.size && i < kMost; ++i) {
    const Parts parts(plan.guards.data[i].path);
    if (before != nullptr && raw::same(Parts(before).folder, parts.folder)) {
      folders_[i] = folders_[i - 1];
    } else {
      folders_[i] =
          static_cast<int>(raw::call(SYS_inotify_add_watch, watch_, parts.folder, kEvents));
      const bool gone = folders_[i] == -ENOENT || folders_[i] == -ENOTDIR;
      note_failure(gone ? 0 : folders_[i]);
    }
    before = plan.guards.data[i].path;
  }
}

OAP_AFTER_FORK bool GuardWatch::concerns(const LaunchPlan& plan, int folder,
                                         const char* name) const {
  for (std::size_t i = 0; i < plan.guards.size && i < kMost; ++i) {
    if (folders_[i] == folder && raw::same(name_of(plan.guards.data[i].path), name)) {
      return true;
    }
  }
  return false;
}

OAP_AFTER_FORK bool GuardWatch::is_held(const LaunchPlan& plan, int folder,
                                        const char* name) const {
  for (const char* const held : plan.held) {
    if (!raw::same(name_of(held), name)) {
      continue;
    }
    const Parts wanted(held);
    for (std::size_t i = 0; i < plan.guards.size && i < kMost; ++i) {
      if (folders_[i] == folder &&
          raw::same(Parts(plan.guards.data[i].path).folder, wanted.folder)) {
        return true;
      }
    }
  }
  return false;
}

OAP_AFTER_FORK bool GuardWatch::has_come() {
  const bool come = come_;
  come_ = false;
  return come;
}

OAP_AFTER_FORK void GuardWatch::attend(const LaunchPlan& plan) {
  alignas(inotify_event) char buffer[4096];
  bool touched = false;
  while (true) {
    const long size = raw::read(watch_, buffer, sizeof buffer);
    if (size <= 0) {
      break;
    }
    for (long at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
      at += static_cast<long>(sizeof *event) + event->len;
      const bool lost = (event->mask & IN_Q_OVERFLOW) != 0;
      touched = touched || lost || (event->len > 0 && concerns(plan, event->wd, event->name));
      come_ = come_ || lost || (event->len > 0 && is_held(plan, event->wd, event->name));
    }
  }
  if (touched) {
    disturbed_ = true;
    protect_again(plan);
    watch_folders(plan);
  }
}

OAP_AFTER_FORK void GuardWatch::protect_again(const LaunchPlan& plan) {
  for (const Guard& guard : plan.guards) {
    if (guard.keep_missing) {
      disturbed_ = stand_again(guard.stand) || disturbed_;
    }
  }
  const auto worker = static_cast<pid_t>(raw::call(SYS_clone, SIGCHLD, 0, 0, 0, 0));
  if (worker == 0) {
    pin_all_again(plan, namespaces_);
  }
  int status = 0;
  if (worker > 0) {
    raw::call(SYS_wait4, worker, &status, __WALL, nullptr);
  }
  note_failure(worker < 0 ? worker : (status != 0 ? -EPERM : 0));
}

OAP_AFTER_FORK void GuardWatch::note_failure(long error) {
  failure_ = failure_ == 0 && error < 0 ? error : failure_;
}

}  // namespace oap::sandbox
