#pragma once

#include "sandbox/launch.hpp"

namespace oap::sandbox {

/// The first process of a child's namespaces: builds the private root, starts the program, reaps
/// what loses its parent, and tells over `notes` how the program ended. When it ends, the kernel
/// kills all that is left in the namespaces. It was cloned into them, may share the supervisor's
/// memory, and has descriptors 0 to 2 of the program.
[[noreturn]] void run_init(Entry& entry);

/// The inode of a network namespace, 0 where it cannot be told.
std::uint64_t network_of(const char* path);

/// The flags that it must be cloned with.
unsigned long init_clone_flags(const LaunchPlan& plan);

}  // namespace oap::sandbox
