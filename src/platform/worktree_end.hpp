#pragma once

#include <functional>
#include <string>
#include <vector>

#include "async/blocking_pool.hpp"
#include "async/task.hpp"
#include "platform/settings.hpp"
#include "platform/worktree_git.hpp"

namespace oap::checkpoint {
class Journal;
}

namespace oap::platform {

/// A worktree in which nothing runs any more. What it refers to outlives its end.
struct EndedWorktree {
  const Settings& settings;
  const WorkspaceGit& git;
  async::BlockingPool& blocking;
  checkpoint::Journal* checkpoints = nullptr;  ///< null: what is merged cannot be taken back
  std::function<std::string(const std::string& task_id)> session_of = {};
  std::string path;    ///< of its folder; the last name is the task's
  std::string branch;  ///< the task's own
  std::string base;    ///< the commit that it began at
  std::string description;
};

/// Commits what was changed in it on its branch, and puts that into the workspace's files: where
/// the task is `ok`, and nobody has changed the same files since. The folder goes, the branch too
/// where all of it was merged. The answer says to a model what became of it. May be done again
/// after a process that died in it. One at a time in a workspace. Errors: kUnavailable, those of
/// git.
Task<Result<std::string>> end_worktree(EndedWorktree worktree, bool ok);

/// The index by which we, and nobody else, see the files of a worktree's folder.
std::string index_of(const std::string& path);

/// Files that two changes have in common, sorted. Pure.
std::vector<std::string> overlap_of(const std::vector<std::string>& one,
                                    const std::vector<std::string>& other);

}  // namespace oap::platform
