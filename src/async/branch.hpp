#pragma once

#include <memory>
#include <utility>

#include "async/event.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"

namespace oap::async {

/// One coroutine that runs beside the one that waits for it: what Scope, with_deadline and
/// cancellable are made of; use those. The owner waits with settle() before it ends. A copy is
/// another handle. Belongs to the executor's thread.
class Branch {
 public:
  enum class End {
    kDone,       ///< it ended by itself
    kDeadline,   ///< the deadline passed and it was cancelled, then ended
    kCancelled,  ///< the waiter was cancelled, so it was cancelled too, then ended
  };

  explicit Branch(Executor executor);

  /// Starts the work, once. An exception that leaves it is logged as OAP_BUG and swallowed.
  void start(Task<void> work);
  /// Requests cancellation; harmless when repeated or late. The request is repeated every 100 ms
  /// until the work ends, so that one that fell between two operations of the work is not lost.
  void cancel();
  bool done() const;

  /// Waits for the end and cancels nothing.
  Task<Event::Wake> wait_end(Deadline deadline);
  /// Waits for the end; a passed deadline or the waiter's own cancellation goes on to the work.
  Task<End> settle(Deadline deadline);
  /// Waits for the end whatever happens to the waiter, and cancels nothing.
  Task<void> settle_shielded();

 private:
  struct State;
  explicit Branch(std::shared_ptr<State> state) : state_(std::move(state)) {}
  static Task<void> guarded(Task<void> work);
  static Task<End> settle_on(std::shared_ptr<State> state, Deadline deadline);
  static Task<void> settle_shielded_on(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;  // shared with the running work's completion
};

}  // namespace oap::async
