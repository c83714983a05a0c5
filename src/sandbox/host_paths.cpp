#include "sandbox/host_paths.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <sstream>
#include <utility>

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.hpp"

namespace oap::sandbox {

mode_t kind_of(const std::string& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_mode & S_IFMT : 0;
}

std::string link_target(const std::string& path) {
  std::string target(PATH_MAX, '\0');
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  target.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return target;
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

bool is_within(const std::string& path, const std::string& directory) {
  if (directory == "/") {
    return path.starts_with('/');
  }
  return path.starts_with(directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

std::vector<std::string> mounts_below(const std::string& folder) {
  constexpr std::size_t kMost = 256;
  constexpr std::size_t kEscape = 4;  // a backslash and three octal digits
  std::vector<std::string> found;
  std::istringstream lines(os::read_file("/proc/self/mountinfo").value_or(""));
  for (std::string line; std::getline(lines, line) && found.size() < kMost;) {
    std::istringstream fields(line);
    std::string written;
    for (int i = 0; i < 5; ++i) {
      fields >> written;
    }
    std::string path;
    for (std::size_t at = 0; at < written.size(); ++at) {
      if (written[at] == '\\' && at + kEscape <= written.size()) {
        path += static_cast<char>(std::strtol(written.substr(at + 1, 3).c_str(), nullptr, 8));
        at += kEscape - 1;
      } else {
        path += written[at];
      }
    }
    if (path != folder && is_within(path, folder)) {
      found.push_back(path);
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

Listing::Listing(std::string folder) : folder_(std::move(folder)) {
  if (auto names = os::list_dir(folder_)) {
    names_.insert(std::make_move_iterator(names->begin()), std::make_move_iterator(names->end()));
    known_ = true;
  }
}

bool Listing::may_have(const std::string& path) const {
  if (!known_ || path.size() <= folder_.size() || !is_within(path, folder_)) {
    return true;
  }
  const std::size_t begin = folder_ == "/" ? 1 : folder_.size() + 1;
  return names_.count(path.substr(begin, path.find('/', begin) - begin)) != 0;
}

}  // namespace oap::sandbox
