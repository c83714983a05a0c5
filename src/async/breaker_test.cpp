#include "async/breaker.hpp"

#include <limits>
#include <optional>
#include <set>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace oap::async {
namespace {

using testing::HasSubstr;
using State = Breaker::State;

constexpr SteadyTime kStart{std::chrono::hours(1)};

class BreakerTest : public testing::Test {
 protected:
  static Breaker::Options options() {
    Breaker::Options made;
    made.name = "server files";
    made.failure_threshold = 3;
    made.recovery_timeout = Millis(1'000);
    made.window = Millis(10'000);
    made.minimum_calls = 4;
    made.jitter = 0;
    return made;
  }
  Breaker::Permit begin(Breaker& breaker) const { return breaker.acquire(now_).value(); }
  void call(Breaker& breaker, bool good, Millis took = Millis(0)) {
    auto permit = begin(breaker);
    now_ += took;
    good ? permit.succeeded(now_) : permit.failed(now_);
  }
  void fail_times(Breaker& breaker, int count) {
    for (int i = 0; i < count; ++i) {
      call(breaker, false);
    }
  }

  SteadyTime now_ = kStart;
};

TEST_F(BreakerTest, FailuresInARowOpenItAndTheMessageSaysWhatAndWhen) {
  Breaker::Options in_a_row = options();
  in_a_row.minimum_calls = 100;
  Breaker breaker(in_a_row);
  fail_times(breaker, 2);
  call(breaker, true);
  fail_times(breaker, 2);
  EXPECT_EQ(breaker.state(now_), State::kClosed) << "the rate must not count here";
  call(breaker, false);
  EXPECT_EQ(breaker.state(now_), State::kOpen);
  now_ += Millis(400);
  EXPECT_EQ(breaker.retry_after(now_), Millis(600));
  const auto refused = breaker.acquire(now_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kUnavailable);
  EXPECT_EQ(refused.error().message(),
            "server files is not called at the moment: the circuit breaker is open after 3 "
            "failures in a row; next attempt in 1 s");
  EXPECT_EQ(breaker.counters().refused, 1U);
  EXPECT_EQ(breaker.counters().opened, 1U);
}

TEST_F(BreakerTest, EachThirdCallSucceedingDoesNotHideTheFailures) {
  Breaker::Options rates = options();
  rates.failure_threshold = 0;
  rates.minimum_calls = 6;
  Breaker breaker(rates);
  for (int i = 0; i < 5; ++i) {
    call(breaker, i % 3 == 2);
  }
  EXPECT_EQ(breaker.state(now_), State::kClosed);
  call(breaker, true);
  EXPECT_EQ(breaker.state(now_), State::kOpen);
  EXPECT_THAT(breaker.describe(now_), HasSubstr("4 of 6 calls failed"));
}

TEST_F(BreakerTest, WhatIsOlderThanTheWindowDoesNotCount) {
  Breaker::Options rates = options();
  rates.failure_threshold = 0;
  Breaker breaker(rates);
  fail_times(breaker, 3);
  now_ += Millis(10'000);
  call(breaker, false);
  EXPECT_EQ(breaker.state(now_), State::kClosed);
  EXPECT_THAT(breaker.describe(now_), HasSubstr("closed; 1 of 1 calls failed in the last 10 s"));
}

TEST_F(BreakerTest, SlowCallsOpenIt) {
  Breaker::Options slow = options();
  slow.slow_after = Millis(100);
  slow.slow_rate = 0.75;
  Breaker breaker(slow);
  call(breaker, true, Millis(99));
  for (int i = 0; i < 2; ++i) {
    call(breaker, true, Millis(100));
  }
  EXPECT_EQ(breaker.state(now_), State::kClosed);
  call(breaker, true, Millis(100));
  EXPECT_EQ(breaker.state(now_), State::kOpen);
  EXPECT_THAT(breaker.describe(now_), HasSubstr("3 of 4 calls were slow"));
  EXPECT_EQ(breaker.counters().slow, 3U);
}

TEST_F(BreakerTest, OnlySoManyProbesPassAndTheirSuccessCloses) {
  Breaker::Options probing = options();
  probing.half_open_probes = 2;
  probing.half_open_successes = 3;
  Breaker breaker(probing);
  fail_times(breaker, 3);
  now_ += Millis(1'000);
  EXPECT_EQ(breaker.state(now_), State::kHalfOpen);
  EXPECT_EQ(breaker.retry_after(now_), Millis(0));
  auto first = begin(breaker);
  auto second = begin(breaker);
  for (int i = 0; i < 18; ++i) {
    EXPECT_FALSE(breaker.acquire(now_));
  }
  EXPECT_GT(breaker.retry_after(now_), Millis(0));
  first.succeeded(now_);
  second.succeeded(now_);
  EXPECT_EQ(breaker.state(now_), State::kHalfOpen);
  call(breaker, true);
  EXPECT_EQ(breaker.state(now_), State::kClosed);
  EXPECT_EQ(breaker.counters().closed, 1U);
  fail_times(breaker, 2);
  EXPECT_EQ(breaker.state(now_), State::kClosed) << "the count starts anew";
}

TEST_F(BreakerTest, AFailedOrSlowProbeOpensItForLongerUpToTheLimitAndClosingForgets) {
  Breaker::Options growing = options();
  growing.slow_after = Millis(50);
  growing.max_recovery_timeout = Millis(3'000);
  Breaker breaker(growing);
  fail_times(breaker, 3);
  for (const Millis expected : {Millis(2'000), Millis(3'000), Millis(3'000)}) {
    now_ += breaker.retry_after(now_);
    call(breaker, expected.count() == 3'000, Millis(50));
    EXPECT_EQ(breaker.retry_after(now_), expected);
  }
  now_ += breaker.retry_after(now_);
  call(breaker, true);
  EXPECT_EQ(breaker.state(now_), State::kClosed);
  fail_times(breaker, 3);
  EXPECT_EQ(breaker.retry_after(now_), Millis(1'000));
}

TEST_F(BreakerTest, ResultsOfAnOlderGenerationDecideNothing) {
  Breaker breaker(options());
  auto late_failure = begin(breaker);
  auto late_success = begin(breaker);
  fail_times(breaker, 3);
  late_success.succeeded(now_);
  EXPECT_EQ(breaker.state(now_), State::kOpen);
  now_ += Millis(1'000);
  auto probe = begin(breaker);
  late_failure.failed(now_);
  EXPECT_EQ(breaker.state(now_), State::kHalfOpen);
  EXPECT_FALSE(breaker.acquire(now_)) << "a stale report must not free a probe's place";
  probe.succeeded(now_);
  EXPECT_EQ(breaker.state(now_), State::kClosed);
  EXPECT_EQ(breaker.counters().failed, 4U);
}

TEST_F(BreakerTest, APermitThatIsDroppedFreesItsPlaceAndCountsAsNothing) {
  Breaker breaker(options());
  fail_times(breaker, 3);
  now_ += Millis(1'000);
  for (int i = 0; i < 5; ++i) {
    const auto dropped = begin(breaker);
    EXPECT_FALSE(breaker.acquire(now_));
  }
  {
    auto moved = begin(breaker);
    auto to = std::move(moved);
    moved = std::move(to);
    moved.cancelled();
    moved.failed(now_);
  }
  EXPECT_EQ(breaker.state(now_), State::kHalfOpen);
  EXPECT_EQ(breaker.counters().cancelled, 6U);
  call(breaker, true);
  EXPECT_EQ(breaker.state(now_), State::kClosed);
}

TEST_F(BreakerTest, APermitMayOutliveIt) {
  std::optional<Breaker::Permit> permit;
  {
    Breaker breaker(options());
    permit.emplace(begin(breaker));
  }
  permit->failed(now_);
}

TEST_F(BreakerTest, JitterLengthensBySeedAndOnlySoFar) {
  std::set<std::int64_t> times;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Breaker::Options jittered = options();
    jittered.jitter = 0.2;
    jittered.seed = seed;
    Breaker breaker(jittered);
    Breaker same(jittered);
    fail_times(breaker, 3);
    fail_times(same, 3);
    const Millis time = breaker.retry_after(now_);
    EXPECT_EQ(time, same.retry_after(now_));
    EXPECT_GE(time, Millis(1'000));
    EXPECT_LE(time, Millis(1'200));
    times.insert(time.count());
  }
  EXPECT_GT(times.size(), 30U);
}

TEST_F(BreakerTest, ItCanBeHeldOpenAndClosedByHand) {
  Breaker breaker(options());
  auto before = begin(breaker);
  breaker.hold_open("maintenance");
  now_ += Millis(1'000'000);
  EXPECT_EQ(breaker.state(now_), State::kOpen);
  EXPECT_THAT(breaker.acquire(now_).error().message(),
              HasSubstr("held open by hand (maintenance)"));
  EXPECT_GT(breaker.retry_after(now_), Millis(0));
  before.succeeded(now_);
  breaker.close();
  EXPECT_EQ(breaker.state(now_), State::kClosed);
  call(breaker, true);
}

TEST_F(BreakerTest, OptionsOutOfRangeAreMovedIntoIt) {
  Breaker::Options odd;
  odd.recovery_timeout = Millis(-5);
  odd.max_recovery_timeout = Millis(-7);
  odd.window = Millis(0);
  odd.minimum_calls = 0;
  odd.failure_rate = -1;
  odd.backoff = std::numeric_limits<double>::quiet_NaN();
  odd.jitter = 1e9;
  odd.half_open_probes = 0;
  odd.half_open_successes = 0;
  odd.failure_threshold = 0;
  Breaker breaker(odd);
  call(breaker, false);
  EXPECT_EQ(breaker.state(now_), State::kOpen);
  EXPECT_LE(breaker.retry_after(now_), Millis(2));
  now_ += Millis(2);
  call(breaker, true);
  EXPECT_EQ(breaker.state(now_), State::kClosed);
  EXPECT_EQ(to_string(State::kHalfOpen), "half_open");
}

/// The same rules, written down the long way round: every report is kept, and every sum is taken
/// over all of them.
class Model {
 public:
  explicit Model(const Breaker::Options& options) : options_(options) {}

  struct Call {
    int phase = 0;
    SteadyTime began;
  };
  std::optional<Call> acquire(SteadyTime now) {
    if (open_ && now >= until_) {
      open_ = false;
      half_ = true;
      next_phase();
    }
    if (open_ || (half_ && under_way_ == options_.half_open_probes)) {
      return std::nullopt;
    }
    under_way_ += half_ ? 1U : 0U;
    return Call{phase_, now};
  }
  void report(const Call& call, SteadyTime now, bool failed) {
    if (call.phase != phase_) {
      return;
    }
    const bool slow = now - call.began >= options_.slow_after;
    if (half_) {
      --under_way_;
      if (failed || slow) {
        trip(now);
      } else if (++good_ == options_.half_open_successes) {
        half_ = false;
        trips_ = 0;
        next_phase();
      }
      return;
    }
    reports_.push_back({now, failed, slow});
    std::size_t row = 0;
    while (row < reports_.size() && reports_[reports_.size() - 1 - row].failed) {
      ++row;
    }
    double calls = 0;
    double failures = 0;
    double slows = 0;
    for (const Report& old : reports_) {
      if (now.time_since_epoch() / (options_.window / 10) -
              old.at.time_since_epoch() / (options_.window / 10) <
          10) {
        calls += 1;
        failures += old.failed ? 1 : 0;
        slows += old.slow ? 1 : 0;
      }
    }
    if (row >= options_.failure_threshold ||
        (calls >= static_cast<double>(options_.minimum_calls) &&
         (failures / calls >= options_.failure_rate || slows / calls >= options_.slow_rate))) {
      trip(now);
    }
  }
  void drop(const Call& call) { under_way_ -= call.phase == phase_ && half_ ? 1U : 0U; }
  State state(SteadyTime now) const {
    return half_ || (open_ && now >= until_) ? State::kHalfOpen
           : open_                           ? State::kOpen
                                             : State::kClosed;
  }

 private:
  struct Report {
    SteadyTime at;
    bool failed;
    bool slow;
  };
  void next_phase() {
    ++phase_;
    under_way_ = 0;
    good_ = 0;
    reports_.clear();
  }
  void trip(SteadyTime now) {
    half_ = false;
    open_ = true;
    next_phase();
    auto time = options_.recovery_timeout;
    for (int i = 0; i < trips_; ++i) {
      time = std::min(time * 2, options_.max_recovery_timeout);
    }
    ++trips_;
    until_ = now + time;
  }

  Breaker::Options options_;
  bool open_ = false;
  bool half_ = false;
  SteadyTime until_;
  int phase_ = 0;
  int trips_ = 0;
  std::size_t under_way_ = 0;
  std::size_t good_ = 0;
  std::vector<Report> reports_;
};

TEST(BreakerProperty, ItDoesWhatTheSimpleModelDoes) {
  std::size_t trips = 0;
  EXPECT_TRUE(rc::check([&trips] {
    Breaker::Options options;
    options.failure_threshold = *rc::gen::inRange<std::size_t>(2, 8);
    options.minimum_calls = *rc::gen::inRange<std::size_t>(1, 10);
    options.failure_rate = *rc::gen::element(0.25, 0.5, 0.75);
    options.slow_rate = *rc::gen::element(0.5, 1.0);
    options.slow_after = Millis(*rc::gen::inRange(20, 80));
    options.window = Millis(*rc::gen::element(100, 500, 2'000));
    options.recovery_timeout = Millis(*rc::gen::inRange(1, 100));
    options.max_recovery_timeout = options.recovery_timeout * *rc::gen::inRange(1, 9);
    options.half_open_probes = *rc::gen::inRange<std::size_t>(1, 4);
    options.half_open_successes = *rc::gen::inRange<std::size_t>(1, 4);
    options.jitter = 0;
    Breaker breaker(options);
    Model model(options);
    SteadyTime now = kStart;
    struct Pending {
      Breaker::Permit permit;
      Model::Call call;
    };
    std::vector<Pending> pending;
    for (int step = 0; step < 150; ++step) {
      now += Millis(*rc::gen::inRange(0, 25));
      const int action = *rc::gen::inRange(0, 10);
      if (action < 5 || pending.empty()) {
        auto permit = breaker.acquire(now);
        const auto call = model.acquire(now);
        RC_ASSERT(permit.has_value() == call.has_value());
        if (call) {
          pending.push_back({*std::move(permit), *call});
        }
      } else {
        const auto at = *rc::gen::inRange<std::size_t>(0, pending.size());
        Pending one = std::move(pending[at]);
        pending.erase(pending.begin() + static_cast<std::ptrdiff_t>(at));
        if (action == 5) {
          model.drop(one.call);
        } else {
          const bool failed = action == 6;
          failed ? one.permit.failed(now) : one.permit.succeeded(now);
          model.report(one.call, now, failed);
        }
      }
      RC_ASSERT(breaker.state(now) == model.state(now));
      RC_ASSERT(breaker.state(now) != State::kClosed || breaker.retry_after(now) == Millis(0));
    }
    trips += breaker.counters().opened;
  }));
  EXPECT_GT(trips, 50U) << "the histories must reach all states";
}

}  // namespace
}  // namespace oap::async
