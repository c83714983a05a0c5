#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "os/fd.hpp"

namespace oap::tools {

using OpenFile = os::UniqueFd;

/// A file's directory, held open, and its name in there: what an atomic replacement needs.
struct Place {
  OpenFile directory;
  std::string name;
  std::string shown;  ///< the path for messages, relative to the workspace
};

/// One spelling of a path inside a root, for patterns.
struct PathNames {
  std::string relative;            ///< to the root, normalised; "" for the root itself
  std::vector<std::string> roots;  ///< absolute spellings of the root
};

/// The directories a tool may touch, and the only way to files in them. A path is relative to the
/// first root, or absolute and inside any of them. Every way out (`..`, a symbolic link, a magic
/// link, a swap during the call) ends with kPermissionDenied "outside the workspace"; a link that
/// stays inside works. Immutable; thread-safe.
/// Source: openat2(2), RESOLVE_BENEATH; where the kernel refuses it, a walk by O_NOFOLLOW.
class Workspace {
 public:
  /// The first root is the workspace itself. An error where one is no directory.
  static Result<Workspace> open(const std::vector<std::string>& roots);

  /// Opens an existing regular file for reading. Directories, pipes and devices are refused.
  Result<OpenFile> open_file(std::string_view path) const;
  Result<OpenFile> open_directory(std::string_view path) const;
  /// What `path` names: a directory, or else a regular file.
  Result<bool> is_directory(std::string_view path) const;
  /// Where a file is to be written: follows links that stay inside, creates missing directories.
  Result<Place> place(std::string_view path) const;
  /// The path as shown to people: relative to the workspace where it is inside, "." for itself.
  std::string shown(std::string_view path) const;
  /// The path, which need not exist, as named (where that is inside) and with links resolved.
  Result<std::vector<PathNames>> names_of(std::string_view path) const;
  const std::string& root() const { return roots_.front().path; }

 private:
  struct Root {
    std::string path;   ///< canonical, without a trailing slash
    std::string given;  ///< as it was named, absolute
    OpenFile directory;
  };
  struct Relative {
    const Root* root;
    std::string path;  ///< relative to the root, never empty
  };
  Workspace() = default;
  Result<Relative> relative(std::string_view path) const;
  Result<Relative> canonical(std::string_view path) const;
  Result<OpenFile> open_any(std::string_view path, int flags) const;
  tl::unexpected<Error> missing(std::string_view path) const;

  std::vector<Root> roots_;
};

/// A file name or path as one printable line: control characters escaped.
std::string printable(std::string_view path);

}  // namespace oap::tools
