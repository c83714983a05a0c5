#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "permission/facets.hpp"
#include "shell/script.hpp"

namespace oap::permission {

/// The names that a script itself links, renames or mounts: what is reached through them is what
/// they stand for. Lives for one script. Private to this folder.
class MadeLinks {
 public:
  /// `ln`, `cp -s`, `mv`, `mount --bind`: notes what it makes, from each directory it may run in.
  /// The facets from `from` to `to` are the call's own.
  void note(const shell::SimpleCommand& command, const std::vector<std::string>& directories,
            std::size_t from, std::size_t to);
  /// Adds what the paths stand for that lie at or below a made name. False where that is not
  /// certain: too many, or with "..".
  bool follow(std::string_view workspace, std::vector<PathFacet>& paths) const;

 private:
  struct Link {
    std::string name;
    std::string target;
    std::size_t from = 0;
    std::size_t to = 0;
  };
  void add(std::string name, std::string target, std::size_t from, std::size_t to);

  std::vector<Link> links_;
  bool too_many_ = false;
};

}  // namespace oap::permission
