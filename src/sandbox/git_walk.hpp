#pragma once

#include <cstdint>

#include "sandbox/plan.hpp"

namespace oap::sandbox {

// Where git would find a repository in a folder. Safe after a fork: system calls only.

struct GitPlace {
  enum class Kind : std::uint8_t {
    kRepository,  ///< a directory that git takes for a repository's, whatever its name
    kGitFile,     ///< a `.git` that is a file or a link
    kLinked,      ///< a file with one of the inodes that were asked for
  };
  Kind kind = Kind::kRepository;
  int directory = -1;          ///< the repository's, or the one that the file is in
  const char* path = nullptr;  ///< of the directory
  const char* name = nullptr;  ///< of the file in it
  /// Of the directories from the root's first to this one, some have changed since the walk's
  /// `unchanged_since`, where that is given.
  bool around_changed = false;
};

struct GitWalk {
  std::uint32_t most_directories = 200'000;
  std::int64_t most_ms = 1'000;
  /// Directories without directories in them that have not changed since then (nanoseconds of
  /// CLOCK_REALTIME) are passed over, and those closed since then opened; 0: none.
  std::int64_t unchanged_since = 0;
  bool objects = true;  ///< also into a repository's object store
  Span<std::uint64_t> inodes;
  std::uint64_t* bytes = nullptr;  ///< where given: the space of files changed since then is added
  void (*visit)(void* context, const GitPlace& place) = nullptr;
  void* context = nullptr;
};

/// Visits every such place in `root` (absolute, no name in it a link) and below, without following
/// links. False: a limit
/// was reached, or something could not be opened, and what lies there was not seen.
bool walk_git(const char* root, const GitWalk& walk);

}  // namespace oap::sandbox
