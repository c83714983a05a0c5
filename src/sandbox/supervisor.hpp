#pragma once

#include "sandbox/plan.hpp"

namespace oap::sandbox {

// The process between this one and a child. It is forked, never executed, and may come out of a
// process with many threads: after the fork it makes system calls only, takes no lock and no
// memory.

/// Forks the supervisor. Its pid, or -errno. All signals must be blocked in the calling thread.
pid_t fork_supervisor(const LaunchPlan& plan);

}  // namespace oap::sandbox
