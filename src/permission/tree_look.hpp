#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace oap::permission {

/// The files below a directory as they are now. Private to this folder.
struct TreeListing {
  struct File {
    std::string path;    ///< absolute, as it is reached
    std::string target;  ///< the file itself, where `path` is a link
  };
  std::vector<File> files;
  bool exists = false;    ///< the directory is there
  bool complete = false;  ///< nothing was left out: no error, no limit, no link to another tree
};

/// Lists what is below `directory` (canonical), at most 20,000 entries; links to directories are
/// not followed. Objects of a git repository are left out. Looks at the file system.
TreeListing list_tree(const std::string& directory);

}  // namespace oap::permission
