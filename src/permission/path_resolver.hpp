#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "permission/facets.hpp"
#include "permission/path_index.hpp"

namespace oap::permission {

/// path_facet() for the many paths of one request: each directory is resolved once, and after so
/// many paths the rest is judged by its text alone. Lives for one request. Private to this folder.
class PathResolver {
 public:
  explicit PathResolver(std::string_view workspace) : workspace_(workspace) {}

  PathFacet facet(std::string_view path, Action access, std::string_view cwd);
  /// Some paths were not looked up, as there were too many.
  bool exhausted() const { return exhausted_; }

 private:
  const std::string* directory(const std::string& path);

  std::string workspace_;
  StringMap<std::string> directories_;  ///< as written → links resolved
  std::size_t looked_up_ = 0;
  bool exhausted_ = false;
};

}  // namespace oap::permission
