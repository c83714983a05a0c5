#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "async/task.hpp"
#include "base/clock.hpp"

namespace oap::async {

/// A counting semaphore: whoever waits longest is next. A waiter that is cancelled or late takes
/// nothing. Belongs to the executor's thread; permits may outlive the semaphore.
class Semaphore {
  struct State;

 public:
  /// Gives itself back when destroyed.
  class Permit {
   public:
    Permit(Permit&& other) noexcept = default;
    Permit& operator=(Permit&& other) noexcept;
    ~Permit() { release(); }
    void release();

   private:
    friend class Semaphore;
    explicit Permit(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
  };

  explicit Semaphore(std::size_t permits);

  /// kDeadlineExceeded or kCancelled where none came.
  Task<Result<Permit>> acquire(Deadline deadline);
  /// Nothing where none is free. Costs no coroutine.
  std::optional<Permit> try_acquire();
  std::size_t available() const;
  std::size_t waiting() const;

 private:
  static Task<Result<Permit>> acquire_from(std::shared_ptr<State> state, Deadline deadline);
  std::shared_ptr<State> state_;  // shared with the permits
};

}  // namespace oap::async
