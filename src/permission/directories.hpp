#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "permission/path_resolver.hpp"
#include "shell/script.hpp"

namespace oap::permission {

/// git there may be about another repository than the workspace's, with programs of its own. Looks
/// at the file system.
bool is_in_other_repository(const std::string& directory, std::string_view workspace);

/// `..` is one of its names: to `cd` that is the place it came through, link or not.
bool goes_up(std::string_view path);

/// The directories that a command may be in, as its calls of cd, pushd and popd are read in order.
/// Never empty; the first is where it began. Lives for one request. Private to this folder.
class Directories {
 public:
  explicit Directories(std::string_view cwd) : all_{std::string(cwd)} {}

  const std::vector<std::string>& all() const { return all_; }
  const std::string& first() const { return all_.front(); }
  /// False where it may be in others, too.
  bool known() const { return known_; }
  /// Takes the call of the program `name` into account; true where directories were added.
  bool follow(const shell::SimpleCommand& command, const std::string& name, PathResolver& resolver);

 private:
  std::vector<std::string> all_;
  bool known_ = true;
  bool came_through_link_ = false;
  std::unordered_set<std::string> followed_;
};

}  // namespace oap::permission
