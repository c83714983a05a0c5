#pragma once

#include <exception>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "async/branch.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"

namespace oap::async {

namespace detail {

/// Runs work into a place of the waiting coroutine; a third party's exception becomes kInternal.
template <class T>
Task<void> deliver(std::optional<Result<T>>& place, Task<Result<T>> work) {
  try {
    Result<T> result = co_await std::move(work);
    place.emplace(std::move(result));
  } catch (const std::exception& error) {
    place.emplace(fail(Code::kInternal, "unexpected exception: {}", error.what()));
  }
}

/// "1.5 s"
std::string seconds_text(Millis time);
Error late_error(const std::string& what, Millis allowed);
Error not_started_error(const std::string& what);
Error cancelled_error(const std::string& what);

}  // namespace detail

/// Runs the task until the deadline. Then the task is cancelled, waited for (it must honour
/// cancellation; all waits of async/ do) and the result is kDeadlineExceeded "<what> did not finish
/// within N s", even if the task still came to a value: what is late does not count. A deadline
/// that has passed already starts nothing. Where the caller is cancelled, the task is cancelled
/// too: a value it still ends with is passed on, any error becomes kCancelled.
template <class T>
Task<Result<T>> with_deadline(Deadline deadline, Task<Result<T>> task, std::string what) {
  if (deadline.passed()) {
    co_return fail(detail::not_started_error(what));
  }
  const Millis allowed = deadline.left();
  std::optional<Result<T>> place;
  const Executor executor = co_await boost::asio::this_coro::executor;
  Branch branch(executor);
  branch.start(detail::deliver<T>(place, std::move(task)));
  const Branch::End end = co_await branch.settle(deadline);
  if (end == Branch::End::kDeadline) {
    co_return fail(detail::late_error(what, allowed));
  }
  if (!place || (end == Branch::End::kCancelled && !*place)) {
    co_return fail(detail::cancelled_error(what));
  }
  co_return *std::move(place);
}

/// Runs clean-up to its end even where the calling coroutine has been cancelled. Give what it waits
/// for deadlines of its own.
template <class T>
Task<Result<T>> shielded(Task<Result<T>> task) {
  std::optional<Result<T>> place;
  const Executor executor = co_await boost::asio::this_coro::executor;
  Branch branch(executor);
  branch.start(detail::deliver<T>(place, std::move(task)));
  co_await branch.settle_shielded();
  if (!place) {
    co_return fail(Code::kInternal, "the task ended without a result");
  }
  co_return *std::move(place);
}

}  // namespace oap::async
