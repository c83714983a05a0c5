#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "permission/facets.hpp"

namespace oap::permission {

/// The files below a directory as they are now. Private to this folder.
struct TreeListing {
  struct File {
    std::string path;    ///< absolute, as it is reached
    std::string target;  ///< the file itself, where `path` is a link
    bool link = false;
  };
  std::vector<File> files;
  bool exists = false;      ///< the directory is there
  std::size_t looked = 0;   ///< how many entries
  bool complete = false;    ///< nothing was left out: no error, no limit
  bool leads_away = false;  ///< some link leads to another tree, which is not listed
};

/// Lists what is below `directory` (canonical), at most `most` entries; links to directories are
/// not followed. Objects of a git repository are left out. Looks at the file system.
TreeListing list_tree(const std::string& directory, std::size_t most);

/// The trees that one decision looks through: each is listed once, and all together are bounded:
/// 20,000 entries, and 200,000 times that a file is held against a rule. What is beyond counts as
/// not looked at. Of one decision and thread; private to this folder.
class TreeLook {
 public:
  struct Tree {
    TreeListing listing;
    std::vector<PathFacet> files;  ///< of the listing, in its order
  };
  /// What is below the tree; valid for as long as this lives.
  const Tree& of(const PathFacet& tree);
  /// Pays for holding so many files against a rule; false where that is too much.
  bool spend(std::size_t files);

  std::size_t listed() const { return listed_; }
  std::size_t matched() const { return matched_; }

 private:
  std::map<std::string, Tree, std::less<>> trees_;
  std::size_t listed_ = 0;
  std::size_t matched_ = 0;
};

}  // namespace oap::permission
