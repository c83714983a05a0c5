#pragma once

#include <cstdint>

#include <sys/types.h>

namespace oap::sandbox {

// The descendants of a process, from /proc. Safe after fork: system calls only, no memory taken. A
// tree that grows meanwhile is seen in part; callers look again until it is as they want it.

struct TreeUse {
  std::uint64_t processes = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t written_bytes = 0;  ///< to disks, also by descendants that have ended
};

/// Counts the descendants of `root`, without root itself, and what they have resident and, where
/// that is asked for and the kernel counts it, written.
TreeUse measure_tree(pid_t root, bool written = false);

/// Sends SIGKILL to every descendant of `root` that is found, not to root.
void kill_tree(pid_t root);

}  // namespace oap::sandbox
