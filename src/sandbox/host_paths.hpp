#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include <sys/types.h>

namespace oap::sandbox {

// Paths on the host, which are looked at without following their last link.

/// S_IFMT bits; 0: there is nothing.
mode_t kind_of(const std::string& path);
/// Of a symbolic link; "" where it is none.
std::string link_target(const std::string& path);
/// "/" of what lies at the top, and of a name without a slash.
std::string parent_of(const std::string& path);
/// `path` is `directory` or lies in it. Both canonical. Pure.
bool is_within(const std::string& path, const std::string& directory);

/// Where something is mounted in a folder, outermost first, at most some hundred.
std::vector<std::string> mounts_below(const std::string& folder);

/// The names in a folder as they are now, so that many can be asked for at the cost of one look.
class Listing {
 public:
  explicit Listing(std::string folder);
  /// False: the path leads into the folder, and its first name there was not. True where the folder
  /// cannot be listed.
  bool may_have(const std::string& path) const;

 private:
  std::string folder_;
  std::unordered_set<std::string> names_;
  bool known_ = false;
};

}  // namespace oap::sandbox
