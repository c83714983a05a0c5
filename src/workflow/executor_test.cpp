#include "workflow/executor.hpp"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/cancel.hpp"
#include "async/runtime.hpp"
#include "async/scope.hpp"
#include "os/testing/temp_dir.hpp"
#include "store/store.hpp"
#include "workflow/testing/scripted_runner.hpp"
#include "workflow/tool_invoker.hpp"

namespace oap::workflow {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::ScriptedRunner;
using ::testing::UnorderedElementsAre;

const Deadline soon() { return Deadline::after(Millis(20'000)); }

StepDefinition step(std::string id, std::vector<std::string> dependencies = {}) {
  StepDefinition made;
  made.id = std::move(id);
  made.kind = "tool";
  made.dependencies = std::move(dependencies);
  made.retry.base = Millis(1);
  return made;
}

/// Fails the n-th commit and all after it.
class FailingRuns final : public store::RunRepository {
 public:
  FailingRuns(store::RunRepository& inner, int good) : inner_(inner), good_(good) {}
  Result<void> create(const store::RunRecord& run, const json::Value& definition,
                      const std::vector<store::StepRecord>& steps) override {
    return inner_.create(run, definition, steps);
  }
  Result<std::int64_t> acquire(const std::string& id, const store::Lease& lease) override {
    return inner_.acquire(id, lease);
  }
  std::vector<Result<store::RunCommit>> commit(std::span<const store::RunWrite> writes) override {
    if (good_-- > 0) {
      return inner_.commit(writes);
    }
    std::vector<Result<store::RunCommit>> failed;
    failed.emplace_back(fail(Code::kResourceExhausted, "disk full"));
    return failed;
  }
  Result<store::RunRecord> find(const std::string& id) override { return inner_.find(id); }
  Result<store::StepHistory> history(const std::string& id) override { return inner_.history(id); }
  Result<std::vector<store::RunRecord>> list(const store::RunFilter& filter) override {
    return inner_.list(filter);
  }

 private:
  store::RunRepository& inner_;
  int good_;
};

class ExecutorTest : public ::testing::Test {
 protected:
  ExecutorTest() : store_(store::Store::open(dir_ / "oap.db").value()) {
    info_.run_id = "run_1";
    observer_.on_step = [this](const StepReport& report) {
      seen_.push_back(report.id + ":" + std::string(to_string(report.state)));
    };
  }

  Result<RunResult> run(std::vector<StepDefinition> steps) {
    Executor executor(store_->runs(), runner_, system_clock(), options_);
    return runtime_.run(executor.run(Graph::build(std::move(steps)).value(), info_, observer_));
  }
  RunResult run_well(std::vector<StepDefinition> steps) {
    auto result = run(std::move(steps));
    EXPECT_TRUE(result) << result.error().to_string();
    if (result) {
      expect_rows_equal(*result);
    }
    return result.value_or(RunResult{});
  }
  /// What the store holds is what was reported.
  void expect_rows_equal(const RunResult& result) {
    EXPECT_EQ(store_->runs().find(result.run_id).value().state, result.status);
    const store::StepHistory history = store_->runs().history(result.run_id).value();
    ASSERT_EQ(history.steps.size(), result.steps.size());
    std::size_t attempts = 0;
    for (std::size_t i = 0; i < history.steps.size(); ++i) {
      const store::StepRecord& row = history.steps[i];
      const StepReport& report = result.steps[i];
      EXPECT_EQ(row.id, report.id);
      EXPECT_EQ(row.state, report.state) << row.id;
      EXPECT_EQ(row.attempt, report.attempts) << row.id;
      EXPECT_EQ(row.output, report.output) << row.id;
      EXPECT_EQ(row.error, report.error) << row.id;
      EXPECT_EQ(row.unmet, 0) << row.id;
      EXPECT_TRUE(row.ended_at) << row.id;
      attempts += static_cast<std::size_t>(report.attempts);
    }
    EXPECT_EQ(history.attempts.size(), attempts);
    for (const store::AttemptRecord& attempt : history.attempts) {
      EXPECT_TRUE(attempt.ended_at);
    }
  }
  static std::vector<std::string> states(const RunResult& result) {
    std::vector<std::string> texts;
    for (const StepReport& report : result.steps) {
      texts.push_back(report.id + ":" + std::string(to_string(report.state)));
    }
    return texts;
  }

  os::testing::TempDir dir_;
  std::unique_ptr<store::Store> store_;
  async::Runtime runtime_;
  ScriptedRunner runner_;
  Executor::Options options_;
  RunInfo info_;
  Observer observer_;
  std::vector<std::string> seen_;
};

TEST_F(ExecutorTest, AnEmptyGraphIsDoneAtOnce) {
  const RunResult result = run_well({});
  EXPECT_EQ(result.status, RunState::kCompleted);
  EXPECT_EQ(result.counts.total, 0U);
}

TEST_F(ExecutorTest, StepsRunInOrderWithTheirOutputsAndRows) {
  runner_.on_start = [](const StepContext& context) {
    EXPECT_EQ(context.run_id, "run_1");
    EXPECT_EQ(context.inputs->at("x"), 7);
    if (context.step->id == "b") {
      ASSERT_NE(context.outputs->find("a"), nullptr);
      EXPECT_EQ(*context.outputs->find("a"), json::Value("a"));
      EXPECT_EQ(context.outputs->find("b"), nullptr);
      EXPECT_EQ(context.outputs->find("none"), nullptr);
    }
  };
  info_.inputs = {{"x", 7}};
  const RunResult result = run_well({step("b", {"a"}), step("a")});
  EXPECT_EQ(result.status, RunState::kCompleted);
  EXPECT_THAT(runner_.started, ElementsAre("a", "b"));
  EXPECT_THAT(seen_, ElementsAre("a:ready", "a:running", "a:completed", "b:ready", "b:running",
                                 "b:completed"));
  EXPECT_EQ(result.outputs.at("a"), "a");
  EXPECT_EQ(result.counts.completed, 2U);
  EXPECT_EQ(to_json(result).at("steps_completed"), 2);
  EXPECT_EQ(store_->runs().find("run_1").value().inputs.at("x"), 7);
}

Task<void> keep(std::optional<Result<RunResult>>& place, Task<Result<RunResult>> task) {
  place = co_await std::move(task);
}

/// e waits for c only, d for b and c: opening c must start e while b still runs.
Task<void> drive_diamond(Executor& executor, ScriptedRunner& runner, RunInfo info,
                         std::optional<Result<RunResult>>& place) {
  std::vector<StepDefinition> steps = {step("a"), step("b", {"a"}), step("c", {"a"}),
                                       step("d", {"b", "c"}), step("e", {"c"})};
  runner.gate("b");
  runner.gate("c");
  const oap::Executor loop = co_await boost::asio::this_coro::executor;
  async::Scope scope(loop);
  Observer nobody;
  Task<Result<RunResult>> whole =
      executor.run(Graph::build(std::move(steps)).value(), info, nobody);
  scope.spawn(keep(place, std::move(whole)));
  const Deadline deadline = soon();
  EXPECT_TRUE(co_await runner.begun("b").get(deadline));
  EXPECT_TRUE(co_await runner.begun("c").get(deadline));
  runner.gate("c").set(ScriptedRunner::good());
  EXPECT_TRUE(co_await runner.begun("e").get(deadline));
  EXPECT_THAT(runner.started, ElementsAre("a", "b", "c", "e"));
  runner.gate("b").set(ScriptedRunner::good());
  EXPECT_TRUE(co_await runner.begun("d").get(deadline));
  co_await scope.join();
}

TEST_F(ExecutorTest, AStepStartsWhenItsOwnDependenciesHaveEnded) {
  Executor executor(store_->runs(), runner_, system_clock(), options_);
  std::optional<Result<RunResult>> place;
  runtime_.run(drive_diamond(executor, runner_, info_, place));
  ASSERT_TRUE(place && *place);
  EXPECT_EQ((*place)->status, RunState::kCompleted);
}

TEST_F(ExecutorTest, AThousandStepsKeepToTheLimit) {
  std::vector<StepDefinition> steps;
  for (int i = 0; i < 1'000; ++i) {
    steps.push_back(step(fmt::format("s{}", i)));
  }
  options_.max_parallel = 7;
  observer_.on_step = nullptr;
  const RunResult result = run_well(std::move(steps));
  EXPECT_EQ(result.counts.completed, 1'000U);
  EXPECT_EQ(runner_.most_at_once, 7);
  EXPECT_EQ(runner_.started.size(), 1'000U);
}

TEST_F(ExecutorTest, ALongChainNeedsNoDeepStack) {
  std::vector<StepDefinition> steps = {step("s0")};
  for (int i = 1; i < 1'000; ++i) {
    steps.push_back(step(fmt::format("s{}", i), {fmt::format("s{}", i - 1)}));
  }
  runner_.answer("s0", ScriptedRunner::bad("no"));
  const RunResult result = run_well(std::move(steps));
  EXPECT_EQ(result.counts.skipped, 999U);
  EXPECT_EQ(result.status, RunState::kFailed);
}

TEST_F(ExecutorTest, WhatNeedsAFailedStepIsSkippedAndTheRestGoesOn) {
  runner_.answer("b", ScriptedRunner::bad("broken"));
  const RunResult result = run_well(
      {step("a"), step("b", {"a"}), step("c", {"b"}), step("d", {"c", "a"}), step("e", {"a"})});
  EXPECT_EQ(result.status, RunState::kFailed);
  EXPECT_EQ(result.error, "step 'b' failed: broken");
  EXPECT_THAT(states(result),
              ElementsAre("a:completed", "b:failed", "c:skipped", "d:skipped", "e:completed"));
  EXPECT_EQ(result.steps[2].error, "skipped because step 'b' failed");
  EXPECT_EQ(result.steps[3].error, "skipped because step 'c' did not run");
  EXPECT_EQ(result.counts.skipped, 2U);
}

TEST_F(ExecutorTest, FailFastStartsNothingMore) {
  StepDefinition first = step("a");
  first.on_failure = FailurePolicy::kFailFast;
  runner_.answer("a", ScriptedRunner::bad("broken"));
  options_.max_parallel = 2;
  const RunResult result = run_well({first, step("b"), step("c"), step("d", {"b"})});
  EXPECT_EQ(result.status, RunState::kFailed);
  EXPECT_THAT(states(result), ElementsAre("a:failed", "b:completed", "c:skipped", "d:skipped"));
  EXPECT_EQ(result.steps[2].error, "the run stops because step 'a' failed");
}

TEST_F(ExecutorTest, AToleratedFailureFailsOnlyWhatNeedsIt) {
  StepDefinition first = step("a");
  first.on_failure = FailurePolicy::kTolerate;
  runner_.answer("a", ScriptedRunner::bad("broken"));
  const RunResult result = run_well({first, step("b", {"a"}), step("c")});
  EXPECT_EQ(result.status, RunState::kCompleted);
  EXPECT_THAT(states(result), ElementsAre("a:failed", "b:skipped", "c:completed"));
}

struct RetryCase {
  const char* name;
  ScriptedRunner::Answer answer;
  Effect effect;
  int count;
  int infrastructure;
  int attempts;
};

class RetryTest : public ExecutorTest, public ::testing::WithParamInterface<RetryCase> {};

TEST_P(RetryTest, AttemptsUntilTheBudgetIsSpent) {
  const RetryCase& test = GetParam();
  StepDefinition only = step("a");
  only.effect = test.effect;
  only.retry = {test.count, Millis(1), Millis(2)};
  options_.infrastructure_retries = test.infrastructure;
  for (int i = 0; i < 10; ++i) {
    runner_.answer("a", test.answer);
  }
  const RunResult result = run_well({only, step("b", {"a"})});
  EXPECT_EQ(result.steps[0].attempts, test.attempts);
  EXPECT_EQ(result.steps[0].state, StepState::kFailed);
  EXPECT_EQ(result.steps[1].state, StepState::kSkipped);
  for (const std::string& key : runner_.keys) {
    EXPECT_EQ(key, idempotency_key("run_1", "a"));
  }
}

Result<StepResult> error(Code code) { return fail(code, "why"); }

INSTANTIATE_TEST_SUITE_P(
    Table, RetryTest,
    ::testing::Values(
        RetryCase{"unreachable", error(Code::kUnavailable), Effect::kIdempotent, 0, 2, 3},
        RetryCase{"unreachable_and_counted", error(Code::kUpstream), Effect::kPure, 2, 1, 4},
        RetryCase{"late", error(Code::kDeadlineExceeded), Effect::kIdempotent, 2, 5, 3},
        RetryCase{"permission", error(Code::kPermissionDenied), Effect::kIdempotent, 5, 5, 1},
        RetryCase{"validation", error(Code::kInvalidArgument), Effect::kIdempotent, 5, 5, 1},
        RetryCase{"limit", error(Code::kResourceExhausted), Effect::kIdempotent, 5, 5, 1},
        RetryCase{"tool_error", ScriptedRunner::bad("x", true), Effect::kIdempotent, 2, 5, 3},
        RetryCase{"tool_denied", ScriptedRunner::bad("x", false), Effect::kIdempotent, 2, 5, 1},
        RetryCase{"once", error(Code::kUnavailable), Effect::kOnce, 5, 5, 1}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(ExecutorTest, ARetryThatSucceedsLeavesNoTrace) {
  runner_.answer("a", fail(Code::kUnavailable, "gone"));
  const RunResult result = run_well({step("a"), step("b", {"a"})});
  EXPECT_EQ(result.status, RunState::kCompleted);
  EXPECT_EQ(result.steps[0].attempts, 2);
  EXPECT_EQ(result.steps[0].error, "");
  const auto attempts = store_->runs().history("run_1").value().attempts;
  EXPECT_EQ(attempts[0].state, StepState::kFailed);
  EXPECT_EQ(attempts[0].error_code, "unavailable");
  EXPECT_EQ(attempts[1].state, StepState::kCompleted);
}

TEST_F(ExecutorTest, AnAttemptThatTakesTooLongIsCancelled) {
  StepDefinition slow = step("a");
  slow.timeout = Millis(5);
  slow.effect = Effect::kOnce;
  runner_.gate("a");
  const RunResult result = run_well({slow});
  EXPECT_EQ(result.steps[0].state, StepState::kFailed);
  EXPECT_EQ(result.steps[0].error_code, "deadline_exceeded");
  EXPECT_THAT(result.steps[0].error, AllOf(HasSubstr("step 'a'"), HasSubstr("may have taken")));
}

TEST_F(ExecutorTest, WhenTheRunsTimeIsUpNothingMoreStarts) {
  info_.deadline = Deadline::at(std::chrono::steady_clock::now());
  const RunResult result = run_well({step("a"), step("b", {"a"}), step("c")});
  EXPECT_EQ(result.status, RunState::kFailed);
  EXPECT_EQ(result.counts.skipped, 3U);
  EXPECT_THAT(runner_.started, ElementsAre());
  EXPECT_THAT(result.error, HasSubstr("time for the whole run is up"));
}

TEST_F(ExecutorTest, TheRunsDeadlineEndsTheAttemptUnderWay) {
  info_.deadline = Deadline::after(Millis(100));
  runner_.gate("a");
  const RunResult result = run_well({step("a"), step("b", {"a"})});
  EXPECT_EQ(result.status, RunState::kFailed);
  EXPECT_NE(result.steps[0].state, StepState::kCompleted);
  EXPECT_EQ(result.steps[1].state, StepState::kSkipped);
}

Task<void> drive_cancel(Executor& executor, ScriptedRunner& runner, RunInfo info,
                        std::optional<Result<RunResult>>& place) {
  std::vector<StepDefinition> steps = {step("a"), step("b"), step("c", {"a"}), step("d"),
                                       step("e")};
  runner.gate("b");
  runner.gate("d");
  const oap::Executor loop = co_await boost::asio::this_coro::executor;
  async::Scope scope(loop);
  Observer nobody;
  Task<Result<RunResult>> whole =
      executor.run(Graph::build(std::move(steps)).value(), info, nobody);
  scope.spawn(keep(place, std::move(whole)));
  const Deadline deadline = soon();
  EXPECT_TRUE(co_await runner.begun("d").get(deadline));
  scope.cancel();
  co_await scope.join();
}

TEST_F(ExecutorTest, ACancelledRunMarksEveryOpenStep) {
  options_.max_parallel = 2;
  Executor executor(store_->runs(), runner_, system_clock(), options_);
  std::optional<Result<RunResult>> place;
  runtime_.run(drive_cancel(executor, runner_, info_, place));
  ASSERT_TRUE(place && *place) << (place ? (*place).error().to_string() : "no result");
  const RunResult& result = **place;
  EXPECT_EQ(result.status, RunState::kCancelled);
  EXPECT_THAT(states(result), ElementsAre("a:completed", "b:cancelled", "c:cancelled",
                                          "d:cancelled", "e:cancelled"));
  expect_rows_equal(result);
}

TEST_F(ExecutorTest, AnOwnerThatLostItsRunWritesNothingMore) {
  runner_.on_start = [this](const StepContext& context) {
    if (context.step->id == "b") {
      const WallTime now = system_clock().wall();
      EXPECT_TRUE(store_->runs().acquire("run_1", {"thief", now, now + Millis(1'000), true}));
    }
  };
  const auto result = run({step("a"), step("b", {"a"}), step("c", {"b"})});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(result.error().to_string(), HasSubstr("another owner"));
  EXPECT_THAT(runner_.started, ElementsAre("a", "b"));
  const auto history = store_->runs().history("run_1").value();
  EXPECT_EQ(history.steps[1].state, StepState::kRunning);
  EXPECT_EQ(history.steps[2].state, StepState::kPending);
  EXPECT_EQ(store_->runs().find("run_1").value().state, RunState::kRunning);
}

TEST_F(ExecutorTest, NothingStartsWithoutItsIntentOnDisk) {
  for (int good = 0; good < 4; ++good) {
    ScriptedRunner runner;
    FailingRuns failing(store_->runs(), good);
    Executor executor(failing, runner, system_clock(), options_);
    info_.run_id = fmt::format("run_{}", good);
    std::vector<StepDefinition> steps = {step("a"), step("b", {"a"}), step("c", {"a"}),
                                         step("d", {"b", "c"})};
    const auto result =
        runtime_.run(executor.run(Graph::build(std::move(steps)).value(), info_, observer_));
    ASSERT_FALSE(result) << good;
    EXPECT_EQ(result.error().code(), Code::kResourceExhausted);
    const auto history = store_->runs().history(info_.run_id).value();
    EXPECT_EQ(runner.started.size(), history.attempts.size()) << good;
  }
}

TEST_F(ExecutorTest, ARunIdIsUsedOnce) {
  run_well({step("a")});
  EXPECT_EQ(run({step("a")}).error().code(), Code::kAlreadyExists);
}

TEST_F(ExecutorTest, AnyGraphStartsEveryStepOnceAndAfterWhatItNeeds) {
  std::mt19937 random(20'261'121);
  for (int round = 0; round < 30; ++round) {
    const std::size_t count = 1 + random() % 40;
    std::vector<StepDefinition> steps;
    ScriptedRunner runner;
    for (std::size_t i = 0; i < count; ++i) {
      StepDefinition made = step(fmt::format("s{}", i));
      for (std::size_t k = 0; k < i; ++k) {
        if (random() % 6 == 0) {
          made.dependencies.push_back(fmt::format("s{}", k));
        }
      }
      if (random() % 12 == 0) {
        runner.answer(made.id, ScriptedRunner::bad("no"));
      }
      steps.push_back(std::move(made));
    }
    std::shuffle(steps.begin(), steps.end(), random);
    options_.max_parallel = 1 + random() % 5;
    SCOPED_TRACE(round);
    Executor executor(store_->runs(), runner, system_clock(), options_);
    info_.run_id = fmt::format("run_{}", round);
    const Graph graph = Graph::build(steps).value();
    runner.on_start = [&graph](const StepContext& context) {
      for (const std::uint32_t i : graph.dependencies(*graph.find(context.step->id))) {
        EXPECT_NE(context.outputs->find(graph.step(i).id), nullptr);
      }
    };
    const auto result = runtime_.run(executor.run(graph, info_, Observer{})).value();
    expect_rows_equal(result);
    std::vector<std::string> expected;
    for (std::size_t i = 0; i < count; ++i) {
      const auto needs = graph.dependencies(i);
      const bool may = std::all_of(needs.begin(), needs.end(), [&result](std::uint32_t k) {
        return result.steps[k].state == StepState::kCompleted;
      });
      EXPECT_EQ(result.steps[i].state == StepState::kSkipped, !may);
      if (may) {
        expected.push_back(graph.step(i).id);
      }
    }
    EXPECT_THAT(runner.started, ::testing::UnorderedElementsAreArray(expected));
  }
}

TEST(BackoffTest, DoublesUpToTheCapAndDrawsAPart) {
  const RetryPolicy policy{5, Millis(100), Millis(1'000)};
  EXPECT_EQ(backoff(policy, 1, 1.0), Millis(100));
  EXPECT_EQ(backoff(policy, 2, 1.0), Millis(200));
  EXPECT_EQ(backoff(policy, 2, 0.5), Millis(100));
  EXPECT_EQ(backoff(policy, 5, 1.0), Millis(1'000));
  EXPECT_EQ(backoff(policy, 1'000'000, 1.0), Millis(1'000));
  EXPECT_EQ(backoff(policy, 3, 0.0), Millis(0));
  EXPECT_EQ(backoff({5, Millis(-1), Millis(5)}, 3, 1.0), Millis(0));
}

TEST(StepResultTest, AToolsOutcomeBecomesAResultOrAnError) {
  ToolOutcome good;
  good.result = ToolResult::text("hello");
  EXPECT_TRUE(step_result(good)->ok);
  EXPECT_EQ(step_result(good)->output, json::Value("hello"));
  ToolOutcome wrong;
  wrong.result = ToolResult::text("exit 1", true);
  EXPECT_FALSE(step_result(wrong)->ok);
  EXPECT_TRUE(step_result(wrong)->retryable);
  ToolOutcome denied;
  denied.denial = Denial{.rule = "f:1", .reason = "no"};
  EXPECT_FALSE(step_result(denied)->retryable);
  EXPECT_EQ(step_result(denied)->error, "permission denied: no (f:1)");
  EXPECT_EQ(step_result(denied)->error_code, "permission_denied");
  ToolOutcome broken;
  broken.error = Error(Code::kUnavailable, "gone");
  EXPECT_EQ(step_result(broken).error().code(), Code::kUnavailable);
  EXPECT_EQ(step_result(ToolOutcome{}).error().code(), Code::kInternal);
}

}  // namespace
}  // namespace oap::workflow
