#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "async/semaphore.hpp"

namespace oap::async {

/// Bounds how many calls run at once and how many more may wait for a place, so that one slow peer
/// cannot hold everything. Waiters come in the order of their calls. Belongs to the executor's
/// thread; permits may outlive it.
class Bulkhead {
 public:
  struct Options {
    std::string name = "the server";  ///< of what is called, for messages
    std::size_t max_concurrent = 16;  ///< at least 1
    std::size_t max_waiting = 64;     ///< 0: nobody waits
  };
  using Permit = Semaphore::Permit;

  explicit Bulkhead(Options options);

  /// kResourceExhausted, which names the limit, where `max_waiting` wait already;
  /// kDeadlineExceeded or kCancelled as a semaphore's. To be awaited at once. Cheaper where a place
  /// is free: try_acquire.
  Task<Result<Permit>> acquire(Deadline deadline);
  std::optional<Permit> try_acquire() { return places_.try_acquire(); }

  std::size_t running() const { return options_.max_concurrent - places_.available(); }
  std::size_t waiting() const { return places_.waiting(); }
  std::uint64_t refused() const { return refused_; }
  const Options& options() const { return options_; }

 private:
  static Task<Result<Permit>> refuse(Error error);

  Options options_;
  Semaphore places_;
  std::uint64_t refused_ = 0;
};

}  // namespace oap::async
