#include "async/branch.hpp"

#include <exception>
#include <optional>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "async/bug.hpp"

namespace oap::async {

namespace asio = boost::asio;

struct Branch::State {
  explicit State(Executor on) : executor(std::move(on)), ended(executor) {}
  Executor executor;
  asio::cancellation_signal signal;
  Event ended;
  std::optional<asio::steady_timer> again;  ///< once asked to end

  static void ask(const std::shared_ptr<State>& state);
};

void Branch::State::ask(const std::shared_ptr<State>& state) {
  constexpr Millis kAskAgain{100};
  if (!state->again) {
    state->again.emplace(state->executor);
  }
  state->again->expires_after(kAskAgain);
  state->again->async_wait([weak = std::weak_ptr(state)](const boost::system::error_code& error) {
    const std::shared_ptr<State> alive = weak.lock();
    if (!error && alive && !alive->ended.notified()) {
      ask(alive);
    }
  });
  state->signal.emit(asio::cancellation_type::all);
}

Branch::Branch(Executor executor) : state_(std::make_shared<State>(std::move(executor))) {}

Task<void> Branch::guarded(Task<void> work) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await std::move(work);
}

void Branch::start(Task<void> work) {
  auto ended = [state = state_](std::exception_ptr error) {
    if (error) {
      report_bug("a task ended with an exception", error);
    }
    if (state->again) {
      state->again->cancel();
    }
    state->ended.notify();
  };
  asio::co_spawn(state_->executor, guarded(std::move(work)),
                 asio::bind_cancellation_slot(state_->signal.slot(), std::move(ended)));
}

void Branch::cancel() {
  if (!done() && !state_->again) {
    State::ask(std::shared_ptr<State>(state_));
  }
}

bool Branch::done() const { return state_->ended.notified(); }

Task<Event::Wake> Branch::wait_end(Deadline deadline) { return state_->ended.wait(deadline); }
Task<Branch::End> Branch::settle(Deadline deadline) { return settle_on(state_, deadline); }
Task<void> Branch::settle_shielded() { return settle_shielded_on(state_); }

Task<Branch::End> Branch::settle_on(std::shared_ptr<State> state, Deadline deadline) {
  const Event::Wake wake = co_await state->ended.wait(deadline);
  if (wake == Event::Wake::kNotified) {
    co_return End::kDone;
  }
  Branch branch(state);
  branch.cancel();
  const Deadline never = Deadline::never();
  co_await state->ended.wait_shielded(never);
  co_return wake == Event::Wake::kDeadline ? End::kDeadline : End::kCancelled;
}

Task<void> Branch::settle_shielded_on(std::shared_ptr<State> state) {
  const Deadline never = Deadline::never();
  co_await state->ended.wait_shielded(never);
}

}  // namespace oap::async
