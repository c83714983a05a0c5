#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/glob.hpp"

namespace oap::checkpoint {

/// The patterns of `.gitignore` files (gitignore(5)): later ones win, "!" takes back, "/" at the
/// end means folders only, a "/" before that binds to the file's folder. Lines that are no pattern
/// are passed over.
class Ignore {
 public:
  /// The patterns of one file that lies in `folder`, relative, "" for the top.
  void add(std::string_view text, const std::string& folder);
  /// Whether the last pattern that matches the relative path ignores it; its parents are not looked
  /// at. Pure.
  bool ignores(const std::string& path, bool is_folder) const;
  std::size_t count() const { return patterns_.size(); }
  /// Forgets the patterns that were added when there were `count`, and later.
  void keep(std::size_t count);

 private:
  struct Pattern {
    text::Glob glob;
    bool negated;
    bool folders_only;
    bool by_name;  // without a slash: the name alone counts
    std::string folder;
  };
  std::vector<Pattern> patterns_;
};

}  // namespace oap::checkpoint
