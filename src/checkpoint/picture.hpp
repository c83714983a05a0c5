#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "checkpoint/contents.hpp"
#include "checkpoint/state.hpp"

namespace oap::checkpoint {

struct Bounds {
  std::uint64_t max_file = 16U << 20U;      ///< bytes; larger files cannot be put back
  std::size_t max_entries = 20'000;         ///< of the workspace, without what is ignored
  std::uint64_t max_picture = 512U << 20U;  ///< bytes of all files together
  std::uint64_t max_kept = 1U << 30U;  ///< bytes of all contents; beyond, old turns are dropped
  std::size_t max_turns = 200;
};

/// What is in a workspace: every file, link and folder but `.git`, `node_modules` and what
/// `.gitignore` names. A file is read again only where its size, times or inode have changed.
/// Blocking; of one thread at a time.
class Picture {
 public:
  /// `own` is an absolute path that is never looked at: where this program keeps its state.
  Picture(std::string workspace, std::string own, const Contents& contents, Bounds bounds);

  /// Takes the picture anew, with all contents kept, and says what is different from the last one,
  /// sorted by path. kResourceExhausted, with a sentence for the person, where the workspace is
  /// beyond the bounds: then there is no picture until it is within them.
  Result<std::vector<Change>> take();
  /// Each content that the picture names.
  void for_each_content(const std::function<void(const std::string& hash)>& visit) const;

  /// Kept between processes, so that the first picture costs no reading. A file that cannot be read
  /// is as none.
  void load(const std::string& file);
  Result<void> save(const std::string& file) const;

 private:
  struct Seen {
    PathState state;
    std::int64_t modified = 0;  // nanoseconds
    std::int64_t changed = 0;
    std::uint64_t inode = 0;
    bool sure = false;        // its times were old enough to show a further change
    std::uint64_t round = 0;  // when it was seen last
  };
  class Walk;

  std::string workspace_;
  std::string own_;
  const Contents& contents_;
  Bounds bounds_;
  std::map<std::string, Seen> seen_;
  std::uint64_t round_ = 0;
};

}  // namespace oap::checkpoint
