#include "permission/directories.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "text/strings.hpp"

namespace oap::permission {
namespace {

using shell::WordKind;

constexpr std::size_t kMaxDirectories = 8;

std::string joined(const std::string& directory, const std::string& target) {
  return (std::filesystem::path(directory) / target).lexically_normal().string();
}

}  // namespace

bool is_in_other_repository(const std::string& directory, std::string_view workspace) {
  std::error_code error;
  std::filesystem::path at = std::filesystem::weakly_canonical(directory, error);
  const std::filesystem::path top = std::filesystem::weakly_canonical(workspace, error);
  if (!std::filesystem::exists(at, error)) {
    return true;
  }
  for (; !error && at != top && at.has_relative_path(); at = at.parent_path()) {
    if (std::filesystem::exists(std::filesystem::symlink_status(at / ".git", error)) ||
        std::filesystem::exists(std::filesystem::symlink_status(at / "HEAD", error))) {
      return true;
    }
    error.clear();
  }
  return bool(error);
}

bool goes_up(std::string_view path) {
  const std::vector<std::string_view> names = text::split(path, '/');
  return std::find(names.begin(), names.end(), "..") != names.end();
}

bool Directories::follow(const shell::SimpleCommand& command, const std::string& name,
                         PathResolver& resolver) {
  if (name != "cd" && name != "pushd" && name != "popd") {
    return false;
  }
  std::size_t at = 1;
  while (at < command.argv.size() && command.argv[at].starts_with('-') &&
         command.argv[at].size() > 1) {
    ++at;
  }
  const bool known =
      name != "popd" && at < command.argv.size() && command.argv[at] != "-" &&
      command.argv[at].find_first_of("+-") != 0 &&
      (command.kinds[at] == WordKind::kStatic || command.kinds[at] == WordKind::kTilde);
  const bool home = name == "cd" && at >= command.argv.size();
  if (!known && !home) {
    known_ = false;
    return false;
  }
  const std::string target = home ? "~" : command.argv[at];
  if (!followed_.insert(target).second) {
    return false;
  }
  std::vector<std::string> further;
  for (const std::string& directory : all_) {
    further.push_back(resolver.facet(target, Action::kRead, directory).canonical);
    const std::string as_written = joined(directory, target);
    const bool through_link = !target.starts_with('~') && as_written != further.back() &&
                              as_written != further.back() + "/";
    if (goes_up(target) && (through_link || came_through_link_)) {
      further.push_back(resolver.facet(as_written, Action::kRead, directory).canonical);
      known_ = false;
    }
    came_through_link_ = came_through_link_ || through_link;
  }
  const std::size_t before = all_.size();
  for (std::string& directory : further) {
    if (std::find(all_.begin(), all_.end(), directory) == all_.end()) {
      all_.push_back(std::move(directory));
    }
  }
  if (all_.size() > kMaxDirectories) {
    all_.resize(kMaxDirectories);
    known_ = false;
  }
  if (all_.size() == before) {
    return false;
  }
  followed_.clear();
  return true;
}

}  // namespace oap::permission
