#include "async/scope.hpp"

#include <stdexcept>
#include <thread>

#include <boost/asio/this_coro.hpp>
#include <gmock/gmock.h>

#include "async/cancel.hpp"
#include "async/promise.hpp"
#include "async/run_blocking.hpp"
#include "async/runtime.hpp"
#include "async/semaphore.hpp"
#include "async/sleep.hpp"

namespace oap::async {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Task<void> append_after(Millis time, int value, std::vector<int>& to) {
  const auto slept = co_await sleep_for(time);
  to.push_back(slept ? value : -value);
}

Task<void> throwing() {
  throw std::runtime_error("boom");
  co_return;
}

Task<Result<void>> join_three(std::vector<int>& order) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  Scope scope(executor);
  scope.spawn(append_after(Millis{20}, 3, order));
  scope.spawn(append_after(Millis{0}, 1, order));
  scope.spawn(append_after(Millis{5}, 2, order));
  co_await scope.join();
  order.push_back(static_cast<int>(scope.live()));
  co_return Result<void>();
}

TEST(ScopeTest, JoinWaitsForAll) {
  Runtime runtime;
  std::vector<int> order;
  ASSERT_TRUE(runtime.run(join_three(order)));
  EXPECT_THAT(order, ElementsAre(1, 2, 3, 0));
}

Task<Result<void>> join_none() {
  const Executor executor = co_await boost::asio::this_coro::executor;
  Scope scope(executor);
  co_await scope.join();
  co_await scope.join();
  co_return Result<void>();
}

TEST(ScopeTest, JoinOfNothingReturns) {
  Runtime runtime;
  EXPECT_TRUE(runtime.run(join_none()));
}

Task<Result<void>> cancel_all(std::vector<int>& order) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  Scope scope(executor);
  scope.spawn(append_after(Millis{60'000}, 1, order));
  scope.spawn(append_after(Millis{60'000}, 2, order));
  scope.cancel();
  scope.spawn(append_after(Millis{60'000}, 3, order));
  co_await scope.join();
  co_return Result<void>();
}

TEST(ScopeTest, CancelReachesPresentAndFutureChildren) {
  Runtime runtime;
  std::vector<int> order;
  ASSERT_TRUE(runtime.run(cancel_all(order)));
  EXPECT_THAT(order, ::testing::UnorderedElementsAre(-1, -2, -3));
}

Task<Result<void>> join_long(std::vector<int>& order) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  Scope scope(executor);
  scope.spawn(append_after(Millis{60'000}, 1, order));
  scope.spawn(append_after(Millis{60'000}, 2, order));
  co_await scope.join();
  co_return Result<void>();
}

TEST(ScopeTest, CancellingTheJoinerCancelsTheChildren) {
  Runtime runtime;
  std::vector<int> order;
  const auto result =
      runtime.run(with_deadline(Deadline::after(Millis{5}), join_long(order), "joining"));
  EXPECT_EQ(result.error().code(), Code::kDeadlineExceeded);
  EXPECT_THAT(order, ::testing::UnorderedElementsAre(-1, -2));
}

Task<Result<void>> many_children(std::vector<int>& order) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  Scope scope(executor);
  for (int i = 0; i < 1000; ++i) {
    scope.spawn(append_after(Millis{0}, i, order));
  }
  scope.spawn(throwing());
  co_await scope.join();
  co_return Result<void>();
}

TEST(ScopeTest, HoldsManyAndSurvivesAThrowingChild) {
  Runtime runtime;
  std::vector<int> order;
  ::testing::internal::CaptureStderr();
  ASSERT_TRUE(runtime.run(many_children(order)));
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("OAP_BUG"));
  EXPECT_EQ(order.size(), 1000u);
}

Task<Result<void>> leave_a_child(std::vector<int>& order) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  {
    Scope scope(executor);
    scope.spawn(append_after(Millis{60'000}, 1, order));
  }
  OAP_CO_CHECK_OK(co_await sleep_for(Millis{1}));
  co_return Result<void>();
}

TEST(ScopeTest, ReportsChildrenThatOutliveIt) {
  Runtime runtime;
  std::vector<int> order;
  ::testing::internal::CaptureStderr();
  ASSERT_TRUE(runtime.run(leave_a_child(order)));
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("OAP_BUG"));
  EXPECT_THAT(order, ElementsAre(-1));
}

Task<Result<int>> sleeping_value(Millis time) {
  OAP_CO_CHECK_OK(co_await sleep_for(time));
  co_return 1;
}

TEST(CancelTest, EndsACancellableTaskFromAnotherThread) {
  Runtime runtime;
  CancelSource source;
  std::thread other([&source] { source.request(); });
  const auto result = runtime.run(cancellable(source.token(), sleeping_value(Millis{60'000})));
  other.join();
  EXPECT_EQ(result.error().code(), Code::kCancelled);
  const auto again = runtime.run(cancellable(source.token(), sleeping_value(Millis{0})));
  EXPECT_EQ(again.error().code(), Code::kCancelled);
}

TEST(CancelTest, LetsOthersThrough) {
  Runtime runtime;
  const CancelSource source;
  EXPECT_EQ(runtime.run(cancellable(source.token(), sleeping_value(Millis{1}))), 1);
  EXPECT_EQ(runtime.run(cancellable(CancelToken(), sleeping_value(Millis{1}))), 1);
  EXPECT_FALSE(CancelToken().requested());
}

TEST(CancelTest, NestsUnderADeadline) {
  Runtime runtime;
  const CancelSource source;
  auto inner = cancellable(source.token(), sleeping_value(Millis{60'000}));
  const auto result =
      runtime.run(with_deadline(Deadline::after(Millis{5}), std::move(inner), "it"));
  EXPECT_EQ(result.error().code(), Code::kDeadlineExceeded);
}

TEST(PromiseTest, CarriesAValueAcrossThreads) {
  Runtime runtime;
  for (int i = 0; i < 50; ++i) {
    Promise<std::string> promise;
    std::thread setter([promise]() mutable { promise.set("hello"); });
    EXPECT_EQ(runtime.run(promise.get(Deadline::after(Millis{10'000}))), "hello");
    setter.join();
    EXPECT_FALSE(promise.set("again"));
    EXPECT_EQ(runtime.run(promise.get(Deadline::never())).error().code(),
              Code::kFailedPrecondition);
  }
}

TEST(PromiseTest, TimesOutAndMayBeAskedAgain) {
  Runtime runtime;
  Promise<int> promise;
  const auto late = runtime.run(promise.get(Deadline::after(Millis{1})));
  EXPECT_EQ(late.error().code(), Code::kDeadlineExceeded);
  EXPECT_TRUE(promise.set(4));
  EXPECT_EQ(runtime.run(promise.get(Deadline::after(Millis{0}))), 4);
}

Task<void> use_semaphore(Semaphore& semaphore, int name, Deadline deadline, std::vector<int>& log) {
  auto permit = co_await semaphore.acquire(deadline);
  log.push_back(permit ? name : -name);
  if (permit) {
    co_await sleep_for(Millis{5});
  }
}

Task<Result<void>> queue_up(std::vector<int>& order) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  Semaphore semaphore(1);
  Scope scope(executor);
  const Deadline late = Deadline::after(Millis{60'000});
  scope.spawn(use_semaphore(semaphore, 1, late, order));
  scope.spawn(use_semaphore(semaphore, 2, late, order));
  scope.spawn(use_semaphore(semaphore, 3, Deadline::after(Millis{1}), order));
  scope.spawn(use_semaphore(semaphore, 4, late, order));
  EXPECT_EQ(semaphore.waiting(), 3u);
  co_await scope.join();
  EXPECT_EQ(semaphore.available(), 1u);
  EXPECT_EQ(semaphore.waiting(), 0u);
  co_return Result<void>();
}

TEST(SemaphoreTest, IsFirstInFirstOutAndLateWaitersTakeNothing) {
  Runtime runtime;
  std::vector<int> order;
  ASSERT_TRUE(runtime.run(queue_up(order)));
  EXPECT_THAT(order, ElementsAre(1, -3, 2, 4));
}

Task<Result<void>> cancel_waiters(std::vector<int>& order) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  Semaphore semaphore(1);
  auto held = co_await semaphore.acquire(Deadline::never());
  Scope scope(executor);
  scope.spawn(use_semaphore(semaphore, 1, Deadline::never(), order));
  scope.spawn(use_semaphore(semaphore, 2, Deadline::never(), order));
  scope.cancel();
  held->release();
  co_await scope.join();
  EXPECT_EQ(semaphore.available(), 1u);
  co_return Result<void>();
}

TEST(SemaphoreTest, NoPermitIsLostToACancelledWaiter) {
  Runtime runtime;
  std::vector<int> order;
  ASSERT_TRUE(runtime.run(cancel_waiters(order)));
  EXPECT_EQ(order.size(), 2u);
}

Result<int> answer() { return 42; }
Result<int> no_answer() { return fail(Code::kNotFound, "none"); }

TEST(RunBlocking, GivesBackValuesErrorsAndExceptions) {
  Runtime runtime;
  EXPECT_EQ(runtime.run(run_blocking(runtime, [] { return 7; })), 7);
  EXPECT_EQ(runtime.run(run_blocking(runtime, &answer)), 42);
  EXPECT_EQ(runtime.run(run_blocking(runtime, &no_answer)).error().code(), Code::kNotFound);
  EXPECT_TRUE(runtime.run(run_blocking(runtime, [] {})));
  const auto thrown =
      runtime.run(run_blocking(runtime, []() -> int { throw std::runtime_error("third party"); }));
  EXPECT_EQ(thrown.error().code(), Code::kInternal);
  auto only_once = std::make_unique<int>(5);
  EXPECT_EQ(runtime.run(run_blocking(runtime, [owned = std::move(only_once)] { return *owned; })),
            5);
}

Task<void> blocking_child(BlockingPool& pool, int& sum) {
  const auto got = co_await run_blocking(pool, [] { return 1; });
  sum += got.value_or(0);
}

Task<Result<void>> many_blocking(BlockingPool& pool, int& sum) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  Scope scope(executor);
  for (int i = 0; i < 200; ++i) {
    scope.spawn(blocking_child(pool, sum));
  }
  co_await scope.join();
  co_return Result<void>();
}

TEST(RunBlocking, UsesAFewThreadsMadeWhenNeeded) {
  Runtime runtime;
  EXPECT_EQ(runtime.blocking().threads(), 0u);
  int sum = 0;
  ASSERT_TRUE(runtime.run(many_blocking(runtime.blocking(), sum)));
  EXPECT_EQ(sum, 200);
  EXPECT_LE(runtime.blocking().threads(), 4u);
}

TEST(RunBlocking, FinishesWhatItBeganBeforeTheRuntimeEnds) {
  std::atomic<bool> ended = false;
  {
    Runtime runtime;
    runtime.blocking().submit([&ended] { ended = true; });
  }
  EXPECT_TRUE(ended);
}

TEST(SleepTest, NothingToWaitForIsOk) {
  Runtime runtime;
  EXPECT_TRUE(runtime.run(sleep_for(Millis{0})));
  EXPECT_TRUE(runtime.run(sleep_for(Millis{-5})));
}

TEST(RuntimeDeathTest, ATaskThatCannotGoOnIsADefect) {
  EXPECT_DEATH(
      {
        Runtime runtime;
        runtime.run(throwing());
      },
      "OAP_BUG.*boom");
}

}  // namespace
}  // namespace oap::async
