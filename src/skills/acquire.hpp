#pragma once

#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "skills/library.hpp"
#include "skills/source.hpp"

namespace oap::skills {

/// What was fetched: every skill in it, read whole. Nothing of it is installed or used yet.
struct Fetched {
  struct Found {
    Skill skill;
    Folder files;
    std::vector<Finding> findings;
  };
  Source source;
  std::string commit;         ///< of a repository
  std::vector<Found> skills;  ///< by name
  std::vector<std::string> problems;
};

struct FetchOptions {
  std::string staging;  ///< an existing folder outside the state; a private one is made in it, and
                        ///< removed again
  FileScan file_scan;
  Millis timeout{120'000};
};

/// Reads a folder, or clones a repository in the sandbox (shallow, no hooks, no submodules, only
/// its own host on the network, no credentials), and looks for folders with SKILL.md in it, at most
/// five deep. kNotFound where there are none; kUnavailable with git's words.
Task<Result<Fetched>> fetch(Executor executor, Source source, FetchOptions options);

/// The one skill that is meant: named, or the only one. kInvalidArgument names them all.
Result<const Fetched::Found*> choose(const Fetched& fetched, std::string_view name);

struct Installed {
  std::string name;
  std::string folder;
  std::string digest;
  bool replaced = false;
};

/// Writes a skill to the scope's own folder and pins it. kAlreadyExists where another stands there,
/// unless it came from the same source or `replace` is set. Blocking.
Result<Installed> install(const LibraryOptions& options, Scope scope, const Fetched& fetched,
                          const Fetched::Found& found, std::string_view by, bool replace);

/// Removes an installed skill's folder and its pin. Only below the scope's own `skills/` folder,
/// and only what was added: kFailedPrecondition for a skill that somebody wrote there. Blocking.
Result<void> remove(const LibraryOptions& options, const Entry& entry);

}  // namespace oap::skills
