#pragma once

#include <memory>

#include "async/task.hpp"
#include "base/clock.hpp"

namespace oap::async {

/// A latch that one coroutine waits for: the smallest wait of this folder, all others are made of
/// it. A copy is another handle to the same latch. Everything but notify_from_any_thread() belongs
/// to the executor's thread; one waiter at a time.
class Event {
 public:
  enum class Wake { kNotified, kDeadline, kCancelled };

  explicit Event(Executor executor);

  void notify();
  /// Posts notify(). The executor must still live.
  void notify_from_any_thread();
  bool notified() const;
  void reset();

  /// Notified wins over a passed deadline and over cancellation; a cancellation that was requested
  /// earlier in this coroutine counts as well.
  Task<Wake> wait(Deadline deadline);
  /// The same for clean-up: cancellation of the waiting coroutine does not end it.
  Task<Wake> wait_shielded(Deadline deadline);

 private:
  struct State;
  static Task<Wake> wait_on(std::shared_ptr<State> state, Deadline deadline, bool shielded);
  std::shared_ptr<State> state_;  // shared with posted notifications
};

/// Whether the cancellation of the calling coroutine has been requested, now or earlier.
Task<bool> cancel_requested();

}  // namespace oap::async
