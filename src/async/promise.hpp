#pragma once

#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "async/event.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/mutex.hpp"

namespace oap::async {

/// One value on its way from whoever has it to one coroutine that waits for it. A copy is another
/// handle to the same promise. set() from any thread; get() once at a time, and a value is got
/// once.
template <class T>
class Promise {
 public:
  Promise() : state_(std::make_shared<State>()) {}

  /// False where a value was set before; then nothing changes. While a coroutine waits, its
  /// executor must still live.
  bool set(T value) {
    MutexLock lock(state_->mutex);
    if (state_->was_set) {
      return false;
    }
    state_->was_set = true;
    state_->value.emplace(std::move(value));
    if (state_->waiter) {
      state_->waiter->notify_from_any_thread();
    }
    return true;
  }

  /// The value; kDeadlineExceeded, kCancelled, or kFailedPrecondition where it was got already.
  /// A value that is there wins over both. After a deadline it may be asked for again.
  Task<Result<T>> get(Deadline deadline) { return get_from(state_, deadline); }

 private:
  struct State {
    Mutex mutex;
    bool was_set OAP_GUARDED_BY(mutex) = false;
    std::optional<T> value OAP_GUARDED_BY(mutex);
    std::optional<Event> waiter OAP_GUARDED_BY(mutex);

    void wait_with(const Event& event) {
      MutexLock lock(mutex);
      waiter = event;
      if (was_set) {
        waiter->notify_from_any_thread();
      }
    }
    std::optional<T> take() {
      MutexLock lock(mutex);
      waiter.reset();
      return std::exchange(value, std::nullopt);
    }
    bool gone() {
      MutexLock lock(mutex);
      return was_set && !value;
    }
  };

  static Task<Result<T>> get_from(std::shared_ptr<State> state, Deadline deadline) {
    if (state->gone()) {
      co_return fail(Code::kFailedPrecondition, "the value was taken already");
    }
    std::optional<T> ready = state->take();
    if (ready) {
      co_return *std::move(ready);
    }
    const Executor executor = co_await boost::asio::this_coro::executor;
    Event event(executor);
    state->wait_with(event);
    const Event::Wake wake = co_await event.wait(deadline);
    std::optional<T> value = state->take();
    if (value) {
      co_return *std::move(value);
    }
    if (wake == Event::Wake::kCancelled) {
      co_return fail(Code::kCancelled, "the wait was cancelled");
    }
    co_return fail(Code::kDeadlineExceeded, "no answer came in time");
  }

  std::shared_ptr<State> state_;  // shared by setter and waiter
};

}  // namespace oap::async
