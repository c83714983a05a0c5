#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "async/deadline.hpp"

namespace oap::async {

namespace detail {
class CancelState;
}

/// Ends a callback's registration when destroyed; then the callback is not posted any more.
class CancelRegistration {
 public:
  CancelRegistration() = default;
  CancelRegistration(std::shared_ptr<detail::CancelState> state, std::uint64_t id);
  CancelRegistration(CancelRegistration&& other) noexcept = default;
  CancelRegistration& operator=(CancelRegistration&& other) noexcept;
  ~CancelRegistration();

 private:
  std::shared_ptr<detail::CancelState> state_;  // outlives the source
  std::uint64_t id_ = 0;
};

/// Asks whether a run-wide cancellation was requested. A copied value; a default one never is.
/// Thread-safe.
class CancelToken {
 public:
  CancelToken() = default;
  bool requested() const;
  /// Posts the callback to the executor once, when cancellation is requested (at once if it was).
  /// The executor lives at least as long as the registration.
  CancelRegistration on_cancel(Executor executor, std::function<void()> callback) const;

 private:
  friend class CancelSource;
  explicit CancelToken(std::shared_ptr<detail::CancelState> state) : state_(std::move(state)) {}
  std::shared_ptr<detail::CancelState> state_;  // shared with the source and other tokens
};

/// Where a run-wide cancellation is requested, once and for good. Thread-safe, but not for use in a
/// signal handler (see async/signal.hpp).
class CancelSource {
 public:
  CancelSource();
  CancelToken token() const { return CancelToken(state_); }
  void request();
  bool requested() const { return token().requested(); }

 private:
  std::shared_ptr<detail::CancelState> state_;  // shared with the tokens
};

/// Runs the task; when the token or the caller is cancelled, the task is cancelled and waited for.
/// A value it still ends with is passed on, any error then becomes kCancelled. A token that was
/// requested already starts nothing.
template <class T>
Task<Result<T>> cancellable(CancelToken token, Task<Result<T>> task) {
  if (token.requested()) {
    co_return fail(Code::kCancelled, "cancelled");
  }
  std::optional<Result<T>> place;
  const Executor executor = co_await boost::asio::this_coro::executor;
  Branch branch(executor);
  branch.start(detail::deliver<T>(place, std::move(task)));
  CancelRegistration registration =
      token.on_cancel(executor, [branch]() mutable { branch.cancel(); });
  const Deadline never = Deadline::never();
  const Branch::End end = co_await branch.settle(never);
  const bool cancelled = end != Branch::End::kDone || token.requested();
  if (!place || (cancelled && !*place)) {
    co_return fail(Code::kCancelled, "cancelled");
  }
  co_return *std::move(place);
}

}  // namespace oap::async
