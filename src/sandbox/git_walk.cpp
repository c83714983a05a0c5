#include "sandbox/git_walk.hpp"

#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>

#include "sandbox/plain_path.hpp"
#include "sandbox/raw.hpp"

namespace oap::sandbox {
namespace {

constexpr int kDeepest = 128;
constexpr std::size_t kPiece = 4096;
constexpr std::uint32_t kClockEvery = 64;

OAP_AFTER_FORK bool there(int directory, const char* name) {
  return raw::call(SYS_faccessat, directory, name, 0) == 0;
}

class Walker {
 public:
  OAP_AFTER_FORK explicit Walker(const GitWalk& walk)
      : walk_(walk), until_(raw::now_ms() + walk.most_ms) {}

  OAP_AFTER_FORK bool run(const char* root) {
    path_size_ = 0;
    append(root);
    const int fd = open_plain(root, O_RDONLY | O_DIRECTORY);
    if (fd < 0) {
      return false;
    }
    visit(fd, 0);
    raw::close(fd);
    return whole_;
  }

 private:
  OAP_AFTER_FORK bool append(const char* text) {
    const std::size_t size = raw::length(text);
    if (path_size_ + size >= sizeof path_) {
      return false;
    }
    for (std::size_t i = 0; i <= size; ++i) {
      path_[path_size_ + i] = text[i];
    }
    path_size_ += size;
    return true;
  }

  OAP_AFTER_FORK bool spent() {
    ++directories_;
    over_ = over_ || directories_ > walk_.most_directories ||
            (directories_ % kClockEvery == 0 && raw::now_ms() > until_);
    return over_;
  }

  OAP_AFTER_FORK void visit(int fd, int depth) {
    if (spent() || depth > kDeepest) {
      whole_ = false;
      return;
    }
    alignas(raw::Listed) char buffer[kPiece];
    bool head = false;
    while (!over_) {
      const long size = raw::call(SYS_getdents64, fd, buffer, sizeof buffer);
      if (size <= 0) {
        whole_ = whole_ && size == 0;
        break;
      }
      for (long at = 0; at < size && !over_;) {
        const auto* entry = reinterpret_cast<const raw::Listed*>(buffer + at);
        head = head || raw::same(entry->name, "HEAD");
        look_at(fd, *entry, depth);
        at += entry->size;
      }
    }
    if (head && (there(fd, "commondir") || (there(fd, "objects") && there(fd, "refs")))) {
      tell(GitPlace::Kind::kRepository, fd, nullptr);
    }
  }

  OAP_AFTER_FORK void look_at(int fd, const raw::Listed& entry, int depth) {
    const char* const name = entry.name;
    if (raw::same(name, ".") || raw::same(name, "..")) {
      return;
    }
    struct stat info{};
    bool is_directory = entry.type == DT_DIR;
    if (entry.type == DT_UNKNOWN || walk_.bytes != nullptr ||
        (is_directory && walk_.unchanged_since != 0)) {
      if (raw::call(SYS_newfstatat, fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
        return;
      }
      is_directory = S_ISDIR(info.st_mode);
      constexpr unsigned kNoneBelow = 2;  // names of it: its own and "."
      if (walk_.bytes != nullptr) {
        count(info);
      } else if (is_directory && walk_.unchanged_since != 0 && info.st_nlink == kNoneBelow &&
                 raw::changed_at(info) < walk_.unchanged_since) {
        return;
      }
    }
    if (is_directory) {
      if (walk_.objects || !raw::same(name, "objects") || !ends_in_git()) {
        const bool before = around_changed_;
        around_changed_ = before || (walk_.unchanged_since != 0 &&
                                     raw::changed_at(info) >= walk_.unchanged_since);
        enter(fd, name, depth);
        around_changed_ = before;
      }
    } else if (raw::same(name, ".git")) {
      tell(GitPlace::Kind::kGitFile, fd, name);
    } else {
      for (const std::uint64_t inode : walk_.inodes) {
        if (inode == entry.inode) {
          tell(GitPlace::Kind::kLinked, fd, name);
        }
      }
    }
  }

  OAP_AFTER_FORK void count(const struct stat& info) const {
    constexpr std::uint64_t kBlock = 512;
    if (S_ISREG(info.st_mode) && raw::changed_at(info) >= walk_.unchanged_since) {
      *walk_.bytes += static_cast<std::uint64_t>(info.st_blocks) * kBlock;
    }
  }

  OAP_AFTER_FORK bool ends_in_git() const {
    constexpr std::size_t kSize = 5;
    return path_size_ >= kSize && raw::same(path_ + path_size_ - kSize, "/.git");
  }

  OAP_AFTER_FORK void enter(int fd, const char* name, int depth) {
    const std::size_t before = path_size_;
    if (!append("/") || !append(name)) {
      whole_ = false;
    } else {
      const int below = open_directory(fd, name, walk_.unchanged_since);
      if (below >= 0) {
        visit(below, depth + 1);
        raw::close(below);
      } else {
        whole_ = whole_ && (below == -ENOENT || below == -ELOOP || below == -ENOTDIR);
      }
    }
    path_size_ = before;
    path_[before] = '\0';
  }

  OAP_AFTER_FORK void tell(GitPlace::Kind kind, int fd, const char* name) {
    if (walk_.visit == nullptr) {
      return;
    }
    GitPlace place;
    place.kind = kind;
    place.directory = fd;
    place.path = path_;
    place.name = name;
    place.around_changed = around_changed_;
    walk_.visit(walk_.context, place);
  }

  const GitWalk& walk_;
  std::int64_t until_;
  std::uint32_t directories_ = 0;
  bool over_ = false;
  bool whole_ = true;
  bool around_changed_ = false;
  std::size_t path_size_ = 0;
  char path_[PATH_MAX] = {};
};

}  // namespace

OAP_AFTER_FORK bool walk_git(const char* root, const GitWalk& walk) {
  return Walker(walk).run(root);
}

}  // namespace oap::sandbox
