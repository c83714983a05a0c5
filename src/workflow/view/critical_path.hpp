#pragma once

#include <functional>
#include <vector>

#include "base/clock.hpp"
#include "workflow/definition/blueprint.hpp"
#include "workflow/view/run_view.hpp"

namespace oap::workflow {

/// The chain of needs whose durations add up to the most, from its first step to its last; of equal
/// ones that of the author's earlier steps. Over the steps of one block. O(steps + edges). Pure.
std::vector<StepIndex> critical_path(const Blueprint& blueprint, BlockIndex block,
                                     const std::function<Millis(StepIndex)>& duration);

/// What a run did with one step: all its instances together.
struct StepSummary {
  StepLook look = StepLook::kPending;
  std::size_t instances = 0;
  std::size_t done = 0;  ///< completed or skipped
  std::size_t failed = 0;
  int attempts = 0;  ///< the most of an instance
  std::optional<WallTime> started;
  std::optional<WallTime> ended;

  /// From the first start to the last end, or to `now` where something still runs.
  std::optional<Millis> duration(WallTime now) const;
};

/// By StepIndex. Paths that the blueprint does not have are left out. Pure.
std::vector<StepSummary> summarise(const Blueprint& blueprint, const RunView& run);

/// "loop[3]#2.body" → "loop.body". Pure.
std::string author_path(std::string_view instance_path);

/// "340ms", "2.5s", "3m12s", "2h05m", "3d04h". Pure.
std::string short_duration(Millis time);

}  // namespace oap::workflow
