#pragma once

#include "sandbox/plan.hpp"

namespace oap::sandbox {

// Placeholders after the fork: system calls only. Their folders are opened without following links.

/// Puts the placeholders in their places, and takes the workspace's shared lock, which the last
/// child to leave turns into the right to remove them.
class Placeholders {
 public:
  /// True where nothing that should be protected can be made by the child.
  bool put(const LaunchPlan& plan);
  void remove(const LaunchPlan& plan) const;

 private:
  int lock_ = -1;
};

/// Puts a placeholder where there is nothing any more; whether it did.
bool stand_again(const Placeholder& placeholder);

}  // namespace oap::sandbox
