// The seeds' 23 workflow defects (reference/workflow.md §7), each with the right behaviour. Those
// that are about reading a file alone are tested in definition/ as well.
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workflow/definition/reader.hpp"
#include "workflow/testing/engine_house.hpp"
#include "workflow/tool_invoker.hpp"

namespace oap::workflow {
namespace {

using ::testing::AllOf;
using testing::block;
using ::testing::Contains;
using testing::definition;
using ::testing::ElementsAre;
using testing::EngineHouse;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::parsed;
using testing::ScriptedRunner;
using ::testing::SizeIs;
using testing::step;
using testing::steps;
using testing::tool;

class EngineSeedDefects : public EngineHouse {
 protected:
  /// How a condition over these variables ends the step: "completed", "skipped" or "failed".
  std::string decide(const std::string& condition, json::Object variables) {
    StepDefinition a = tool("a");
    a.condition = condition;
    Definition made = definition(steps(std::move(a)));
    made.variables = std::move(variables);
    std::vector<Problem> problems;
    auto blueprint = Blueprint::compile(std::move(made), "w.yaml", nullptr, problems);
    if (!blueprint) {
      return "refused";
    }
    return std::string(to_string(run(blueprint).steps.at(0).state));
  }
};

TEST_F(EngineSeedDefects, D01_EveryStepTypeRuns) {
  ConditionStep condition;
  condition.condition = "true";
  condition.then_steps = block(tool("t"));
  LoopStep loop;
  loop.max_iterations = 2;
  loop.body = block(tool("b"));
  SubworkflowStep child;
  child.workflow = "kid";
  subworkflows_["kid"] = testing::compiled(steps(tool("k")));
  WaitStep wait;
  wait.duration = "1ms";
  AgentStep agent;
  agent.prompt = "p";
  ScriptStep script;
  script.run = "true";
  const RunResult result =
      run(steps(tool("tool"), step("agent", std::move(agent)), step("script", std::move(script)),
                step("cond", std::move(condition)), step("loop", std::move(loop)),
                step("sub", std::move(child)), step("wait", std::move(wait)),
                step("group", GroupStep{block(tool("g"))})));
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_EQ(result.counts.completed, result.counts.total);
}

TEST_F(EngineSeedDefects, D02_AnInnocentStepCompletesTheRunAndTheFailurePolicyIsExplicit) {
  EXPECT_EQ(run(steps(tool("a"))).status, RunState::kCompleted);
  StepDefinition a = tool("a");
  a.on_failure = FailurePolicy::kFailFast;
  StepDefinition b = tool("b", {"x"});
  runner_.answer("a", ScriptedRunner::bad("no"));
  runner_.gate("x");
  observer_.on_step = [this](const StepReport& report) {
    if (report.path == "a" && report.state == StepState::kFailed) {
      runner_.gate("x").set(ScriptedRunner::good());
    }
  };
  const RunResult fast = run(steps(std::move(a), tool("x"), std::move(b)));
  EXPECT_THAT(states(fast), ElementsAre("a:failed", "x:completed", "b:skipped"));
}

TEST_F(EngineSeedDefects, D03_AStepStartsWhenItsOwnNeedsEnd) {
  auto blueprint = testing::compiled(
      steps(tool("slow"), tool("quick"), tool("next", {"quick"}), tool("end", {"slow", "next"})));
  const RunResult result = drive([&](Engine& engine) -> Task<Result<RunResult>> {
    return open_slow_after_next(engine, blueprint);
  });
  EXPECT_EQ(result.status, RunState::kCompleted);
  EXPECT_THAT(runner_.started, ElementsAre("slow", "quick", "next", "end"));
}

TEST_F(EngineSeedDefects, D04_ADependentOfAFailedStepIsSkippedUnlessItAsks) {
  StepDefinition asks = tool("asks", {"a"});
  asks.condition = "failure()";
  StepDefinition always = tool("always", {"a"});
  always.condition = "always()";
  runner_.answer("a", ScriptedRunner::bad("no"));
  const RunResult result =
      run(steps(tool("a"), tool("b", {"a"}), std::move(asks), std::move(always)));
  EXPECT_THAT(states(result),
              ElementsAre("a:failed", "b:skipped", "asks:completed", "always:completed"));
  EXPECT_EQ(result.status, RunState::kFailed);
}

TEST_F(EngineSeedDefects, D05_SkippedIsCountedApartAndFailsNothing) {
  StepDefinition a = tool("a");
  a.condition = "false";
  const RunResult result = run(steps(std::move(a), tool("b")));
  EXPECT_EQ(result.status, RunState::kCompleted);
  EXPECT_EQ(result.counts.skipped, 1U);
  EXPECT_EQ(result.counts.completed, 1U);
}

TEST_F(EngineSeedDefects, D06_EachMistakeHasItsOwnMessage) {
  const auto says = [](Steps list) {
    std::vector<Problem> problems;
    EXPECT_FALSE(Blueprint::compile(definition(std::move(list)), "w.yaml", nullptr, problems));
    return to_text(problems);
  };
  EXPECT_THAT(says(steps(tool("build"), tool("b", {"biuld"}))), HasSubstr("build"));
  EXPECT_THAT(says(steps(tool("a"), tool("a"))), Not(HasSubstr("cycle")));
  EXPECT_THAT(says(steps(tool("a", {"b"}), tool("b", {"a"}))), HasSubstr("a → b → a"));
}

TEST_F(EngineSeedDefects, D07_ConditionsAreTypedAndAMissingVariableIsNoYes) {
  EXPECT_EQ(decide("3 > 5", {}), "skipped");
  EXPECT_EQ(decide("3 >= 10", {}), "skipped");
  EXPECT_EQ(decide("!true", {}), "skipped");
  EXPECT_EQ(decide("missing", {}), "refused");
  EXPECT_EQ(decide("a == 'yes'", {{"a", "${b}"}, {"b", "yes"}}), "skipped");
  EXPECT_EQ(decide("a == 'x==y'", {{"a", "x==y"}}), "completed");
  EXPECT_EQ(decide("a == 'false '", {{"a", "false "}}), "completed");
}

TEST_F(EngineSeedDefects, D08_AnErrorInAConditionFailsTheStep) {
  StepDefinition b = tool("b", {"a"});
  b.condition = "steps.a.outputs.none.deeper == 1";
  const RunResult result = run(steps(tool("a"), std::move(b)));
  EXPECT_EQ(result.steps[1].state, StepState::kFailed);
  EXPECT_THAT(result.steps[1].error, HasSubstr("its condition"));
  EXPECT_EQ(result.status, RunState::kFailed);
}

TEST_F(EngineSeedDefects, D09_ValuesKeepTheirTypesAndDataIsNeverATemplate) {
  StepDefinition a = tool("a");
  std::get<ToolStep>(a.body).arguments = {{"n", "${{ vars.n }}"},
                                          {"o", "${{ vars.o }}"},
                                          {"t", "${{ vars.t }}"},
                                          {"s", "${{ secrets.KEY }}"}};
  Definition made = definition(steps(std::move(a)));
  made.variables = {{"n", 5}, {"o", json::Object{{"k", true}}}, {"t", "${{ secrets.KEY }}"}};
  made.secrets = {"KEY"};
  options_.secret = [](std::string_view) { return std::string("hunter2"); };
  json::Value input;
  runner_.on_start = [&](const StepRequest& request) {
    input = request.input;
    EXPECT_TRUE(request.tainted);
  };
  const RunResult result = run(std::move(made));
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_EQ(input.at("n"), 5);
  EXPECT_EQ(input.at("o").at("k"), true);
  EXPECT_EQ(input.at("t"), "${{ secrets.KEY }}");
  EXPECT_EQ(input.at("s"), "hunter2");
  const auto rows = store_->runs().events(result.run_id, 0, 1'000).value();
  for (const store::EventRow& row : rows) {
    EXPECT_THAT(row.body, Not(HasSubstr("hunter2")));
  }
}

TEST_F(EngineSeedDefects, D10_EveryOperatorOfTheGrammarIsKnown) {
  EXPECT_EQ(decide("a != 'b==c'", {{"a", "x"}}), "completed");
  EXPECT_EQ(decide("n <= 3 && n >= 3", {{"n", 3}}), "completed");
}

TEST_F(EngineSeedDefects, D11_TwoRunsOfOneWorkflowAreTwoRunsAndSurviveTheEngine) {
  auto blueprint = testing::compiled(steps(tool("a")));
  const RunResult first = run(blueprint);
  const RunResult second = run(blueprint);
  EXPECT_NE(first.run_id, second.run_id);
  EXPECT_THAT(store_->runs().list({}).value(), SizeIs(2));
}

TEST_F(EngineSeedDefects, D12_ASecondRunBeginsAfresh) {
  StepDefinition a = tool("a");
  a.exports["n"] = "vars.n + 1";
  Definition made = definition(steps(std::move(a)));
  made.variables = {{"n", 1}};
  made.outputs = {{"n", "${{ vars.n }}"}};
  auto blueprint = testing::compiled(std::move(made));
  EXPECT_EQ(run(blueprint).outputs.at("n"), 2);
  EXPECT_EQ(run(blueprint).outputs.at("n"), 2);
}

TEST_F(EngineSeedDefects, D13_OutputsOfStepsSideBySideDoNotMix) {
  runner_.reply = [](const StepRequest& request) {
    return ScriptedRunner::good(json::Object{{"x", request.path}});
  };
  StepDefinition end = tool("end", {"a", "b"});
  std::get<ToolStep>(end.body).arguments = {
      {"v", "${{ steps.a.outputs.x }}${{ steps.b.outputs.x }}"}};
  json::Value input;
  runner_.on_start = [&](const StepRequest& request) { input = request.input; };
  run(steps(tool("a"), tool("b"), std::move(end)));
  EXPECT_EQ(input.at("v"), "ab");
}

TEST_F(EngineSeedDefects, D14_AToolCannotSetVariablesThatTheStepDoesNotExport) {
  runner_.reply = [](const StepRequest&) {
    return ScriptedRunner::good(parsed(R"({"variables":{"n":99}})"));
  };
  Definition made = definition(steps(tool("a")));
  made.variables = {{"n", 1}};
  made.outputs = {{"n", "${{ vars.n }}"}};
  EXPECT_EQ(run(std::move(made)).outputs.at("n"), 1);
}

TEST_F(EngineSeedDefects, D15_BackoffIsCappedJitteredDurableAndOnlyForWhatMayHelp) {
  RetryPolicy policy;
  policy.initial = Millis(100);
  policy.max = Millis(1'000);
  EXPECT_EQ(backoff(policy, 1, 0.5), Millis(50));
  EXPECT_EQ(backoff(policy, 60, 0.999), Millis(999));
  policy.jitter = false;
  EXPECT_EQ(backoff(policy, 2, 0.1), Millis(200));
  StepDefinition a = tool("a");
  a.retry.max_attempts = 5;
  StepResult denied;
  denied.ok = false;
  denied.error = "denied";
  denied.error_code = "permission_denied";
  denied.retryable = true;
  runner_.answer("a", denied);
  StepDefinition b = tool("b");
  b.retry.max_attempts = 5;
  runner_.answer("b", fail(Code::kInvalidArgument, "wrong"));
  const RunResult result = run(steps(std::move(a), std::move(b)));
  EXPECT_EQ(result.steps[0].attempts, 1);
  EXPECT_EQ(result.steps[1].attempts, 1);
  const auto rows = store_->runs().events(result.run_id, 0, 100).value();
  EXPECT_FALSE(rows.empty());
}

TEST_F(EngineSeedDefects, D16_ATimeoutReachesTheCallAndTheRetryHasTheSameKey) {
  StepDefinition a = tool("a");
  a.timeouts.attempt = Millis(20);
  a.retry.max_attempts = 2;
  runner_.gate("a");
  runner_.on_start = [](const StepRequest& request) { EXPECT_FALSE(request.deadline.is_never()); };
  const RunResult result = run(steps(std::move(a)));
  EXPECT_EQ(result.status, RunState::kFailed);
  EXPECT_EQ(result.steps[0].error_code, "deadline_exceeded");
  EXPECT_EQ(result.steps[0].attempts, 2);
  const std::set<std::string> keys(runner_.keys.begin(), runner_.keys.end());
  EXPECT_LE(keys.size(), 1U);  // none, where the machine was too busy to begin in time
}

TEST_F(EngineSeedDefects, D17_ThereAreFourTimeouts) {
  StepDefinition total = tool("total");
  total.timeouts.total = Millis(30);
  total.retry.max_attempts = 1'000;
  total.retry.initial = Millis(10);
  total.retry.jitter = false;
  StepDefinition heart = tool("heart");
  heart.timeouts.heartbeat = Millis(30);
  runner_.gate("heart");
  runner_.reply = [](const StepRequest& request) {
    return request.path == "total" ? ScriptedRunner::bad("again", true) : ScriptedRunner::good();
  };
  const RunResult result = run(definition(steps(std::move(heart), std::move(total))));
  EXPECT_THAT(states(result), ElementsAre("heart:failed", "total:failed"));
  EXPECT_THAT(result.steps[0].error, HasSubstr("heartbeat"));
  EXPECT_THAT(result.steps[1].error, HasSubstr("total timeout"));
}

TEST_F(EngineSeedDefects, D17_WhatWaitsTooLongForAPlaceFails) {
  StepDefinition hold = tool("hold");
  hold.timeouts.heartbeat = Millis(60);
  StepDefinition queue = tool("queue");
  queue.timeouts.queue = Millis(10);
  runner_.gate("hold");
  Definition made = definition(steps(std::move(hold), std::move(queue)));
  made.max_parallel = 1;
  const RunResult result = run(std::move(made));
  EXPECT_THAT(states(result), ElementsAre("hold:failed", "queue:failed"));
  EXPECT_THAT(result.steps[1].error, HasSubstr("queue timeout"));
}

TEST_F(EngineSeedDefects, D18_AThousandReadySteps_DoNotMeanAThousandCalls) {
  Definition made = definition({});
  for (int i = 0; i < 1'000; ++i) {
    made.steps.push_back(tool(fmt::format("s{}", i)));
  }
  made.max_parallel = 100;
  options_.limits.tenant = 50;
  options_.limits.tools["sandbox/t"] = 7;
  const RunResult result = run(std::move(made));
  EXPECT_EQ(result.status, RunState::kCompleted);
  EXPECT_EQ(runner_.most_at_once, 7);
}

TEST_F(EngineSeedDefects, D19_CancelPauseAndTheWholeRecordAreThere) {
  auto blueprint = testing::compiled(steps(tool("a"), tool("b", {"a"})));
  runner_.gate("a");
  const RunResult result = drive([&](Engine& engine) -> Task<Result<RunResult>> {
    return pause_then_cancel(engine, blueprint);
  });
  EXPECT_EQ(result.status, RunState::kCancelled);
  EXPECT_THAT(states(result), ElementsAre("a:cancelled", "b:cancelled"));
  EXPECT_THAT(result.error, HasSubstr("ada"));
}

TEST_F(EngineSeedDefects, D20_ASkippedStepHasATimeAndAReason) {
  StepDefinition a = tool("a");
  a.condition = "false";
  const RunResult result = run(steps(std::move(a)));
  EXPECT_TRUE(result.steps[0].ready_at);
  EXPECT_TRUE(result.steps[0].ended_at);
  EXPECT_EQ(result.steps[0].error, "its condition does not hold");
}

TEST_F(EngineSeedDefects, D21_ADenialOfThePipelineIsTheStepsFailure) {
  ToolOutcome denied;
  denied.denial = Denial{};
  denied.denial->reason = "no";
  const auto result = step_result(denied);
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->ok);
  EXPECT_EQ(result->error_code, "permission_denied");
  EXPECT_FALSE(result->retryable);
}

TEST_F(EngineSeedDefects, D22_ASchemaErrorNamesTheLineAndDurationsAreMonotonic) {
  const Reading reading =
      read_workflow("id: w\nname: w\nsteps:\n  - id: a\n    type: tool\n", "w.yaml");
  EXPECT_FALSE(reading.ok());
  EXPECT_THAT(to_text(reading.problems), HasSubstr("w.yaml:"));
  EXPECT_GE(run(steps(tool("a"))).duration.count(), 0);
}

TEST_F(EngineSeedDefects, D23_AGraphOfTenThousandStepsIsPlannedInOnePass) {
  Definition made = definition({});
  for (int i = 0; i < 10'000; ++i) {
    made.steps.push_back(i == 0 ? tool("s0")
                                : tool(fmt::format("s{}", i), {fmt::format("s{}", i - 1)}));
  }
  auto blueprint = testing::compiled(std::move(made));
  ASSERT_TRUE(blueprint);
  EXPECT_EQ(blueprint->size(), 10'000U);
}

}  // namespace
}  // namespace oap::workflow
