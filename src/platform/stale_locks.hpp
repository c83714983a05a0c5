#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"

namespace oap::platform {

/// Takes away the locks that git left in a repository where it was killed in the middle of a
/// command, as its own next command, and a person's, would fail on them: those made since `since`,
/// and only where no program called git is at work in the workspace now (one whose folder cannot be
/// seen counts as at work). `workspace` holds `.git`, a folder. What was taken away, relative.
/// Blocking; any thread.
std::vector<std::string> remove_stale_git_locks(const std::string& workspace, WallTime since);

}  // namespace oap::platform
