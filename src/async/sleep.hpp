#pragma once

#include "async/task.hpp"
#include "base/clock.hpp"

namespace oap::async {

/// Waits; kCancelled where the caller is cancelled meanwhile or was before. Zero or less does not
/// wait, and gives no other coroutine a turn.
Task<Result<void>> sleep_for(Millis time);
/// `never()` waits for cancellation.
Task<Result<void>> sleep_until(Deadline when);

}  // namespace oap::async
