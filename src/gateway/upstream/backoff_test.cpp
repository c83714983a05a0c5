#include "gateway/upstream/backoff.hpp"

#include <gtest/gtest.h>

namespace oap::gateway {
namespace {

constexpr RestartPolicy kPolicy{.free_failures = 1,
                                .first_pause = Millis(100),
                                .longest_pause = Millis(1000),
                                .jitter = 0.2,
                                .stable_after = Millis(5000)};

TEST(Backoff, TheFirstFailuresCostNothingThenPausesDoubleToTheCap) {
  FakeClock clock;
  Backoff backoff(kPolicy);
  std::vector<Millis::rep> pauses;
  for (int i = 0; i < 7; ++i) {
    backoff.failed(clock.steady(), 0.5);
    pauses.push_back(backoff.left(clock.steady()).count());
    clock.advance(backoff.left(clock.steady()));
    EXPECT_EQ(backoff.left(clock.steady()), Millis(0));
  }
  EXPECT_EQ(pauses, (std::vector<Millis::rep>{0, 100, 200, 400, 800, 1000, 1000}));
  EXPECT_EQ(backoff.failures(clock.steady()), 7);
}

TEST(Backoff, JitterStaysWithinItsShareAndBelowTheCap) {
  for (int step = 0; step < 100; ++step) {
    const double chance = step / 100.0;
    FakeClock clock;
    Backoff backoff(kPolicy);
    backoff.failed(clock.steady(), chance);
    backoff.failed(clock.steady(), chance);
    const Millis first = backoff.left(clock.steady());
    EXPECT_GE(first, Millis(80));
    EXPECT_LE(first, Millis(120));
    for (int i = 0; i < 100; ++i) {
      backoff.failed(clock.steady(), chance);
    }
    EXPECT_GE(backoff.left(clock.steady()), Millis(800));
    EXPECT_LE(backoff.left(clock.steady()), Millis(1000));
  }
}

TEST(Backoff, WhoServedStartsAtOnceHoweverOftenItEnds) {
  FakeClock clock;
  Backoff backoff(kPolicy);
  for (int i = 0; i < 7; ++i) {
    backoff.failed(clock.steady(), 0.5);
  }
  EXPECT_GT(backoff.left(clock.steady()), Millis(0));
  for (int i = 0; i < 100; ++i) {
    backoff.started(clock.steady());
    backoff.served();
    EXPECT_EQ(backoff.failures(clock.steady()), 0);
    backoff.failed(clock.steady(), 0.5);
    EXPECT_EQ(backoff.left(clock.steady()), Millis(0)) << i;
  }
  backoff.failed(clock.steady(), 0.5);
  EXPECT_GT(backoff.left(clock.steady()), Millis(0));
}

TEST(Backoff, DifferentChanceGivesDifferentPauses) {
  FakeClock clock;
  Backoff early(kPolicy);
  Backoff late(kPolicy);
  for (int i = 0; i < 2; ++i) {
    early.failed(clock.steady(), 0.0);
    late.failed(clock.steady(), 0.99);
  }
  EXPECT_LT(early.left(clock.steady()), late.left(clock.steady()));
}

TEST(Backoff, AStableTimeForgetsTheFailuresAShortOneDoesNot) {
  FakeClock clock;
  Backoff backoff(kPolicy);
  backoff.failed(clock.steady(), 0.5);
  backoff.failed(clock.steady(), 0.5);
  backoff.started(clock.steady());
  clock.advance(Millis(4999));
  EXPECT_EQ(backoff.failures(clock.steady()), 2);
  backoff.failed(clock.steady(), 0.5);
  EXPECT_EQ(backoff.left(clock.steady()), Millis(200));
  backoff.started(clock.steady());
  clock.advance(Millis(5000));
  EXPECT_EQ(backoff.failures(clock.steady()), 0);
  backoff.failed(clock.steady(), 0.5);
  EXPECT_EQ(backoff.failures(clock.steady()), 1);
  EXPECT_EQ(backoff.left(clock.steady()), Millis(0));
}

}  // namespace
}  // namespace oap::gateway
