#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"
#include "text/glob.hpp"
#include "tools/workspace.hpp"

namespace oap::tools {

/// What a call leaves out: the argument `exclude`, patterns of files and directories that are to be
/// as if they were not there. A pattern without a leading `/` is for the path relative to the
/// workspace (a further root: relative to that), one without any slash for names anywhere, one with
/// a leading `/` for the absolute path. Paths count as named and with their links resolved. What
/// lies below a directory that matches is left out with it. Used by one thread.
class Exclusion {
 public:
  /// Compiles the patterns for a call that reads `path` and what is below. kInvalidArgument names a
  /// bad pattern; kPermissionDenied where `path` itself is left out.
  static Result<Exclusion> open(const Workspace& workspace, const json::Value& arguments,
                                std::string_view path);

  /// Whether the entry is left out; counts it if so. `below` is its path relative to `path`.
  bool leaves_out(std::string_view below);
  /// The same for a link in the directory `path` by its target; one outside is not left out.
  bool leaves_out_target(const Workspace& workspace, std::string_view target);
  /// An error without names that might be left out.
  Error without_hints(const Error& error) const;
  /// The remark for the model where anything was left out, else "".
  std::string remark() const;

 private:
  struct Patterns {
    std::set<std::string, std::less<>> literal;
    std::vector<text::Glob> globs;
    void add(text::Glob glob);
    bool match(std::string_view text) const;
  };

  Result<void> add(std::string_view given);
  bool empty() const;
  bool matches(const PathNames& names) const;
  bool matches_upwards(const PathNames& names) const;

  std::string path_;
  Patterns names_;     ///< for the last component
  Patterns relative_;  ///< for the path below the root
  Patterns absolute_;
  std::vector<PathNames> places_;  ///< spellings of the directory `path`
  std::size_t count_ = 0;
};

}  // namespace oap::tools
