#include "sandbox/placeholders.hpp"

#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "sandbox/plain_path.hpp"
#include "sandbox/raw.hpp"

namespace oap::sandbox {
namespace {

constexpr std::size_t kLargestText = 64;
constexpr long kPauseNs = 1'000'000;
/// Whoever removes holds the lock for some system calls only.
constexpr int kLockTries = 1'000;

OAP_AFTER_FORK void nap() {
  const timespec pause{0, kPauseNs};
  raw::call(SYS_nanosleep, &pause, nullptr);
}

/// A name in an open folder.
struct Spot {
  int folder = -1;
  const char* name = nullptr;
};

/// Opens the folders of paths, and keeps the last one.
class Folders {
 public:
  OAP_AFTER_FORK Folders() {}  // NOLINT: only what is needed is set
  OAP_AFTER_FORK ~Folders() { raw::close(fd_); }
  Folders(const Folders&) = delete;
  Folders& operator=(const Folders&) = delete;

  /// `folder` is -errno where it cannot be opened.
  OAP_AFTER_FORK Spot of(const char* path) {
    std::size_t slash = 0;
    bool known = fd_ >= 0;
    for (std::size_t i = 0; path[i] != '\0'; ++i) {
      slash = path[i] == '/' ? i : slash;
    }
    const std::size_t size = slash == 0 ? 1 : slash;
    if (size >= sizeof text_) {
      return {-ENAMETOOLONG, path};
    }
    for (std::size_t i = 0; i < size; ++i) {
      known = known && text_[i] == path[i];
    }
    if (!known || text_[size] != '\0') {
      for (std::size_t i = 0; i < size; ++i) {
        text_[i] = path[i];
      }
      text_[size] = '\0';
      raw::close(fd_);
      fd_ = open_plain(text_, O_PATH | O_DIRECTORY);
    }
    return {fd_, path + slash + 1};
  }

 private:
  int fd_ = -1;
  char text_[PATH_MAX];
};

OAP_AFTER_FORK bool starts_as(const char* text, std::size_t size, const char* whole) {
  for (std::size_t i = 0; i < size; ++i) {
    if (text[i] != whole[i]) {
      return false;
    }
  }
  return whole[size] == '\0';
}

OAP_AFTER_FORK bool holds(const Spot& spot, const char* text) {
  const int fd = raw::open_at(spot.folder, spot.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) {
    return false;
  }
  char found[kLargestText];
  const long size = raw::read(fd, found, sizeof found);
  raw::close(fd);
  return size == static_cast<long>(raw::length(text)) &&
         starts_as(found, static_cast<std::size_t>(size), text);
}

OAP_AFTER_FORK bool leads_nowhere(const Spot& spot) {
  char target[sizeof kNowhere];
  const long size = raw::call(SYS_readlinkat, spot.folder, spot.name, target, sizeof target);
  return size == static_cast<long>(sizeof kNowhere) - 1 &&
         starts_as(target, sizeof kNowhere - 1, kNowhere);
}

OAP_AFTER_FORK long put_directory(const Spot& spot) {
  // In one step: with another mode in between, another child would take it for the user's own.
  const long mask = raw::call(SYS_umask, 0);
  const long made = raw::call(SYS_mkdirat, spot.folder, spot.name, kPlaceholderMode);
  raw::call(SYS_umask, mask);
  return made;
}

OAP_AFTER_FORK long put_text(const Spot& spot, const char* text) {
  const auto fd = static_cast<int>(
      raw::call(SYS_openat, spot.folder, spot.name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444));
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
  Spot socket;
  Spot link;

  OAP_AFTER_FORK Firsts() {}  // NOLINT: as it is written
  OAP_AFTER_FORK ~Firsts() {
    raw::close(socket.folder);
    raw::close(link.folder);
  }
  Firsts(const Firsts&) = delete;
  Firsts& operator=(const Firsts&) = delete;
};

OAP_AFTER_FORK long put_name(const Spot& spot, Spot& first, bool is_link) {
  if (first.folder >= 0) {
    const long linked = raw::call(SYS_linkat, first.folder, first.name, spot.folder, spot.name, 0);
    if (linked == 0 || linked == -EEXIST) {
      return linked;
    }
  }
  const long made = is_link ? raw::call(SYS_symlinkat, kNowhere, spot.folder, spot.name)
                            : raw::call(SYS_mknodat, spot.folder, spot.name, S_IFSOCK, 0);
  if (made == 0) {
    raw::close(first.folder);
    first.folder = static_cast<int>(raw::call(SYS_fcntl, spot.folder, F_DUPFD_CLOEXEC, 0));
    first.name = spot.name;
  }
  return made;
}

OAP_AFTER_FORK long put_one(const Placeholder& placeholder, const Spot& spot, Firsts& firsts) {
  if (spot.folder < 0) {
    return spot.folder;
  }
  switch (placeholder.kind) {
    case Placeholder::Kind::kSocket:
      return put_name(spot, firsts.socket, false);
    case Placeholder::Kind::kDirectory:
      return put_directory(spot);
    case Placeholder::Kind::kLink:
      return put_name(spot, firsts.link, true);
    case Placeholder::Kind::kText:
      return put_text(spot, placeholder.text);
  }
  return -EINVAL;
}

/// Whether the folder is the caller's, who may then change its mode and make the name.
OAP_AFTER_FORK bool is_own(int folder) {
  struct stat info{};
  return raw::call(SYS_fstat, folder, &info) != 0 ||
         info.st_uid == static_cast<uid_t>(raw::call(SYS_geteuid));
}

OAP_AFTER_FORK bool is_ours(const Placeholder& placeholder, const Spot& spot) {
  struct stat info{};
  if (spot.folder < 0 ||
      raw::call(SYS_newfstatat, spot.folder, spot.name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return false;
  }
  switch (placeholder.kind) {
    case Placeholder::Kind::kSocket:
      return S_ISSOCK(info.st_mode) && (info.st_mode & 07777) == 0;
    case Placeholder::Kind::kDirectory:
      return S_ISDIR(info.st_mode) && (info.st_mode & 07777) == kPlaceholderMode;
    case Placeholder::Kind::kLink:
      return S_ISLNK(info.st_mode) && leads_nowhere(spot);
    case Placeholder::Kind::kText:
      return S_ISREG(info.st_mode) && (info.st_mode & 0222) == 0 && holds(spot, placeholder.text);
  }
  return false;
}

/// Only what is surely a placeholder goes.
OAP_AFTER_FORK void remove_one(const Placeholder& placeholder, Folders& folders) {
  const Spot spot = folders.of(placeholder.path);
  if (!is_ours(placeholder, spot)) {
    return;
  }
  const bool directory = placeholder.kind == Placeholder::Kind::kDirectory;
  const long done = raw::call(SYS_unlinkat, spot.folder, spot.name, directory ? AT_REMOVEDIR : 0);
  if (directory && done == -ENOTEMPTY) {
    raw::call(SYS_fchmodat, spot.folder, spot.name, 0755);
  }
}

}  // namespace

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
  Folders folders;
  for (const Placeholder& placeholder : plan.placeholders) {
    const Spot spot = folders.of(placeholder.path);
    const long error = put_one(placeholder, spot, firsts);
    const bool nobody_can =
        error == -EROFS || (error == -EACCES && spot.folder >= 0 && !is_own(spot.folder));
    all = all && (error == 0 || error == -EEXIST || nobody_can);
  }
  return all;
}

OAP_AFTER_FORK bool stand_again(const Placeholder& placeholder) {
  struct stat info{};
  Firsts none;
  Folders folders;
  const Spot spot = folders.of(placeholder.path);
  return spot.folder >= 0 &&
         raw::call(SYS_newfstatat, spot.folder, spot.name, &info, AT_SYMLINK_NOFOLLOW) == -ENOENT &&
         put_one(placeholder, spot, none) == 0;
}

OAP_AFTER_FORK void Placeholders::remove(const LaunchPlan& plan) const {
  if (lock_ < 0) {
    return;
  }
  if (raw::call(SYS_flock, lock_, LOCK_EX | LOCK_NB) == 0) {
    Folders folders;
    for (std::size_t i = plan.placeholders.size; i > 0; --i) {
      remove_one(plan.placeholders.data[i - 1], folders);  // what is in a folder before the folder
    }
    for (std::size_t i = plan.guards.size; plan.disturbed && i > 0; --i) {
      if (plan.guards.data[i - 1].keep_missing) {
        remove_one(plan.guards.data[i - 1].stand, folders);
      }
    }
  }
  raw::close(lock_);
}

}  // namespace oap::sandbox
