#include "permission/directories.hpp"

#include <algorithm>
#include <utility>

namespace oap::permission {
namespace {

using shell::WordKind;

constexpr std::size_t kMaxDirectories = 8;

}  // namespace

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
