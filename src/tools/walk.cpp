#include "tools/walk.hpp"

#include <algorithm>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace oap::tools {
namespace {

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

class Walk {
 public:
  Walk(const WalkOptions& options, const std::stop_token& stop,
       const std::function<bool(const WalkEntry&)>& visit)
      : options_(options), stop_(stop), visit_(visit) {}

  WalkEnd run(const OpenFile& directory, const std::string& prefix, std::size_t depth) {
    const std::size_t left = options_.max_entries - seen_;
    const std::vector<DirectoryEntry> entries = entries_of(directory, left + 1);
    for (const DirectoryEntry& entry : entries) {
      if (stop_.stop_requested()) {
        return WalkEnd::kStopped;
      }
      if (++seen_ > options_.max_entries) {
        return WalkEnd::kTooMany;
      }
      const WalkEntry found{prefix + entry.name, entry.name, directory.get(), entry.is_directory,
                            entry.is_link};
      if (options_.leave_out && options_.leave_out(found)) {
        continue;
      }
      if (!visit_(found)) {
        return WalkEnd::kEnough;
      }
      if (const WalkEnd end = enter(directory, found, depth); end != WalkEnd::kComplete) {
        return end;
      }
    }
    return WalkEnd::kComplete;
  }

 private:
  WalkEnd enter(const OpenFile& directory, const WalkEntry& entry, std::size_t depth) {
    const bool skipped =
        std::find(options_.skip.begin(), options_.skip.end(), entry.name) != options_.skip.end();
    if (!entry.is_directory || skipped || depth >= options_.max_depth) {
      return WalkEnd::kComplete;
    }
    const OpenFile inner(::openat(directory.get(), entry.name.c_str(),
                                  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    return inner ? run(inner, entry.path + "/", depth + 1) : WalkEnd::kComplete;
  }

  const WalkOptions& options_;
  const std::stop_token& stop_;
  const std::function<bool(const WalkEntry&)>& visit_;
  std::size_t seen_ = 0;
};

}  // namespace

std::vector<DirectoryEntry> entries_of(const OpenFile& directory, std::size_t limit) {
  std::vector<DirectoryEntry> entries;
  const int fd = ::openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, CloseDir> dir(fd < 0 ? nullptr : ::fdopendir(fd));
  if (!dir) {
    if (fd >= 0) {
      ::close(fd);
    }
    return entries;
  }
  while (const dirent* entry = ::readdir(dir.get())) {
    std::string name = entry->d_name;
    if (name == "." || name == "..") {
      continue;
    }
    unsigned char type = entry->d_type;
    struct stat status = {};
    if (type == DT_UNKNOWN &&
        ::fstatat(directory.get(), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
      type = S_ISDIR(status.st_mode) ? DT_DIR : S_ISLNK(status.st_mode) ? DT_LNK : DT_REG;
    }
    entries.push_back({std::move(name), type == DT_DIR, type == DT_LNK});
    if (entries.size() >= limit) {
      break;
    }
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return entries;
}

WalkEnd walk(const OpenFile& start, const WalkOptions& options, const std::stop_token& stop,
             const std::function<bool(const WalkEntry&)>& visit) {
  return Walk(options, stop, visit).run(start, "", 0);
}

std::string remark(WalkEnd end, const WalkOptions& options) {
  switch (end) {
    case WalkEnd::kComplete:
    case WalkEnd::kEnough:
      return "";
    case WalkEnd::kTooMany:
      return fmt::format("[stopped after {} entries; name a deeper directory to see the rest]",
                         options.max_entries);
    case WalkEnd::kStopped:
      return "[stopped: the call was cancelled]";
  }
  return "";
}

}  // namespace oap::tools
