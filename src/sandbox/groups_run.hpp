#pragma once

#include "sandbox/plan.hpp"

namespace oap::sandbox {

// Control groups after the fork: system calls only.

inline constexpr std::size_t kMostGroups = 4;

/// The control groups of one child, made and held by its supervisor.
struct GroupsHeld {
  int procs[kMostGroups] = {-1, -1, -1, -1};  ///< the open files; -1: could not be made
};

void make_groups(Span<GroupPlan> groups, GroupsHeld& held);
/// The calling process, which the descriptors were inherited by, goes in. The facts that hold then.
std::uint32_t enter_groups(Span<GroupPlan> groups, const GroupsHeld& held);
void remove_groups(Span<GroupPlan> groups, const GroupsHeld& held);

/// Processes that the kernel killed for memory, and forks that it refused, in a child's groups.
std::uint64_t count_memory_kills(Span<GroupPlan> groups, const GroupsHeld& held);
std::uint64_t count_refused_forks(Span<GroupPlan> groups, const GroupsHeld& held);

}  // namespace oap::sandbox
