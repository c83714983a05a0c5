#pragma once

#include "sandbox/plan.hpp"

namespace oap::sandbox {

/// Leaves descriptors 0 to 6 open (start.hpp names them), as far as the plan has them, and no
/// others. Ends the process where that cannot be done.
void arrange_descriptors(const LaunchPlan& plan);

/// A descriptor that is readable when a child has ended, or -errno.
int open_signals();

}  // namespace oap::sandbox
