#pragma once

#include <cstdint>

#include <sys/types.h>

namespace oap::sandbox {

// The descendants of a process, from /proc. Safe after fork: system calls only, no memory taken. A
// tree that grows meanwhile is seen in part; callers look again until it is as they want it.

struct TreeUse {
  std::uint64_t processes = 0;
  std::uint64_t resident_bytes = 0;
};

/// Counts the descendants of `root`, without root itself, and what they have resident.
TreeUse measure_tree(pid_t root);

/// Sends SIGKILL to every descendant of `root` that is found, not to root.
void kill_tree(pid_t root);

}  // namespace oap::sandbox
