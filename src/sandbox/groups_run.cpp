#include "sandbox/groups_run.hpp"

#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "sandbox/raw.hpp"

namespace oap::sandbox {
namespace {

constexpr int kTries = 50;
constexpr long kPauseNs = 1'000'000;
constexpr std::size_t kLargestText = 64;

OAP_AFTER_FORK void nap() {
  const timespec pause{0, kPauseNs};
  raw::call(SYS_nanosleep, &pause, nullptr);
}

OAP_AFTER_FORK bool starts_with(const char* text, long size, const char* prefix) {
  long at = 0;
  for (; prefix[at] != '\0'; ++at) {
    if (at >= size || text[at] != prefix[at]) {
      return false;
    }
  }
  return true;
}

/// The number after `key` at the start of a line of a small file.
OAP_AFTER_FORK std::uint64_t value_in(const char* path, const char* key) {
  const int fd = raw::open_at(AT_FDCWD, path, O_RDONLY);
  if (fd < 0) {
    return 0;
  }
  char text[512];
  const long size = raw::read(fd, text, sizeof text);
  raw::close(fd);
  bool line_start = true;
  for (long at = 0; at < size; ++at) {
    if (line_start && starts_with(text + at, size - at, key)) {
      std::uint64_t value = 0;
      for (at += static_cast<long>(raw::length(key));
           at < size && text[at] >= '0' && text[at] <= '9'; ++at) {
        value = value * 10 + static_cast<std::uint64_t>(text[at] - '0');
      }
      return value;
    }
    line_start = text[at] == '\n';
  }
  return 0;
}

OAP_AFTER_FORK bool fill(int directory, const GroupPlan& plan) {
  for (std::size_t i = 0; i < plan.file_count; ++i) {
    const GroupFile& file = plan.files[i];
    if (raw::write_file(directory, file.name, file.value) < 0 && !file.optional) {
      return false;
    }
  }
  return true;
}

OAP_AFTER_FORK int make_group(const GroupPlan& plan) {
  const long made = raw::call(SYS_mkdirat, AT_FDCWD, plan.directory, 0755);
  if (made < 0 && made != -EEXIST) {
    return -1;
  }
  const int directory = raw::open_at(AT_FDCWD, plan.directory, O_PATH | O_DIRECTORY);
  int procs = -1;
  if (directory >= 0 && fill(directory, plan)) {
    procs = raw::open_at(directory, plan.entry, O_WRONLY);
  }
  raw::close(directory);
  if (procs < 0) {
    raw::call(SYS_unlinkat, AT_FDCWD, plan.directory, AT_REMOVEDIR);
  }
  return procs;
}

OAP_AFTER_FORK bool holds(const char* path, const char* text) {
  const int fd = raw::open_at(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) {
    return false;
  }
  char found[kLargestText];
  const long size = raw::read(fd, found, sizeof found);
  raw::close(fd);
  return size == static_cast<long>(raw::length(text)) && starts_with(found, size, text);
}

OAP_AFTER_FORK long put_directory(const char* path) {
  const long made = raw::call(SYS_mkdirat, AT_FDCWD, path, 0755);
  return made < 0 ? made : raw::call(SYS_fchmodat, AT_FDCWD, path, kPlaceholderMode);
}

OAP_AFTER_FORK long put_text(const char* path, const char* text) {
  const auto fd = static_cast<int>(
      raw::call(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444));
  if (fd < 0) {
    return fd;
  }
  raw::write(fd, text, raw::length(text));
  raw::close(fd);
  return 0;
}

/// The first placeholder of a kind: the others are further names of it, which costs the file system
/// least.
struct Firsts {
  const char* socket = nullptr;
  const char* link = nullptr;
};

OAP_AFTER_FORK long put_name(const char* path, const char*& first, bool is_link) {
  if (first != nullptr) {
    const long linked = raw::call(SYS_linkat, AT_FDCWD, first, AT_FDCWD, path, 0);
    if (linked == 0 || linked == -EEXIST) {
      return linked;
    }
  }
  const long made = is_link ? raw::call(SYS_symlinkat, kNowhere, AT_FDCWD, path)
                            : raw::call(SYS_mknodat, AT_FDCWD, path, S_IFSOCK, 0);
  first = made == 0 ? path : first;
  return made;
}

OAP_AFTER_FORK long put_one(const Placeholder& placeholder, Firsts& firsts) {
  switch (placeholder.kind) {
    case Placeholder::Kind::kSocket:
      return put_name(placeholder.path, firsts.socket, false);
    case Placeholder::Kind::kDirectory:
      return put_directory(placeholder.path);
    case Placeholder::Kind::kLink:
      return put_name(placeholder.path, firsts.link, true);
    case Placeholder::Kind::kText:
      return put_text(placeholder.path, placeholder.text);
  }
  return -EINVAL;
}

/// Whether the folder of this path is the caller's, who may then change its mode and make the name.
OAP_AFTER_FORK bool own_folder_of(const char* path) {
  char folder[PATH_MAX];
  std::size_t size = 0;
  std::size_t end = 0;
  for (; path[size] != '\0' && size + 1 < sizeof folder; ++size) {
    folder[size] = path[size];
    end = path[size] == '/' ? size : end;
  }
  folder[end == 0 ? 1 : end] = '\0';
  struct stat info{};
  return raw::call(SYS_newfstatat, AT_FDCWD, folder, &info, 0) != 0 ||
         info.st_uid == static_cast<uid_t>(raw::call(SYS_geteuid));
}

OAP_AFTER_FORK bool leads_nowhere(const char* path) {
  char target[sizeof kNowhere];
  const long size = raw::call(SYS_readlinkat, AT_FDCWD, path, target, sizeof target);
  return size == static_cast<long>(sizeof kNowhere) - 1 && starts_with(target, size, kNowhere);
}

OAP_AFTER_FORK bool is_ours(const Placeholder& placeholder) {
  struct stat info{};
  if (raw::call(SYS_newfstatat, AT_FDCWD, placeholder.path, &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return false;
  }
  switch (placeholder.kind) {
    case Placeholder::Kind::kSocket:
      return S_ISSOCK(info.st_mode) && (info.st_mode & 07777) == 0;
    case Placeholder::Kind::kDirectory:
      return S_ISDIR(info.st_mode) && (info.st_mode & 07777) == kPlaceholderMode;
    case Placeholder::Kind::kLink:
      return S_ISLNK(info.st_mode) && leads_nowhere(placeholder.path);
    case Placeholder::Kind::kText:
      return S_ISREG(info.st_mode) && (info.st_mode & 0222) == 0 &&
             holds(placeholder.path, placeholder.text);
  }
  return false;
}

/// Only what is surely a placeholder goes.
OAP_AFTER_FORK void remove_one(const Placeholder& placeholder) {
  if (!is_ours(placeholder)) {
    return;
  }
  const bool directory = placeholder.kind == Placeholder::Kind::kDirectory;
  const long done =
      raw::call(SYS_unlinkat, AT_FDCWD, placeholder.path, directory ? AT_REMOVEDIR : 0);
  if (directory && done == -ENOTEMPTY) {
    raw::call(SYS_fchmodat, AT_FDCWD, placeholder.path, 0755);
  }
}

}  // namespace

OAP_AFTER_FORK void make_groups(Span<GroupPlan> groups, GroupsHeld& held) {
  for (std::size_t i = 0; i < groups.size && i < kMostGroups; ++i) {
    held.procs[i] = make_group(groups.data[i]);
  }
}

OAP_AFTER_FORK std::uint32_t enter_groups(Span<GroupPlan> groups, const GroupsHeld& held) {
  std::uint32_t facts = 0;
  for (std::size_t i = 0; i < groups.size && i < kMostGroups; ++i) {
    if (held.procs[i] >= 0 && raw::write(held.procs[i], "0", 1) == 1) {
      facts |= groups.data[i].facts;
    }
  }
  return facts;
}

OAP_AFTER_FORK void remove_groups(Span<GroupPlan> groups, const GroupsHeld& held) {
  for (std::size_t i = 0; i < groups.size && i < kMostGroups; ++i) {
    if (held.procs[i] < 0) {
      continue;
    }
    raw::close(held.procs[i]);
    for (int attempt = 0; attempt < kTries; ++attempt) {
      const long done = raw::call(SYS_unlinkat, AT_FDCWD, groups.data[i].directory, AT_REMOVEDIR);
      if (done != -EBUSY) {
        break;
      }
      nap();
    }
  }
}

OAP_AFTER_FORK std::uint64_t count_memory_kills(Span<GroupPlan> groups, const GroupsHeld& held) {
  for (std::size_t i = 0; i < groups.size && i < kMostGroups; ++i) {
    if (held.procs[i] >= 0 && groups.data[i].memory_events != nullptr) {
      return value_in(groups.data[i].memory_events, "oom_kill ");
    }
  }
  return 0;
}

OAP_AFTER_FORK std::uint64_t count_refused_forks(Span<GroupPlan> groups, const GroupsHeld& held) {
  for (std::size_t i = 0; i < groups.size && i < kMostGroups; ++i) {
    if (held.procs[i] >= 0 && groups.data[i].pids_events != nullptr) {
      return value_in(groups.data[i].pids_events, "max ");
    }
  }
  return 0;
}

/// Whoever removes holds the lock for some system calls only.
constexpr int kLockTries = 1'000;

OAP_AFTER_FORK bool Placeholders::put(const LaunchPlan& plan) {
  if (plan.workspace == nullptr) {
    return true;
  }
  lock_ = raw::open_at(AT_FDCWD, plan.workspace, O_RDONLY | O_DIRECTORY);
  for (int attempt = 0; lock_ >= 0; ++attempt) {
    if (raw::call(SYS_flock, lock_, LOCK_SH | LOCK_NB) == 0) {
      break;
    }
    if (attempt == kLockTries) {
      raw::close(lock_);
      lock_ = -1;
      return false;
    }
    nap();
  }
  bool all = true;
  Firsts firsts;
  for (const Placeholder& placeholder : plan.placeholders) {
    const long error = put_one(placeholder, firsts);
    const bool nobody_can =
        error == -EROFS || (error == -EACCES && !own_folder_of(placeholder.path));
    all = all && (error == 0 || error == -EEXIST || nobody_can);
  }
  return all;
}

OAP_AFTER_FORK bool stand_again(const Placeholder& placeholder) {
  struct stat info{};
  Firsts none;
  return raw::call(SYS_newfstatat, AT_FDCWD, placeholder.path, &info, AT_SYMLINK_NOFOLLOW) ==
             -ENOENT &&
         put_one(placeholder, none) == 0;
}

OAP_AFTER_FORK void Placeholders::remove(const LaunchPlan& plan) const {
  if (lock_ < 0) {
    return;
  }
  if (raw::call(SYS_flock, lock_, LOCK_EX | LOCK_NB) == 0) {
    for (std::size_t i = plan.placeholders.size; i > 0; --i) {
      remove_one(plan.placeholders.data[i - 1]);  // what is in a folder before the folder
    }
    for (std::size_t i = plan.guards.size; plan.disturbed && i > 0; --i) {
      if (plan.guards.data[i - 1].keep_missing) {
        remove_one(plan.guards.data[i - 1].stand);
      }
    }
  }
  raw::close(lock_);
}

}  // namespace oap::sandbox
