#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "checkpoint/state.hpp"

namespace oap::checkpoint {

/// Contents of files by their SHA-256, below one folder of mode 0700. A content is written once and
/// never changed; what is read is checked against its name. Blocking; several processes may use
/// one folder.
class Contents {
 public:
  Contents(std::string folder, std::uint64_t max_file);

  /// What is at `path` now, its content kept. A link is not followed, a device not opened; a file
  /// beyond the bound has no content.
  Result<PathState> keep(const std::string& path) const;
  /// The same without keeping anything: for comparing.
  Result<PathState> look(const std::string& path) const;
  /// Makes what is at `path` be `state`; its parent folders are made where they are missing. A file
  /// is replaced in one step. A directory is removed only where it is empty.
  Result<void> restore(const std::string& path, const PathState& state) const;

  /// Bytes of all contents.
  std::uint64_t bytes() const;
  /// Removes every content that `used` does not name.
  void sweep(const std::function<bool(const std::string& hash)>& used) const;

 private:
  Result<PathState> read(const std::string& path, bool keep) const;
  Result<std::string> take_in(int fd, const std::string& path, bool keep) const;
  void for_each(
      const std::function<void(const std::string& hash, const std::string& file)>& visit) const;
  std::string file_of(const std::string& hash) const;

  std::string folder_;
  std::uint64_t max_file_;
};

}  // namespace oap::checkpoint
