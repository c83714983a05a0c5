#include "async/event.hpp"

#include <optional>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace oap::async {

namespace asio = boost::asio;

struct Event::State {
  explicit State(Executor on) : executor(std::move(on)) {}
  Executor executor;
  std::optional<asio::steady_timer> timer;  ///< there once somebody had to wait
  bool notified = false;

  void notify() {
    notified = true;
    if (timer) {
      timer->cancel();
    }
  }
};

Event::Event(Executor executor) : state_(std::make_shared<State>(std::move(executor))) {}

void Event::notify() { state_->notify(); }

void Event::notify_from_any_thread() {
  asio::post(state_->executor, [state = state_] { state->notify(); });
}

bool Event::notified() const { return state_->notified; }
void Event::reset() { state_->notified = false; }

Task<Event::Wake> Event::wait(Deadline deadline) { return wait_on(state_, deadline, false); }
Task<Event::Wake> Event::wait_shielded(Deadline deadline) {
  return wait_on(state_, deadline, true);
}

Task<Event::Wake> Event::wait_on(std::shared_ptr<State> state, Deadline deadline, bool shielded) {
  const auto token = asio::as_tuple(asio::use_awaitable);
  while (true) {
    if (state->notified) {
      co_return Wake::kNotified;
    }
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (!shielded && cancellation.cancelled() != asio::cancellation_type::none) {
      co_return Wake::kCancelled;
    }
    if (deadline.passed()) {
      co_return Wake::kDeadline;
    }
    if (!state->timer) {
      state->timer.emplace(state->executor);
    }
    state->timer->expires_at(deadline.time().value_or(SteadyTime::max()));
    co_await state->timer->async_wait(token);
  }
}

Task<bool> cancel_requested() {
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  co_return cancellation.cancelled() != asio::cancellation_type::none;
}

}  // namespace oap::async
