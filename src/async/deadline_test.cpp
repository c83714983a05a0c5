#include "async/deadline.hpp"

#include <stdexcept>

#include <gmock/gmock.h>

#include "async/cancel.hpp"
#include "async/runtime.hpp"
#include "async/scope.hpp"
#include "async/sleep.hpp"

namespace oap::async {
namespace {

using ::testing::HasSubstr;

Task<Result<int>> value_after(Millis time, int value) {
  OAP_CO_CHECK_OK(co_await sleep_for(time));
  co_return value;
}

Task<Result<int>> at_once(int value) { co_return value; }

Task<Result<int>> failing() { co_return fail(Code::kUpstream, "broken"); }

Task<Result<int>> throwing() {
  throw std::runtime_error("third party");
  co_return 1;
}

/// Ends with a value although it was cancelled.
Task<Result<int>> stubborn(Millis time, int value) {
  co_await sleep_for(time);
  co_return value;
}

/// Notes that it began and that it ended.
Task<Result<int>> noting(Millis time, std::string& notes) {
  notes += "b";
  const auto slept = co_await sleep_for(time);
  notes += slept ? "e" : "c";
  co_return 7;
}

TEST(WithDeadline, GivesTheResultOfATaskThatEndsFirst) {
  Runtime runtime;
  const Deadline deadline = Deadline::after(Millis{10'000});
  EXPECT_EQ(runtime.run(with_deadline(deadline, at_once(3), "it")), 3);
  EXPECT_EQ(runtime.run(with_deadline(deadline, value_after(Millis{5}, 4), "it")), 4);
  EXPECT_EQ(runtime.run(with_deadline(Deadline::never(), value_after(Millis{1}, 5), "it")), 5);
  EXPECT_EQ(runtime.run(with_deadline(deadline, failing(), "it")).error().code(), Code::kUpstream);
}

TEST(WithDeadline, CancelsWhatIsLate) {
  Runtime runtime;
  const auto result = runtime.run(
      with_deadline(Deadline::after(Millis{20}), value_after(Millis{3'600'000}, 1), "the tool"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Code::kDeadlineExceeded);
  EXPECT_THAT(result.error().message(), HasSubstr("the tool did not finish within 0.0"));
}

TEST(WithDeadline, DoesNotCountAValueThatComesLate) {
  Runtime runtime;
  const auto result = runtime.run(
      with_deadline(Deadline::after(Millis{5}), stubborn(Millis{3'600'000}, 1), "a guard"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Code::kDeadlineExceeded);
}

TEST(WithDeadline, StartsNothingWhenTheTimeIsUp) {
  Runtime runtime;
  std::string notes;
  const auto result =
      runtime.run(with_deadline(Deadline::after(Millis{0}), noting(Millis{0}, notes), "the tool"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(notes, "");
}

TEST(WithDeadline, MakesAnExceptionAnError) {
  Runtime runtime;
  const auto result =
      runtime.run(with_deadline(Deadline::after(Millis{10'000}), throwing(), "the tool"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Code::kInternal);
  EXPECT_THAT(result.error().message(), HasSubstr("third party"));
}

TEST(WithDeadline, NestsAndTheInnerOneSpeaksFirst) {
  Runtime runtime;
  auto inner =
      with_deadline(Deadline::after(Millis{10}), value_after(Millis{3'600'000}, 1), "inner");
  const auto result =
      runtime.run(with_deadline(Deadline::after(Millis{10'000}), std::move(inner), "outer"));
  EXPECT_THAT(result.error().message(), HasSubstr("inner did not finish"));
}

TEST(WithDeadline, NestsAndTheOuterOneReachesTheInnermost) {
  Runtime runtime;
  std::string notes;
  auto innermost = with_deadline(Deadline::never(), noting(Millis{3'600'000}, notes), "innermost");
  auto inner = with_deadline(Deadline::after(Millis{60'000}), std::move(innermost), "inner");
  const auto result =
      runtime.run(with_deadline(Deadline::after(Millis{10}), std::move(inner), "outer"));
  EXPECT_THAT(result.error().message(), HasSubstr("outer did not finish"));
  EXPECT_EQ(notes, "bc");
}

Task<Result<void>> spawn_and_cancel(std::string& notes, std::optional<Result<int>>& result) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  Scope scope(executor);
  const auto body = [](std::string& to, std::optional<Result<int>>& place) -> Task<void> {
    place =
        co_await with_deadline(Deadline::after(Millis{60'000}), noting(Millis{60'000}, to), "it");
  };
  scope.spawn(body(notes, result));
  OAP_CO_CHECK_OK(co_await sleep_for(Millis{1}));
  scope.cancel();
  co_await scope.join();
  co_return Result<void>();
}

TEST(WithDeadline, PassesTheCallersCancellationOn) {
  Runtime runtime;
  std::string notes;
  std::optional<Result<int>> result;
  ASSERT_TRUE(runtime.run(spawn_and_cancel(notes, result)));
  EXPECT_EQ(notes, "bc");
  ASSERT_TRUE(result);
  EXPECT_EQ(*result, 7) << "a value survives the caller's cancellation";
}

Task<Result<int>> after_cancellation(std::string& notes) {
  Result<void> slept = co_await sleep_for(Millis{60'000});
  notes += slept ? "?" : "1";
  slept = co_await sleep_for(Millis{60'000});
  notes += slept ? "?" : "2";
  auto more = co_await with_deadline(Deadline::never(), value_after(Millis{60'000}, 1), "more");
  notes += more ? "?" : "3";
  const auto cleanup = co_await shielded(value_after(Millis{1}, 1));
  notes += cleanup ? "4" : "?";
  co_return fail(Code::kCancelled, "over");
}

TEST(Cancellation, StaysForLaterWaitsButNotForShieldedOnes) {
  Runtime runtime;
  std::string notes;
  const auto result =
      runtime.run(with_deadline(Deadline::after(Millis{5}), after_cancellation(notes), "the work"));
  EXPECT_EQ(result.error().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(notes, "1234");
}

Task<Result<int>> shielded_long(std::string& notes) {
  const auto cleanup = co_await shielded(value_after(Millis{250}, 1));
  notes += cleanup ? "done" : "cut";
  co_return 1;
}

TEST(Cancellation, RepeatedRequestsDoNotReachShieldedWork) {
  Runtime runtime;
  std::string notes;
  const auto result =
      runtime.run(with_deadline(Deadline::after(Millis{5}), shielded_long(notes), "the work"));
  EXPECT_EQ(result.error().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(notes, "done");
}

TEST(Cancellation, ManyRacesNeitherHangNorLeak) {
  Runtime runtime;
  for (int i = 0; i < 300; ++i) {
    const SteadyTime at = std::chrono::steady_clock::now() + std::chrono::microseconds(i * 10);
    const auto result =
        runtime.run(with_deadline(Deadline::at(at), value_after(Millis{1}, 1), "the race"));
    EXPECT_TRUE(result || result.error().code() == Code::kDeadlineExceeded);
  }
}

}  // namespace
}  // namespace oap::async
