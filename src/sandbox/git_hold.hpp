#pragma once

#include <cstddef>
#include <cstdint>

#include "sandbox/plan.hpp"

namespace oap::sandbox {

/// Lines that say what was found at the end, or as many as there is room for.
struct Findings {
  char text[3072] = {};
  std::size_t size = 0;
};

/// The end of a file's name that was set aside.
inline constexpr char kHeld[] = ".held-by-oap";

/// Looks through the plan's searched places for what would let git on the host run a program that
/// the child has chosen: configuration with entries that are not known to be harmless, active
/// hooks, links to a repository elsewhere, `exec` lines of a rebase. Only what has come or changed
/// since `began` (nanoseconds of CLOCK_REALTIME) counts; repositories of the plan keep what they
/// had. With plan.hold_git such a file is renamed (kHeld), but not in a repository that was guarded
/// all the time: who changed it there was the host. Each one is a line of the findings. No process
/// of the child may run any more. System calls only.
void hold_git(const LaunchPlan& plan, std::int64_t began, Findings& findings);

}  // namespace oap::sandbox
