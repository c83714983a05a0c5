#pragma once

#include <cstdint>

#include "sandbox/findings.hpp"
#include "sandbox/plan.hpp"

namespace oap::sandbox {

/// Looks through the plan's searched places for what would let git on the host run a program that
/// the child has chosen: configuration with entries that are not known to be harmless, active
/// hooks, links to a repository elsewhere, `exec` lines of a rebase. Only what has come, changed or
/// been moved since `began` (nanoseconds of CLOCK_REALTIME) counts; repositories of the plan keep
/// what they had, and what was given by name is the child's. With plan.hold_git such a file is set
/// aside (kHeld), but not in a repository that was guarded all the time: who changed it there was
/// the host. A repository that the plan does not know and whose configuration is as it was is told
/// only, where folders around it have changed: it may have been moved. Each one is a line of the
/// findings. No process of the child may run any more. System calls only.
void hold_git(const LaunchPlan& plan, std::int64_t began, Findings& findings);

/// Sets aside what has come where the plan's held names are missing, while a child runs and
/// afterwards.
void hold_names(const LaunchPlan& plan, Findings& findings);

}  // namespace oap::sandbox
