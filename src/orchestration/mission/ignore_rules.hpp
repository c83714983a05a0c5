#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/glob.hpp"

namespace oap::orchestration {

/// The patterns of `.gitignore` files (gitignore(5)): later ones win, `!` takes back, a pattern
/// with a slash counts from its file's folder, one that ends in a slash for folders only. A pattern
/// that cannot be read counts for nothing. A value.
class IgnoreRules {
 public:
  /// `folder` is where the file stands, relative and with a slash at its end; "" for the root.
  void add(std::string_view text, const std::string& folder);
  /// `path` is relative to the root. What is below an ignored folder is not asked for.
  bool ignores(std::string_view path, bool is_directory) const;

 private:
  struct Rule {
    text::Glob glob;
    bool negated = false;
    bool directories_only = false;
  };
  std::vector<Rule> rules_;
};

}  // namespace oap::orchestration
