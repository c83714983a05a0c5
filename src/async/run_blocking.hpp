#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "async/blocking_pool.hpp"
#include "async/event.hpp"
#include "async/runtime.hpp"
#include "async/task.hpp"

namespace oap::async {

namespace detail {

template <class R>
struct BlockingAnswer {
  using type = Result<R>;
};
template <class R>
struct BlockingAnswer<Result<R>> {
  using type = Result<R>;
};

template <class F>
struct BlockingJob {
  using Answer = typename BlockingAnswer<std::invoke_result_t<F&>>::type;

  BlockingJob(Executor executor, F work) : function(std::move(work)), ended(std::move(executor)) {}

  void run() {
    try {
      if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
        (*function)();
        answer.emplace();
      } else {
        answer.emplace((*function)());
      }
    } catch (const std::exception& error) {
      answer.emplace(fail(Code::kInternal, "unexpected exception: {}", error.what()));
    }
    function.reset();
    ended.notify_from_any_thread();
  }

  std::optional<F> function;
  std::optional<Answer> answer;
  Event ended;
};

template <class F>
Task<typename BlockingJob<F>::Answer> run_job(BlockingPool& pool, F function) {
  if (co_await cancel_requested()) {
    co_return fail(Code::kCancelled, "cancelled");
  }
  const Executor executor = co_await boost::asio::this_coro::executor;
  auto job = std::make_shared<BlockingJob<F>>(executor, std::move(function));
  pool.submit([job] { job->run(); });
  const Deadline never = Deadline::never();
  co_await job->ended.wait_shielded(never);
  co_return *std::move(job->answer);
}

}  // namespace detail

/// Runs a blocking function on the pool and gives back its result; a function that returns
/// Result<R> is not wrapped again. A thread cannot be cancelled: the caller waits for the end even
/// where it is cancelled, so the function must bound its own waits. An exception becomes kInternal.
template <class F>
auto run_blocking(BlockingPool& pool, F function) {
  return detail::run_job<F>(pool, std::move(function));
}
template <class F>
auto run_blocking(Runtime& runtime, F function) {
  return detail::run_job<F>(runtime.blocking(), std::move(function));
}

}  // namespace oap::async
