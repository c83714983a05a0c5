#pragma once

#include <cstddef>

#include "async/semaphore.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"

namespace oap::gateway {

/// So many at once, so many more may wait, the rest is refused. Belongs to the executor's thread.
class Bulkhead {
 public:
  using Place = async::Semaphore::Permit;

  Bulkhead(std::size_t places, std::size_t max_waiting)
      : places_(places), free_(places), max_waiting_(max_waiting) {}

  /// kResourceExhausted at once where all places are taken and too many wait; kDeadlineExceeded,
  /// kCancelled.
  Task<Result<Place>> enter(Deadline deadline) {
    if (free_.available() == 0 && free_.waiting() >= max_waiting_) {
      return refuse(places_, max_waiting_);
    }
    return free_.acquire(deadline);
  }
  std::size_t waiting() const { return free_.waiting(); }

 private:
  static Task<Result<Place>> refuse(std::size_t places, std::size_t waiting) {
    co_return fail(Code::kResourceExhausted,
                   "{} calls are under way and {} are waiting, which is the limit; try again later",
                   places, waiting);
  }

  std::size_t places_;
  async::Semaphore free_;
  std::size_t max_waiting_;
};

}  // namespace oap::gateway
