#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <sys/types.h>

namespace oap::sandbox {

// The process between this one and a child. It is forked, never executed, and may come out of a
// process with many threads: after the fork it makes system calls only, takes no lock and no
// memory.

struct ResourceLimit {
  int resource;
  std::uint64_t value;
};

/// All that the supervisor needs, made ready before the fork. The pointers belong to the caller.
struct LaunchPlan {
  const char* program = nullptr;  ///< passed to execve after changing to cwd
  char* const* argv = nullptr;
  char* const* environment = nullptr;
  const char* cwd = nullptr;  ///< null = stay
  std::array<ResourceLimit, 8> limits{};
  std::size_t limit_count = 0;
  int nice = 0;
  bool cut_network = false;
  bool privileged = false;  ///< runs as root
  const char* uid_map =
      nullptr;  ///< the line for /proc/self/uid_map, where a user namespace is needed
  const char* gid_map = nullptr;
  std::uint64_t memory_bytes = 0;  ///< of the whole tree; 0 = not watched
  std::uint64_t processes = 0;
  int child_in = -1;
  int child_out = -1;
  int child_err = -1;
  int status_out = -1;
  int life_in = -1;
};

/// Where a launch failed.
enum class Stage : std::uint32_t { kNone, kSupervisor, kFork, kDirectory, kExec, kNetwork };

/// Why the supervisor ended the tree.
enum class Cause : std::uint32_t { kNone, kMemory, kProcesses };

/// What the supervisor tells over status_out: first kStarted or kFailed, after kStarted one
/// kExited.
struct Report {
  enum class Kind : std::uint32_t { kStarted = 1, kFailed, kExited };
  Kind kind = Kind::kStarted;
  std::uint32_t detail = 0;  ///< kStarted: 1 = network cut; kFailed: Stage; kExited: Cause
  std::int32_t value = 0;    ///< kStarted: pid; kFailed: errno; kExited: wait status
};

/// What the supervisor is told over life_in. Its end means: kill everything.
struct Command {
  enum class Kind : std::uint32_t { kTerminate = 1, kKill };
  Kind kind = Kind::kKill;
  std::uint32_t grace_ms = 0;
};

/// Forks the supervisor. Its pid, or -errno. All signals must be blocked in the calling thread.
pid_t fork_supervisor(const LaunchPlan& plan);

}  // namespace oap::sandbox
