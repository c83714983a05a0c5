#include "async/semaphore.hpp"

#include <deque>

#include <boost/asio/this_coro.hpp>

#include "async/event.hpp"

namespace oap::async {

struct Semaphore::State {
  struct Waiter {
    Event event;
    bool granted = false;
  };
  std::size_t free = 0;
  std::deque<std::shared_ptr<Waiter>> waiters;
};

Semaphore::Semaphore(std::size_t permits) : state_(std::make_shared<State>()) {
  state_->free = permits;
}

Semaphore::Permit& Semaphore::Permit::operator=(Permit&& other) noexcept {
  if (this != &other) {
    release();
    state_ = std::move(other.state_);
  }
  return *this;
}

void Semaphore::Permit::release() {
  const std::shared_ptr<State> state = std::move(state_);
  if (!state) {
    return;
  }
  if (state->waiters.empty()) {
    ++state->free;
    return;
  }
  const auto next = std::move(state->waiters.front());
  state->waiters.pop_front();
  next->granted = true;
  next->event.notify();
}

std::optional<Semaphore::Permit> Semaphore::try_acquire() {
  if (state_->free == 0) {
    return std::nullopt;
  }
  --state_->free;
  return Permit(state_);
}

Task<Result<Semaphore::Permit>> Semaphore::acquire(Deadline deadline) {
  return acquire_from(state_, deadline);
}

Task<Result<Semaphore::Permit>> Semaphore::acquire_from(std::shared_ptr<State> state,
                                                        Deadline deadline) {
  if (co_await cancel_requested()) {
    co_return fail(Code::kCancelled, "the wait for a free place was cancelled");
  }
  if (state->free > 0) {
    --state->free;
    co_return Permit(state);
  }
  const Executor executor = co_await boost::asio::this_coro::executor;
  const auto waiter = std::make_shared<State::Waiter>(State::Waiter{Event(executor)});
  state->waiters.push_back(waiter);
  const Event::Wake wake = co_await waiter->event.wait(deadline);
  if (waiter->granted) {
    co_return Permit(state);
  }
  std::erase(state->waiters, waiter);
  if (wake == Event::Wake::kCancelled) {
    co_return fail(Code::kCancelled, "the wait for a free place was cancelled");
  }
  co_return fail(Code::kDeadlineExceeded, "no place became free in time");
}

std::size_t Semaphore::available() const { return state_->free; }
std::size_t Semaphore::waiting() const { return state_->waiters.size(); }

}  // namespace oap::async
