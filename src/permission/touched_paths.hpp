#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>

#include "permission/directories.hpp"
#include "permission/facets.hpp"
#include "permission/path_resolver.hpp"
#include "permission/programs.hpp"

namespace oap::permission {

/// How a call touches a path.
struct Touch {
  Action access = Action::kRead;
  bool exact = true;
  bool tree = false;
  bool redirect = false;
  bool possible = false;
  bool unsure = false;
  bool may_write = false;
  bool unmatched = false;
  bool mentioned = false;
  const FileOperand* operand = nullptr;
};

/// Gathers the paths that the commands of a script touch, each in every directory that the script
/// may be in, and each once; at most 4,096. Borrows what it is given. Private to this folder.
class TouchedPaths {
 public:
  TouchedPaths(Facets& facets, PathResolver& resolver, const Directories& places)
      : facets_(facets), resolver_(resolver), places_(places) {}

  void add(std::string_view path, Touch touch, std::string_view shown = {});
  /// While it is set, what is added is only possible.
  void guess(bool guessing) { guessing_ = guessing; }
  /// The directories have changed: the same words mean other files.
  void moved() { ++moves_; }

  std::size_t offered() const { return offered_; }
  /// A path that is not added itself was dealt with.
  void note_offered() { ++offered_; }
  bool full() const;

 private:
  bool is_new(std::string_view path, const Touch& touch);

  Facets& facets_;
  PathResolver& resolver_;
  const Directories& places_;
  std::unordered_set<std::string> seen_;
  std::size_t moves_ = 0;
  std::size_t offered_ = 0;
  bool guessing_ = false;
};

}  // namespace oap::permission
