#pragma once

#include <map>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/result.hpp"

namespace oap::platform {

/// The git of a workspace, run in its sandbox without hooks; `folder` is what it may write besides.
/// Errors are git's own words (kFailedPrecondition). A value.
class WorkspaceGit {
 public:
  WorkspaceGit(Executor executor, std::string workspace, std::string folder)
      : executor_(std::move(executor)),
        workspace_(std::move(workspace)),
        folder_(std::move(folder)) {}

  const std::string& workspace() const { return workspace_; }

  Task<Result<std::string>> run(std::vector<std::string> words, std::string input = {}) const;

  /// The same on the files in `tree`, below the folder, with the index `index` of our own: what
  /// lies in `tree/.git` is not looked at.
  Task<Result<std::string>> run_on(std::string tree, std::string index,
                                   std::vector<std::string> words, std::string input = {}) const;

  /// Makes the folder `tree` with the files of `branch` and, in its `.git`, a repository of its own
  /// that is on that branch, knows the workspace's refs, and reads the workspace's objects but
  /// never writes there: who works in it can commit and stash, and changes nothing of the
  /// workspace's repository. `index` is made too. All or nothing, also where it is killed.
  Task<Result<void>> make_tree(std::string tree, std::string index, std::string branch) const;

  /// The workspace's objects, which such a repository reads; "" where they are not plainly in it.
  std::string objects() const;

 private:
  Task<Result<std::string>> git(std::vector<std::string> words, std::string cwd,
                                std::map<std::string, std::string> env, std::string input) const;

  Executor executor_;
  std::string workspace_;
  std::string folder_;
};

/// The lines of a git configuration file for those entries of `git config --list -z` that say how
/// files look and who commits. Pure.
std::string worktree_config(std::string_view listing);

/// The text of a packed-refs file for what `git for-each-ref` printed ("hash name"); what is no
/// such line, and refs of worktrees and stashes, are left out. Pure.
std::string packed_refs(std::string_view listing);

}  // namespace oap::platform
