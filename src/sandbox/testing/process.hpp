#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "base/clock.hpp"

namespace oap::sandbox::testing {

/// The process exists and is no zombie.
bool runs(pid_t pid);

/// Waits for a process that need not be a child to be gone; false where the time is up.
bool gone_within(pid_t pid, Millis time);

/// The processes, zombies aside, with OAP_MARK=`mark` in their environment: those of one child,
/// also where it has pids of its own.
std::vector<pid_t> marked(const std::string& mark);
bool marked_gone_within(const std::string& mark, Millis time);

/// The number in a file that another process writes; waits for it, and gives -1 where none comes.
pid_t pid_in(const std::string& path, Millis time = Millis{20'000});

}  // namespace oap::sandbox::testing
