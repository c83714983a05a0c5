#pragma once

#include "sandbox/plan.hpp"

namespace oap::sandbox {

struct RootResult {
  long error = 0;  ///< -errno, or 0: the process is in its private root
  int where = -1;  ///< the step that failed; -1: before or after them
  bool idmapped = false;
  int host_proc = -1;  ///< the host's /proc, still open
  int upper = -1;      ///< the layer with what changes in the workspace; -1: there is none
};

/// What must be there before names in the workspace can be mounts of their own.
class RootGate {
 public:
  /// Waits for it. False: it will not come. Once passed, it is open.
  virtual bool pass() = 0;

 protected:
  ~RootGate() = default;
};

/// Builds the plan's private root in a mount namespace that the calling process has alone, and
/// moves into it; nothing of the former root can be reached by a path afterwards, and the
/// gate is passed. System calls only.
RootResult enter_private_root(const LaunchPlan& plan, RootGate& gate);

}  // namespace oap::sandbox
