#include "sandbox/git_hold.hpp"

#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>

#include "sandbox/git_config.hpp"
#include "sandbox/git_walk.hpp"
#include "sandbox/raw.hpp"

namespace oap::sandbox {
namespace {

constexpr std::size_t kLargestConfig = 256u << 10;
constexpr std::size_t kLargestName = 256;
constexpr std::int64_t kMostMs = 2'000;
constexpr std::uint32_t kMostDirectories = 2'000'000;

OAP_AFTER_FORK bool same(const char* text, const char* other) {
  while (*text != '\0' && *text == *other) {
    ++text;
    ++other;
  }
  return *text == *other;
}

OAP_AFTER_FORK bool ends_with(const char* text, const char* end) {
  const std::size_t size = raw::length(text);
  const std::size_t wanted = raw::length(end);
  return size >= wanted && same(text + (size - wanted), end);
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

OAP_AFTER_FORK std::int64_t changed_at(const struct stat& info) {
  return std::int64_t{info.st_ctim.tv_sec} * 1'000'000'000 + info.st_ctim.tv_nsec;
}

struct Text {
  char data[PATH_MAX + 16] = {};
  std::size_t size = 0;

  OAP_AFTER_FORK Text& add(const char* text) {
    for (; *text != '\0' && size + 1 < sizeof data; ++text) {
      data[size++] = *text;
    }
    data[size] = '\0';
    return *this;
  }
  OAP_AFTER_FORK Text& add(unsigned number) {
    char digits[12];
    int count = 0;
    for (; count == 0 || number > 0; number /= 10) {
      digits[count++] = static_cast<char>('0' + number % 10);
    }
    while (count > 0 && size + 1 < sizeof data) {
      data[size++] = digits[--count];
    }
    data[size] = '\0';
    return *this;
  }
};

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
        note(place, nullptr, "it could not be searched wholly for git repositories");
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

  OAP_AFTER_FORK const KnownRepository* known(const char* path) const {
    for (const KnownRepository& each : plan_.repositories) {
      if (same(each.path, path)) {
        return &each;
      }
    }
    return nullptr;
  }

  OAP_AFTER_FORK bool changed(int directory, const char* name) const {
    struct stat info{};
    return raw::call(SYS_newfstatat, directory, name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
           changed_at(info) >= began_;
  }

  OAP_AFTER_FORK mode_t kind_of(int directory, const char* name) const {
    struct stat info{};
    return raw::call(SYS_newfstatat, directory, name, &info, AT_SYMLINK_NOFOLLOW) == 0
               ? info.st_mode & S_IFMT
               : 0;
  }

  OAP_AFTER_FORK void repository(const GitPlace& place) {
    const KnownRepository* const before = known(place.path);
    const bool held_there = before != nullptr && !plan_.bare;
    const bool guarded = held_there && before->guarded;
    tell_only_ = guarded;
    config(place, "config", before != nullptr ? before->risk : 0);
    tell_only_ = held_there && before->worktree_guarded;
    config(place, "config.worktree", before != nullptr ? before->worktree_risk : 0);
    tell_only_ = false;
    common_directory(place);
    if (!guarded || plan_.disturbed) {
      tell_only_ = guarded;
      hooks(place);
      tell_only_ = false;
    }
    rebase(place);
  }

  OAP_AFTER_FORK void config(const GitPlace& place, const char* name, std::uint64_t allowed) {
    const mode_t kind = kind_of(place.directory, name);
    if (kind == 0 || S_ISDIR(kind)) {
      return;
    }
    if (!S_ISREG(kind)) {
      if (changed(place.directory, name)) {
        hold(place, name, "it is no plain file");
      }
      return;
    }
    static char text[kLargestConfig];
    const long size = read(place.directory, name, text, sizeof text);
    if (size < 0 || size == static_cast<long>(sizeof text)) {
      if (changed(place.directory, name)) {
        hold(place, name, "it cannot be read, or is too large");
      }
      return;
    }
    const ConfigRisk risk = risk_of_config(text, static_cast<std::size_t>(size));
    if (risk.sum != 0 && risk.sum != allowed) {
      Text why;
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
    if (!changed(place.directory, kName)) {
      return;
    }
    char text[16] = {};
    const long size = read(place.directory, kName, text, sizeof text - 1);
    if (size > 0 && text[size - 1] == '\n') {
      text[size - 1] = '\0';
    }
    const bool fine =
        size > 0 && (same(text, ".") || (same(text, "../..") && is_worktree(place.path)));
    if (!fine) {
      hold(place, kName, "it leads to another repository");
    }
  }

  OAP_AFTER_FORK void hooks(const GitPlace& place) {
    const mode_t kind = kind_of(place.directory, "hooks");
    if (kind != 0 && !S_ISDIR(kind)) {
      if (changed(place.directory, "hooks")) {
        hold(place, "hooks", "it is no folder");
      }
      return;
    }
    const int fd = raw::open_at(place.directory, "hooks", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (fd < 0) {
      return;
    }
    Text below;
    below.add(place.path).add("/hooks");
    GitPlace folder = place;
    folder.directory = fd;
    folder.path = below.data;
    each_hook(folder);
    raw::close(fd);
  }

  OAP_AFTER_FORK void each_hook(const GitPlace& folder) {
    struct Listed {
      std::uint64_t inode;
      std::int64_t offset;
      std::uint16_t size;
      std::uint8_t type;
      char name[1];
    };
    alignas(Listed) char buffer[4096];
    while (true) {
      const long size = raw::call(SYS_getdents64, folder.directory, buffer, sizeof buffer);
      if (size <= 0) {
        return;
      }
      for (long at = 0; at < size;) {
        const auto* entry = reinterpret_cast<const Listed*>(buffer + at);
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
        changed_at(info) < began_) {
      return false;
    }
    return S_ISLNK(info.st_mode) || (S_ISREG(info.st_mode) && (info.st_mode & 0111) != 0);
  }

  /// `git rebase --continue` runs what its list of steps says.
  OAP_AFTER_FORK void rebase(const GitPlace& place) {
    const int fd =
        raw::open_at(place.directory, "rebase-merge", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (fd < 0) {
      return;
    }
    constexpr const char* kName = "git-rebase-todo";
    static char text[kLargestConfig];
    const long size = changed(fd, kName) ? read(fd, kName, text, sizeof text) : 0;
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
      Text below;
      GitPlace folder = place;
      folder.directory = fd;
      folder.path = below.add(place.path).add("/rebase-merge").data;
      hold(folder, kName, "it has steps that run programs");
    }
    raw::close(fd);
  }

  /// What lies in a searched place is judged there; a `.git` that leads elsewhere is set aside.
  OAP_AFTER_FORK void git_file(const GitPlace& place) {
    if (!changed(place.directory, place.name)) {
      return;
    }
    const mode_t kind = kind_of(place.directory, place.name);
    if (S_ISSOCK(kind)) {
      return;
    }
    char target[PATH_MAX] = {};
    if (S_ISLNK(kind)) {
      raw::call(SYS_readlinkat, place.directory, place.name, target, sizeof target - 1);
      if (same(target, kNowhere)) {
        return;
      }
    } else if (!S_ISREG(kind) || !read_target(place, target)) {
      return;
    }
    const int fd = raw::open_at(place.directory, target, O_PATH | O_DIRECTORY);
    if (fd < 0) {
      return;
    }
    Text link;
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
    if (plan_.hold_git && !tell_only_ && raw::length(name) + sizeof kHeld < kLargestName) {
      Text to;
      to.add(name).add(kHeld);
      if (raw::call(SYS_renameat, place.directory, name, place.directory, to.data) == 0) {
        note(place.path, name, why, true);
        return;
      }
    }
    note(place.path, name, why);
  }

  OAP_AFTER_FORK void note(const char* path, const char* name, const char* why, bool held = false) {
    static Text line;
    line.size = 0;
    line.add(path);
    if (name != nullptr) {
      line.add("/").add(name);
    }
    line.add(": ").add(why);
    if (name != nullptr) {
      line.add(held ? " and was renamed: its name now ends in " : " and lets git run it");
      line.add(held ? kHeld : "");
    }
    line.add("\n");
    if (findings_.size + line.size >= sizeof findings_.text) {
      return;
    }
    for (std::size_t i = 0; i < line.size; ++i) {
      const char c = line.data[i];
      const bool odd = (c < ' ' && i + 1 < line.size) || c == 127;
      findings_.text[findings_.size++] = odd ? '?' : c;
    }
  }

  const LaunchPlan& plan_;
  std::int64_t began_;
  Findings& findings_;
  bool tell_only_ = false;
};

}  // namespace

OAP_AFTER_FORK void hold_git(const LaunchPlan& plan, std::int64_t began, Findings& findings) {
  Judge(plan, began, findings).run();
}

}  // namespace oap::sandbox
