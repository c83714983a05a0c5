#include "permission/touched_paths.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

namespace oap::permission {
namespace {

constexpr std::size_t kMaxFacets = 4096;

bool is_plain_file(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error);
}

}  // namespace

bool TouchedPaths::full() const { return facets_.paths.size() >= kMaxFacets; }

/// True the first time that just this is asked for.
bool TouchedPaths::is_new(std::string_view path, const Touch& touch) {
  std::string key(path);
  key += '\0';
  for (const bool flag :
       {touch.exact, touch.tree, touch.redirect, touch.possible, touch.unsure, places_.known(),
        touch.access == Action::kWrite, touch.access == Action::kDelete}) {
    key += flag ? '1' : '0';
  }
  key += std::to_string(moves_);
  return seen_.insert(std::move(key)).second;
}

void TouchedPaths::add(std::string_view path, Touch touch, std::string_view shown) {
  touch.possible = touch.possible || guessing_;
  ++offered_;
  if (full() || !is_new(path, touch)) {
    return;
  }
  const bool absolute = path.starts_with('/') || path.starts_with('~');
  for (const std::string& directory : places_.all()) {
    PathFacet facet =
        resolver_.facet(touch.exact ? path : std::string_view("."), touch.access, directory);
    facet.exact = facet.exact && touch.exact && (absolute || places_.known());
    facet.tree = touch.tree && !is_plain_file(facet.canonical);
    facet.redirect = touch.redirect;
    facet.possible = touch.possible;
    facet.unsure = touch.unsure;
    facet.may_write = touch.may_write;
    facet.unmatched = touch.unmatched;
    facet.mentioned = touch.mentioned;
    if (touch.operand != nullptr) {
      facet.creates = touch.operand->creates;
      facet.skips_hidden = touch.operand->skips_hidden;
      facet.skips_links = touch.operand->skips_links;
      facet.only = touch.operand->only;
    }
    facet.shown = shown.empty() ? path : shown;
    facets_.paths.push_back(std::move(facet));
    if (absolute || !touch.exact) {
      return;
    }
  }
}

}  // namespace oap::permission
