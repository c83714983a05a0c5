#include "sandbox/git_hold.hpp"

#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>

#include "sandbox/fixed_text.hpp"
#include "sandbox/git_config.hpp"
#include "sandbox/git_walk.hpp"
#include "sandbox/plain_path.hpp"
#include "sandbox/raw.hpp"

namespace oap::sandbox {
namespace {

constexpr std::size_t kLargestConfig = 256u << 10;
constexpr std::int64_t kMostMs = 2'000;
constexpr std::uint32_t kMostDirectories = 2'000'000;

OAP_AFTER_FORK bool ends_with(const char* text, const char* end) {
  const std::size_t size = raw::length(text);
  const std::size_t wanted = raw::length(end);
  return size >= wanted && raw::same(text + (size - wanted), end);
}

OAP_AFTER_FORK bool is_below(const char* path, const char* directory) {
  std::size_t at = 0;
  for (; directory[at] != '\0'; ++at) {
    if (path[at] != directory[at]) {
      return false;
    }
  }
  return path[at] == '\0' || path[at] == '/' || (at == 1 && directory[0] == '/');
}

/// The path ends in ".../worktrees/NAME".
OAP_AFTER_FORK bool is_worktree(const char* path) {
  constexpr char kFolder[] = "/worktrees";
  constexpr std::size_t kSize = sizeof kFolder - 1;
  std::size_t slash = raw::length(path);
  while (slash > 0 && path[slash] != '/') {
    --slash;
  }
  if (slash < kSize) {
    return false;
  }
  for (std::size_t i = 0; i < kSize; ++i) {
    if (path[slash - kSize + i] != kFolder[i]) {
      return false;
    }
  }
  return true;
}

class Judge {
 public:
  OAP_AFTER_FORK Judge(const LaunchPlan& plan, std::int64_t began, Findings& findings)
      : plan_(plan), began_(began), findings_(findings) {}

  OAP_AFTER_FORK void run() {
    GitWalk walk;
    walk.most_directories = kMostDirectories;
    walk.most_ms = kMostMs;
    walk.unchanged_since = began_;
    walk.visit = &visit;
    walk.context = this;
    for (const char* const place : plan_.searched) {
      if (!walk_git(place, walk)) {
        findings_.add(place, nullptr, "it could not be searched wholly for git repositories",
                      false);
      }
    }
  }

 private:
  OAP_AFTER_FORK static void visit(void* self, const GitPlace& place) {
    Judge& judge = *static_cast<Judge*>(self);
    if (place.kind == GitPlace::Kind::kRepository) {
      judge.repository(place);
    } else {
      judge.git_file(place);
    }
  }

  /// The one that was there before, if it still is. Where another one is, or it was elsewhere, it
  /// was `moved`.
  OAP_AFTER_FORK const KnownRepository* known(const GitPlace& place, bool& moved) const {
    struct stat info{};
    raw::call(SYS_fstat, place.directory, &info);
    const KnownRepository* before = nullptr;
    for (const KnownRepository& each : plan_.repositories) {
      const bool here = raw::same(each.path, place.path);
      const bool it = each.inode == info.st_ino && each.device == info.st_dev;
      before = here && it ? &each : before;
      moved = moved || here != it;
    }
    moved = moved && before == nullptr;
    return before;
  }

  OAP_AFTER_FORK bool is_given(const char* path, const char* name) const {
    FixedText whole;
    whole.add(path).add("/").add(name);
    for (const char* const given : plan_.given) {
      if (is_below(whole.data, given)) {
        return true;
      }
    }
    return false;
  }

  /// It has come or changed, or its repository was moved there.
  OAP_AFTER_FORK bool is_new(int directory, const char* name) const {
    struct stat info{};
    return raw::call(SYS_newfstatat, directory, name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
           (moved_ || raw::changed_at(info) >= began_);
  }

  OAP_AFTER_FORK mode_t kind_of(int directory, const char* name) const {
    struct stat info{};
    return raw::call(SYS_newfstatat, directory, name, &info, AT_SYMLINK_NOFOLLOW) == 0
               ? info.st_mode & S_IFMT
               : 0;
  }

  OAP_AFTER_FORK void repository(const GitPlace& place) {
    moved_ = false;
    const KnownRepository* const before = known(place, moved_);
    const bool held_there = before != nullptr && !plan_.bare;
    const bool guarded = held_there && before->guarded;
    const bool doubtful = before == nullptr && place.around_changed;
    tell_only_ = guarded;
    config(place, "config", before != nullptr ? before->risk : 0, doubtful);
    tell_only_ = held_there && before->worktree_guarded;
    config(place, "config.worktree", before != nullptr ? before->worktree_risk : 0, doubtful);
    tell_only_ = false;
    common_directory(place);
    if (!guarded || plan_.disturbed) {
      tell_only_ = guarded;
      hooks(place);
      tell_only_ = false;
    }
    rebase(place);
    moved_ = false;
  }

  OAP_AFTER_FORK void config(const GitPlace& place, const char* name, std::uint64_t allowed,
                             bool doubtful) {
    const mode_t kind = kind_of(place.directory, name);
    const bool touched = is_new(place.directory, name);
    if (kind == 0 || S_ISDIR(kind) || (!touched && !doubtful)) {
      return;
    }
    tell_only_ = tell_only_ || !touched;
    if (!S_ISREG(kind)) {
      hold(place, name, "it is no plain file");
      return;
    }
    static char text[kLargestConfig];
    const long size = read(place.directory, name, text, sizeof text);
    if (size < 0 || size == static_cast<long>(sizeof text)) {
      hold(place, name, "it cannot be read, or is too large");
      return;
    }
    const ConfigRisk risk = risk_of_config(text, static_cast<std::size_t>(size));
    if (risk.sum != 0 && risk.sum != allowed) {
      FixedText why;
      hold(place, name, why.add("it sets ").add(risk.first).data);
    }
  }

  /// As much as fits; -errno.
  OAP_AFTER_FORK static long read(int directory, const char* name, char* text, std::size_t room) {
    const int fd = raw::open_at(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
      return fd;
    }
    std::size_t used = 0;
    while (used < room) {
      const long size = raw::read(fd, text + used, room - used);
      if (size <= 0) {
        break;
      }
      used += static_cast<std::size_t>(size);
    }
    raw::close(fd);
    return static_cast<long>(used);
  }

  OAP_AFTER_FORK void common_directory(const GitPlace& place) {
    constexpr const char* kName = "commondir";
    if (!is_new(place.directory, kName)) {
      return;
    }
    char text[16] = {};
    const long size = read(place.directory, kName, text, sizeof text - 1);
    if (size > 0 && text[size - 1] == '\n') {
      text[size - 1] = '\0';
    }
    const bool fine =
        size > 0 && (raw::same(text, ".") || (raw::same(text, "../..") && is_worktree(place.path)));
    if (!fine) {
      hold(place, kName, "it leads to another repository");
    }
  }

  OAP_AFTER_FORK void hooks(const GitPlace& place) {
    const mode_t kind = kind_of(place.directory, "hooks");
    if (kind != 0 && !S_ISDIR(kind)) {
      if (is_new(place.directory, "hooks")) {
        hold(place, "hooks", "it is no folder");
      }
      return;
    }
    const int fd = open_directory(place.directory, "hooks", began_);
    if (fd < 0) {
      return;
    }
    FixedText below;
    below.add(place.path).add("/hooks");
    GitPlace folder = place;
    folder.directory = fd;
    folder.path = below.data;
    each_hook(folder);
    raw::close(fd);
  }

  OAP_AFTER_FORK void each_hook(const GitPlace& folder) {
    alignas(raw::Listed) char buffer[4096];
    while (true) {
      const long size = raw::call(SYS_getdents64, folder.directory, buffer, sizeof buffer);
      if (size <= 0) {
        return;
      }
      for (long at = 0; at < size;) {
        const auto* entry = reinterpret_cast<const raw::Listed*>(buffer + at);
        at += entry->size;
        if (is_active_hook(folder.directory, entry->name)) {
          hold(folder, entry->name, "it is a hook that git runs");
        }
      }
    }
  }

  OAP_AFTER_FORK bool is_active_hook(int directory, const char* name) const {
    if (ends_with(name, ".sample") || ends_with(name, kHeld)) {
      return false;
    }
    struct stat info{};
    if (raw::call(SYS_newfstatat, directory, name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
        (raw::changed_at(info) < began_ && !moved_)) {
      return false;
    }
    return S_ISLNK(info.st_mode) || (S_ISREG(info.st_mode) && (info.st_mode & 0111) != 0);
  }

  /// `git rebase --continue` runs what its list of steps says.
  OAP_AFTER_FORK void rebase(const GitPlace& place) {
    const int fd = open_directory(place.directory, "rebase-merge", began_);
    if (fd < 0) {
      return;
    }
    constexpr const char* kName = "git-rebase-todo";
    static char text[kLargestConfig];
    const long size = is_new(fd, kName) ? read(fd, kName, text, sizeof text) : 0;
    bool runs = size == static_cast<long>(sizeof text);
    bool line_start = true;
    for (long at = 0; at < size && !runs; ++at) {
      const char c = text[at];
      if (line_start && (c == 'x' || c == 'e')) {
        const bool word = c == 'e' && at + 4 < size && text[at + 1] == 'x' && text[at + 2] == 'e';
        runs = word || (at + 1 < size && (text[at + 1] == ' ' || text[at + 1] == '\t'));
      }
      line_start = c == '\n' || (line_start && (c == ' ' || c == '\t'));
    }
    if (runs) {
      FixedText below;
      GitPlace folder = place;
      folder.directory = fd;
      folder.path = below.add(place.path).add("/rebase-merge").data;
      hold(folder, kName, "it has steps that run programs");
    }
    raw::close(fd);
  }

  /// What lies in a searched place is judged there; a `.git` that leads elsewhere is set aside.
  OAP_AFTER_FORK void git_file(const GitPlace& place) {
    if (!is_new(place.directory, place.name)) {
      return;
    }
    const mode_t kind = kind_of(place.directory, place.name);
    if (S_ISSOCK(kind)) {
      return;
    }
    char target[PATH_MAX] = {};
    if (S_ISLNK(kind)) {
      raw::call(SYS_readlinkat, place.directory, place.name, target, sizeof target - 1);
      if (raw::same(target, kNowhere)) {
        return;
      }
    } else if (!S_ISREG(kind) || !read_target(place, target)) {
      return;
    }
    const int fd = raw::open_at(place.directory, target, O_PATH | O_DIRECTORY);
    if (fd < 0) {
      return;
    }
    FixedText link;
    char real[PATH_MAX] = {};
    link.add("/proc/self/fd/").add(static_cast<unsigned>(fd));
    raw::call(SYS_readlinkat, AT_FDCWD, link.data, real, sizeof real - 1);
    raw::close(fd);
    bool within = false;
    for (const char* const searched : plan_.searched) {
      within = within || is_below(real, searched);
    }
    if (!within) {
      hold(place, place.name, "it leads to a repository elsewhere");
    }
  }

  OAP_AFTER_FORK static bool read_target(const GitPlace& place, char (&target)[PATH_MAX]) {
    constexpr char kStart[] = "gitdir: ";
    constexpr std::size_t kSize = sizeof kStart - 1;
    char text[PATH_MAX] = {};
    long size = read(place.directory, place.name, text, sizeof text - 1);
    for (std::size_t i = 0; i < kSize; ++i) {
      if (text[i] != kStart[i]) {
        return false;
      }
    }
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r')) {
      text[--size] = '\0';
    }
    for (std::size_t i = kSize; i < sizeof text; ++i) {
      target[i - kSize] = text[i];
    }
    return true;
  }

  OAP_AFTER_FORK void hold(const GitPlace& place, const char* name, const char* why) {
    if (is_given(place.path, name)) {
      return;
    }
    const bool held = plan_.hold_git && !tell_only_ && set_aside(place.directory, name);
    findings_.add(place.path, name, why, held);
  }

  const LaunchPlan& plan_;
  std::int64_t began_;
  Findings& findings_;
  bool tell_only_ = false;
  bool moved_ = false;  ///< the repository that is judged
};

}  // namespace

OAP_AFTER_FORK void hold_names(const LaunchPlan& plan, Findings& findings) {
  for (const char* const path : plan.held) {
    std::size_t slash = 0;
    for (std::size_t i = 0; path[i] != '\0'; ++i) {
      slash = path[i] == '/' ? i : slash;
    }
    FixedText folder;
    folder.add(path);
    folder.data[slash == 0 ? 1 : slash] = '\0';
    const int directory = open_plain(folder.data, O_RDONLY | O_DIRECTORY);
    struct stat info{};
    const char* const name = path + slash + 1;
    // A socket is no program's configuration, and may be another child's stand-in.
    if (directory >= 0 &&
        raw::call(SYS_newfstatat, directory, name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
        !S_ISSOCK(info.st_mode)) {
      findings.add(folder.data, name, "agents take it for their settings",
                   set_aside(directory, name), ", and it could not be renamed");
    }
    raw::close(directory);
  }
}

OAP_AFTER_FORK void hold_git(const LaunchPlan& plan, std::int64_t began, Findings& findings) {
  Judge(plan, began, findings).run();
}

}  // namespace oap::sandbox
