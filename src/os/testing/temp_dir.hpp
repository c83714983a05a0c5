#pragma once

#include <string>
#include <string_view>

namespace oap::os::testing {

/// A fresh directory under $TMPDIR, removed with all it holds when destroyed. For tests only.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  /// Canonical and absolute, without a trailing slash.
  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  /// Writes a file below the directory, with its parents, and returns its path.
  std::string write(std::string_view name, std::string_view text) const;

 private:
  std::string path_;
};

}  // namespace oap::os::testing
