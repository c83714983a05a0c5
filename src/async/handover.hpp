#pragma once

#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "async/event.hpp"
#include "async/task.hpp"
#include "base/mutex.hpp"

namespace oap::async {

/// One value on its way from any thread to the one coroutine that waits for it, which waits only
/// where it is not there yet. A copy is another handle. The executor of a coroutine that waits must
/// live until the value is given.
template <class T>
class Handover {
 public:
  /// Once, from any thread.
  void give(T value) const {
    const MutexLock lock(state_->mutex);
    state_->value.emplace(std::move(value));
    if (state_->given) {
      state_->given->notify_from_any_thread();
    }
  }

  /// Once. Cancellation does not end it: whoever has promised the value gives it soon.
  Task<T> take() const { return take_from(state_); }

 private:
  struct State {
    std::optional<T> take() {
      const MutexLock lock(mutex);
      return std::exchange(value, std::nullopt);
    }
    std::optional<Event> wait_with(const Executor& executor) {
      const MutexLock lock(mutex);
      if (value) {
        return std::nullopt;
      }
      given.emplace(executor);
      return given;
    }

    Mutex mutex;
    std::optional<Event> given OAP_GUARDED_BY(mutex);
    std::optional<T> value OAP_GUARDED_BY(mutex);
  };

  static Task<T> take_from(std::shared_ptr<State> state) {
    const Executor executor = co_await boost::asio::this_coro::executor;
    if (std::optional<Event> given = state->wait_with(executor)) {
      const Deadline never = Deadline::never();
      co_await given->wait_shielded(never);
    }
    std::optional<T> value = state->take();
    co_return *std::move(value);
  }

  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace oap::async
