#pragma once

#include "sandbox/plan.hpp"

namespace oap::sandbox {

/// The namespaces of a child with a private root, as descriptors, and the folder with what it has
/// changed in a workspace whose changes do not stay; -1: none.
struct Namespaces {
  int user = -1;
  int mount = -1;
  int upper = -1;
};

/// Keeps protected names protected where another program on the host replaces or removes them while
/// the child runs: the kernel then takes the mount away that protects the name in the child's
/// namespace. Some hundred microseconds lie between. System calls only.
class GuardWatch {
 public:
  /// Watches the folders of the plan's guards, and protects what has lost it already. Without
  /// namespaces there is nothing to keep.
  void begin(const LaunchPlan& plan, const Namespaces& namespaces);
  /// Readable when something has happened; -1: nothing is watched.
  int descriptor() const { return watch_; }
  /// Looks at what has happened, and protects again what has lost its protection.
  void attend(const LaunchPlan& plan);
  /// One of the plan's held names has come since this was last asked.
  bool has_come();
  /// Some name had to be protected again.
  bool disturbed() const { return disturbed_; }
  /// 0, or the first -errno by which a name is not watched, or was not protected again.
  long failure() const { return failure_; }

 private:
  static constexpr std::size_t kMost = 2048;

  void watch_folders(const LaunchPlan& plan);
  bool concerns(const LaunchPlan& plan, int folder, const char* name) const;
  bool is_held(const LaunchPlan& plan, int folder, const char* name) const;
  void protect_again(const LaunchPlan& plan);
  void note_failure(long error);

  Namespaces namespaces_;
  int watch_ = -1;
  bool disturbed_ = false;
  bool come_ = false;
  long failure_ = 0;
  int folders_[kMost] = {};
};

}  // namespace oap::sandbox
