#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace oap::workflow {

/// How a step stands, as it is drawn.
enum class StepLook : std::uint8_t {
  kPending,
  kReady,
  kRunning,
  kWaiting,
  kCompleted,
  kFailed,
  kSkipped,
  kCancelled,
  kUnknown
};
std::string_view to_string(StepLook look);

/// What a run knows of one step instance.
struct StepView {
  StepLook look = StepLook::kPending;
  std::optional<WallTime> started;
  std::optional<WallTime> ended;
  int attempts = 0;
};

/// A run as it is drawn: step instances by path ("build", "loop[3].body", "each[2]"). Instances of
/// one step are drawn as one, with their number.
struct RunView {
  std::string id;
  std::string status;  ///< "running", "completed", …
  WallTime now;        ///< until when steps that run are counted
  std::map<std::string, StepView, std::less<>> steps;
};

}  // namespace oap::workflow
