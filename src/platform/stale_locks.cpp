#include "platform/stale_locks.hpp"

#include <filesystem>
#include <fstream>

#include <sys/stat.h>

namespace oap::platform {
namespace {

namespace fs = std::filesystem;

/// Some process called git works in the folder, or may.
bool git_is_at_work(const std::string& workspace) {
  std::error_code problem;
  for (const fs::directory_entry& process : fs::directory_iterator("/proc", problem)) {
    std::string name;
    std::ifstream(process.path() / "comm") >> name;
    if (!name.starts_with("git")) {
      continue;
    }
    std::error_code unseen;
    const std::string place = fs::read_symlink(process.path() / "cwd", unseen).string();
    if (unseen ? fs::exists(process.path()) : (place + "/").starts_with(workspace + "/")) {
      return true;
    }
  }
  return static_cast<bool>(problem);
}

bool is_since(const fs::path& file, WallTime since) {
  struct stat info = {};
  if (::lstat(file.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return false;
  }
  return WallTime(std::chrono::seconds(info.st_mtim.tv_sec + 1)) >= since;
}

void collect(const fs::path& folder, bool deep, std::vector<fs::path>& out) {
  std::error_code problem;
  for (fs::recursive_directory_iterator at(folder, problem), end; !problem && at != end;
       at.increment(problem)) {
    if (!deep) {
      at.disable_recursion_pending();
    }
    if (at->path().extension() == ".lock") {
      out.push_back(at->path());
    }
  }
}

}  // namespace

std::vector<std::string> remove_stale_git_locks(const std::string& workspace, WallTime since) {
  const fs::path git = fs::path(workspace) / ".git";
  std::vector<std::string> removed;
  std::error_code problem;
  if (!fs::is_directory(fs::symlink_status(git, problem)) || git_is_at_work(workspace)) {
    return removed;
  }
  std::vector<fs::path> locks;
  collect(git, false, locks);
  collect(git / "refs" / "heads" / "oap", true, locks);
  collect(git / "worktrees", true, locks);
  for (const fs::path& lock : locks) {
    if (is_since(lock, since) && fs::remove(lock, problem)) {
      removed.push_back(lock.lexically_relative(workspace).string());
    }
  }
  return removed;
}

}  // namespace oap::platform
