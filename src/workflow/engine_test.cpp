#include "workflow/engine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/cancel.hpp"
#include "async/runtime.hpp"
#include "async/scope.hpp"
#include "workflow/testing/engine_house.hpp"

namespace oap::workflow {
namespace {

using ::testing::AllOf;
using testing::block;
using testing::definition;
using ::testing::ElementsAre;
using testing::EngineHouse;
using ::testing::HasSubstr;
using testing::parsed;
using testing::ScriptedRunner;
using testing::step;
using testing::steps;
using testing::tool;
using ::testing::UnorderedElementsAre;

class EngineTest : public EngineHouse {};

TEST_F(EngineTest, StepsRunInOrderAndTheJournalSaysSo) {
  const RunResult result = run(steps(tool("b", {"a"}), tool("a")));
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_THAT(runner_.started, ElementsAre("a", "b"));
  EXPECT_EQ(result.outputs.at("a"), "a");
  EXPECT_EQ(result.counts.completed, 2U);
  EXPECT_EQ(to_json(result).at("steps_completed"), 2);
  EXPECT_EQ(store_->runs().find(result.run_id).value().state, RunState::kCompleted);
  const store::ChainReport chain = store_->runs().verify(result.run_id).value();
  EXPECT_TRUE(chain.intact) << chain.problem;
  EXPECT_GE(chain.events, 3);
}

TEST_F(EngineTest, AnEmptyWorkflowIsDoneAtOnce) {
  EXPECT_EQ(run(steps(step("g", GroupStep{block(tool("x"))}))).status, RunState::kCompleted);
}

TEST_F(EngineTest, AFailedNeedSkipsAndTheRunFails) {
  runner_.answer("a", ScriptedRunner::bad("broke"));
  const RunResult result = run(steps(tool("a"), tool("b", {"a"}), tool("c")));
  EXPECT_EQ(result.status, RunState::kFailed);
  EXPECT_THAT(states(result), ElementsAre("a:failed", "b:skipped", "c:completed"));
  EXPECT_EQ(result.steps[1].error, "skipped because step 'a' failed");
  EXPECT_EQ(result.error, "step 'a' failed: broke");
}

TEST_F(EngineTest, RetriesKeepTheirKey) {
  StepDefinition a = tool("a");
  a.retry.max_attempts = 3;
  runner_.answer("a", ScriptedRunner::bad("once", true));
  runner_.answer("a", fail(Code::kUnavailable, "gone"));
  const RunResult result = run(steps(std::move(a)));
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_EQ(result.steps[0].attempts, 3);
  ASSERT_EQ(runner_.keys.size(), 3U);
  EXPECT_EQ(runner_.keys[0], runner_.keys[2]);
  EXPECT_EQ(runner_.keys[0], idempotency_key(result.run_id, "a"));
}

TEST_F(EngineTest, ALoopRunsItsBodyUntilItsConditionEnds) {
  LoopStep loop;
  loop.while_condition = "loop.index < 3";
  loop.max_iterations = 10;
  loop.body = block(tool("x"), tool("y", {"x"}));
  const RunResult result = run(steps(step("l", std::move(loop))));
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_THAT(runner_.started,
              ElementsAre("l[0].x", "l[0].y", "l[1].x", "l[1].y", "l[2].x", "l[2].y"));
  EXPECT_EQ(result.steps[0].output.at("iterations"), 3);
}

TEST_F(EngineTest, ForeachRunsItsItemsSideBySideAndGathersTheirOutputs) {
  StepDefinition each = tool("each");
  std::get<ToolStep>(each.body).arguments = {{"n", "${{ item }}"}};
  each.foreach = Foreach{.items = parsed("[1,2,3]"), .max_parallel = 2};
  runner_.reply = [](const StepRequest& request) {
    return ScriptedRunner::good(request.input.at("n"));
  };
  const RunResult result = run(steps(std::move(each)));
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_EQ(result.steps[0].output, parsed("[1,2,3]"));
  EXPECT_EQ(runner_.most_at_once, 2);
}

TEST_F(EngineTest, ASignalThatComesFirstIsKept) {
  WaitStep wait;
  wait.signal = "go";
  auto blueprint = testing::compiled(steps(tool("a"), step("w", std::move(wait), {"a"})));
  const RunResult result = drive(
      [&](Engine& engine) -> Task<Result<RunResult>> { return signal_early(engine, blueprint); });
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_EQ(result.outputs.at("w"), 7);
}

TEST_F(EngineTest, AWaitForTimeParksAndComesBack) {
  WaitStep wait;
  wait.duration = "20ms";
  options_.park_after = Millis(0);
  const RunResult result = run(steps(step("w", std::move(wait)), tool("a", {"w"})));
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_THAT(runner_.started, ElementsAre("a"));
}

TEST_F(EngineTest, CompensationRunsBackwardsThenFinally) {
  StepDefinition a = tool("a");
  a.compensate = std::make_unique<StepDefinition>(tool("undo"));
  StepDefinition b = tool("b", {"a"});
  b.compensate = std::make_unique<StepDefinition>(tool("undo"));
  Definition made = definition(steps(std::move(a), std::move(b), tool("c", {"b"})));
  made.finally = steps(tool("last"));
  runner_.answer("c", ScriptedRunner::bad("no"));
  const RunResult result = run(std::move(made));
  EXPECT_EQ(result.status, RunState::kFailed);
  EXPECT_THAT(runner_.started,
              ElementsAre("a", "b", "c", "b.compensate", "a.compensate", "finally.last"));
}

}  // namespace
}  // namespace oap::workflow
