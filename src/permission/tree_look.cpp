#include "permission/tree_look.hpp"

#include <filesystem>
#include <system_error>

#include "os/file.hpp"
#include "permission/paths.hpp"

namespace oap::permission {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMostEntries = 20000;

}  // namespace

TreeListing list_tree(const std::string& directory) {
  TreeListing out;
  std::error_code error;
  out.exists = fs::is_directory(directory, error);
  if (!out.exists) {
    return out;
  }
  fs::recursive_directory_iterator at(directory, error);
  out.complete = !error;
  std::size_t seen = 0;
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (++seen > kMostEntries) {
      out.complete = false;
      return out;
    }
    const fs::directory_entry& entry = *at;
    std::error_code unknown;
    const std::string path = entry.path().string();
    if (entry.is_symlink(unknown)) {
      auto target = os::canonical_path(path);
      const bool directory_link = fs::is_directory(path, unknown);
      const bool elsewhere = !target || below(*target, directory).empty();
      out.complete = out.complete && !(directory_link && elsewhere);
      if (!directory_link) {
        out.files.push_back({path, target ? *std::move(target) : std::string()});
      }
    } else if (!entry.is_directory(unknown)) {
      out.files.push_back({path, {}});
    } else if (path.ends_with("/.git/objects")) {
      at.disable_recursion_pending();
    }
    out.complete = out.complete && !unknown;
  }
  out.complete = out.complete && !error;
  return out;
}

}  // namespace oap::permission
