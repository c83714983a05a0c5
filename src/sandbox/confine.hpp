#pragma once

#include "sandbox/plan.hpp"

namespace oap::sandbox {

// What a process does to itself before it becomes the program. System calls only.

/// Landlock at the kernel's best ABI, the ruleset's rights being `handled`. The facts that hold
/// then; none where the kernel has no Landlock.
std::uint32_t apply_landlock(Span<PathRule> rules, std::uint64_t handled, bool cut_tcp);

/// no_new_privs must be set. kFactSeccomp or nothing.
std::uint32_t apply_filter(Span<sock_filter> filter);

/// Gives up every capability for good, also for a process that stays root. kFactNoCaps or nothing.
std::uint32_t drop_capabilities();

/// The process and all groups become this user. False: it could not, and nothing may run.
bool become_user(std::uint32_t uid, std::uint32_t gid);

}  // namespace oap::sandbox
