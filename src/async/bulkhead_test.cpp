#include "async/bulkhead.hpp"

#include <boost/asio/this_coro.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/promise.hpp"
#include "async/runtime.hpp"
#include "async/scope.hpp"
#include "async/sleep.hpp"

namespace oap::async {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Trace {
  std::vector<int> began;
  std::size_t most = 0;
  std::vector<std::string> refused;
};

Task<void> call(Bulkhead& bulkhead, int id, Trace& trace) {
  const auto permit = co_await bulkhead.acquire(Deadline::never());
  if (!permit) {
    EXPECT_EQ(permit.error().code(), Code::kResourceExhausted);
    trace.refused.push_back(permit.error().message());
    co_return;
  }
  trace.began.push_back(id);
  trace.most = std::max(trace.most, bulkhead.running());
  (void)co_await sleep_for(Millis(1));
}

Task<Result<void>> seven_calls(Bulkhead& bulkhead, Trace& trace) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  Scope scope(executor);
  for (int i = 0; i < 7; ++i) {
    scope.spawn(call(bulkhead, i, trace));
  }
  co_await scope.join();
  co_return Result<void>();
}

TEST(BulkheadTest, SoManyRunSoManyWaitInOrderAndTheRestIsToldTheLimit) {
  Runtime runtime;
  Bulkhead bulkhead({.name = "server files", .max_concurrent = 2, .max_waiting = 3});
  Trace trace;
  ASSERT_TRUE(runtime.run(seven_calls(bulkhead, trace)));
  EXPECT_THAT(trace.began, ElementsAre(0, 1, 2, 3, 4));
  EXPECT_EQ(trace.most, 2U);
  ASSERT_EQ(trace.refused.size(), 2U);
  EXPECT_THAT(trace.refused[0], HasSubstr("server files is busy: 2 calls run and 3 wait"));
  EXPECT_THAT(trace.refused[0], HasSubstr("max_concurrent 2, max_waiting 3"));
  EXPECT_EQ(bulkhead.refused(), 2U);
  EXPECT_EQ(bulkhead.running(), 0U);
  EXPECT_EQ(bulkhead.waiting(), 0U);
}

Task<Result<void>> late(Bulkhead& bulkhead, Code& code) {
  const auto held = bulkhead.try_acquire();
  EXPECT_TRUE(held);
  EXPECT_FALSE(bulkhead.try_acquire());
  const Deadline deadline = Deadline::after(Millis(5));
  const auto waited = co_await bulkhead.acquire(deadline);
  code = waited ? Code::kInternal : waited.error().code();
  co_return Result<void>();
}

TEST(BulkheadTest, AWaiterThatIsLateTakesNothing) {
  Runtime runtime;
  Bulkhead bulkhead({.name = "s", .max_concurrent = 0, .max_waiting = 1});
  Code code = Code::kInternal;
  ASSERT_TRUE(runtime.run(late(bulkhead, code)));
  EXPECT_EQ(code, Code::kDeadlineExceeded);
  EXPECT_EQ(bulkhead.waiting(), 0U);
  EXPECT_EQ(bulkhead.options().max_concurrent, 1U);
  EXPECT_TRUE(bulkhead.try_acquire());
}

}  // namespace
}  // namespace oap::async
