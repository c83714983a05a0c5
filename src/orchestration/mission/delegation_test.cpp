#include "orchestration/mission/delegation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/runtime.hpp"
#include "async/sleep.hpp"

namespace oap::orchestration {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Delegated : public testing::Test {
 protected:
  Delegation& make(MissionLimits limits = {}) {
    delegation_ = std::make_unique<Delegation>(Delegation::Parts{
        runtime_.executor(), limits, [this](DelegatedTask task) { return run(std::move(task)); },
        [this](const DelegatedTask&) -> Result<std::string> {
          return fmt::format("ses_{}", ++sessions_);
        },
        [this](std::string kind, json::Object) -> Result<void> {
          journal_.push_back(std::move(kind));
          return {};
        },
        [this] { ++ends_; }, system_clock()});
    return *delegation_;
  }
  Task<DelegatedOutcome> run(DelegatedTask task) {
    ++running_;
    most_ = std::max(most_, running_);
    const auto slept = co_await async::sleep_for(wait_);
    --running_;
    DelegatedOutcome outcome{slept.has_value() && task.description != "fails", task.prompt, ""};
    co_return outcome;
  }
  static DelegatedTask task(std::string agent = "worker", std::string description = "d",
                            int depth = 1) {
    DelegatedTask task;
    task.agent = std::move(agent);
    task.description = std::move(description);
    task.prompt = "p";
    task.depth = depth;
    return task;
  }
  void join() { runtime_.run(delegation_->join()); }

  async::Runtime runtime_;
  std::unique_ptr<Delegation> delegation_;
  std::vector<std::string> journal_;
  Millis wait_{0};
  int sessions_ = 0;
  int ends_ = 0;
  int running_ = 0;
  int most_ = 0;
};

TEST_F(Delegated, EndsAreWrittenDownAndTold) {
  Delegation& all = make();
  const std::string good = all.start(task()).value();
  const std::string bad = all.start(task("worker", "fails")).value();
  join();
  EXPECT_EQ(all.tasks().at(good).state, DelegatedTask::State::kCompleted);
  EXPECT_EQ(all.tasks().at(bad).state, DelegatedTask::State::kFailed);
  EXPECT_EQ(ends_, 2);
  EXPECT_THAT(journal_,
              ElementsAre("child_started", "child_started", "child_ended", "child_ended"));
  EXPECT_EQ(all.undelivered().size(), 2U);
  all.mark_delivered(good);
  all.mark_delivered(good);
  EXPECT_EQ(all.undelivered().size(), 1U);
  EXPECT_EQ(journal_.back(), "child_delivered");
  EXPECT_EQ(journal_.size(), 5U);
}

TEST_F(Delegated, LimitsHoldOverAllAndForEachAgent) {
  MissionLimits limits;
  limits.parallel = 3;
  limits.per_agent = 2;
  wait_ = Millis(5);
  Delegation& all = make(limits);
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(all.start(task()));
  }
  join();
  EXPECT_EQ(most_, 2);
  for (const char* agent : {"worker", "worker", "planner", "planner", "reviewer"}) {
    ASSERT_TRUE(all.start(task(agent)));
  }
  join();
  EXPECT_EQ(most_, 3);
  EXPECT_EQ(ends_, 11);
}

TEST_F(Delegated, ADelegatedDelegatorAndItsTaskDoNotWaitForEachOther) {
  MissionLimits limits;
  limits.parallel = 1;
  limits.per_agent = 1;
  wait_ = Millis(20);
  Delegation& all = make(limits);
  ASSERT_TRUE(all.start(task("worker", "d", 1)));
  ASSERT_TRUE(all.start(task("worker", "d", 2)));
  join();
  EXPECT_EQ(most_, 2);
}

TEST_F(Delegated, DepthAndNumberAreGuardedInCode) {
  MissionLimits limits;
  limits.depth = 2;
  limits.children = 2;
  Delegation& all = make(limits);
  EXPECT_EQ(all.start(task("worker", "d", 3)).error().code(), Code::kResourceExhausted);
  ASSERT_TRUE(all.start(task("worker", "d", 2)));
  ASSERT_TRUE(all.start(task()));
  EXPECT_THAT(all.start(task()).error().message(), HasSubstr("2 delegated tasks are used up"));
  join();
}

TEST_F(Delegated, ACancelledOneEndsAndWakesWhoWaits) {
  wait_ = Millis(60'000);
  Delegation& all = make();
  const std::string id = all.start(task()).value();
  Result<DelegatedTask> ended = fail(Code::kInternal, "not yet");
  const auto waiting = [](Delegation& of, std::string which,
                          Result<DelegatedTask>& place) -> Task<void> {
    const Deadline deadline = Deadline::after(Millis(10'000));
    place = co_await of.wait(std::move(which), deadline);
  };
  const auto both = [](async::Runtime& runtime, Delegation& of, std::string which,
                       Task<void> waiter) -> Task<void> {
    async::Scope scope(runtime.executor());
    scope.spawn(std::move(waiter));
    [[maybe_unused]] const auto slept = co_await async::sleep_for(Millis(1));
    EXPECT_TRUE(of.cancel(which));
    co_await scope.join();
    co_await of.join();
  };
  runtime_.run(both(runtime_, all, id, waiting(all, id, ended)));
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->state, DelegatedTask::State::kCancelled);
  EXPECT_EQ(ends_, 1);
  EXPECT_EQ(all.cancel(id).error().code(), Code::kFailedPrecondition);
  EXPECT_EQ(all.cancel("task_x").error().code(), Code::kNotFound);
}

TEST_F(Delegated, HeldOnesHaveNotEndedAndAreTakenUpAgain) {
  wait_ = Millis(60'000);
  Delegation& all = make();
  const std::string id = all.start(task()).value();
  const auto hold = [](Delegation& of) -> Task<void> {
    [[maybe_unused]] const auto slept = co_await async::sleep_for(Millis(1));
    of.hold();
    co_await of.join();
  };
  runtime_.run(hold(all));
  EXPECT_FALSE(all.tasks().at(id).has_ended());
  EXPECT_EQ(ends_, 0);
  wait_ = Millis(0);
  EXPECT_EQ(all.take_up(), 1);
  join();
  EXPECT_EQ(all.tasks().at(id).state, DelegatedTask::State::kCompleted);
}

TEST_F(Delegated, OnesOfAnEarlierProcessAreKnown) {
  Delegation& all = make();
  DelegatedTask done = task_from_json(json::Value(to_json(task())));
  done.id = "task_1";
  done.state = DelegatedTask::State::kCompleted;
  done.delivered = true;
  DelegatedTask open = task();
  open.id = "task_2";
  all.restore({done, open});
  EXPECT_EQ(all.count_open(), 1);
  EXPECT_EQ(all.take_up(), 1);
  join();
  EXPECT_EQ(all.undelivered().size(), 1U);
}

TEST(DelegatedText, IsCutWithAHandleToTheRest) {
  DelegatedTask task;
  task.id = "task_1";
  task.agent = "worker";
  task.state = DelegatedTask::State::kCompleted;
  task.result = std::string(100, 'x');
  EXPECT_THAT(result_text(task, 10),
              HasSubstr("xxxxxxxxxx\n[cut; delegate_task with action result"));
  EXPECT_THAT(result_text(task, 1'000), ::testing::Not(HasSubstr("cut")));
}

TEST(DelegatedTasks, WhatNarrowsThemSurvivesTheProcess) {
  DelegatedTask task;
  task.id = "task_1";
  task.scopes = {{{"Read"}, {"bash"}}};
  const DelegatedTask back = task_from_json(json::Value(to_json(task)));
  ASSERT_EQ(back.scopes.size(), 1U);
  EXPECT_EQ(back.scopes.front().allowed, std::vector<std::string>{"Read"});
  EXPECT_EQ(back.scopes.front().disallowed, std::vector<std::string>{"bash"});
  EXPECT_TRUE(task_from_json(json::Value(json::Object{{"task_id", "t"}})).scopes.empty());
}

}  // namespace
}  // namespace oap::orchestration
