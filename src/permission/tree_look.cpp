#include "permission/tree_look.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "os/file.hpp"
#include "permission/paths.hpp"

namespace oap::permission {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMostEntries = 20'000;
constexpr std::size_t kMostMatches = 200'000;

}  // namespace

TreeListing list_tree(const std::string& directory, std::size_t most) {
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
    if (++seen > most) {
      out.complete = false;
      return out;
    }
    out.looked = seen;
    const fs::directory_entry& entry = *at;
    std::error_code unknown;
    const std::string path = entry.path().string();
    if (entry.is_symlink(unknown)) {
      auto target = os::canonical_path(path);
      const bool directory_link = fs::is_directory(path, unknown);
      const bool elsewhere = !target || below(*target, directory).empty();
      out.leads_away = out.leads_away || (directory_link && elsewhere);
      if (!directory_link) {
        out.files.push_back({path, target ? *std::move(target) : std::string(), true});
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

const TreeLook::Tree& TreeLook::of(const PathFacet& tree) {
  const auto found = trees_.find(tree.canonical);
  if (found != trees_.end()) {
    return found->second;
  }
  Tree made;
  made.listing = list_tree(tree.canonical, kMostEntries - std::min(kMostEntries, listed_));
  listed_ += made.listing.looked;
  const std::size_t below_it = tree.relative == "." ? 0 : tree.relative.size() + 1;
  const std::string_view workspace =
      std::string_view(tree.canonical).substr(0, tree.canonical.size() - below_it);
  for (const TreeListing::File& file : made.listing.files) {
    PathFacet facet;
    facet.lexical = file.path;
    facet.canonical = file.target.empty() ? file.path : file.target;
    facet.linked = file.link;
    place_facet(facet, tree.inside ? workspace : std::string_view("/"));
    made.files.push_back(std::move(facet));
  }
  return trees_.emplace(tree.canonical, std::move(made)).first->second;
}

bool TreeLook::spend(std::size_t files) {
  matched_ += files;
  return matched_ <= kMostMatches;
}

}  // namespace oap::permission
