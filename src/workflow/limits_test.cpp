// Time limits and further attempts of steps that no runner does: waits, approvals, child runs,
// blocks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workflow/testing/engine_house.hpp"

namespace oap::workflow {
namespace {

using testing::block;
using ::testing::Contains;
using testing::definition;
using ::testing::ElementsAre;
using testing::EngineHouse;
using ::testing::HasSubstr;
using testing::ScriptedRunner;
using testing::step;
using testing::steps;
using testing::tool;

constexpr Millis kShort{60};

class LimitsTest : public EngineHouse {
 protected:
  static StepDefinition limited(StepDefinition made) {
    made.timeouts.attempt = kShort;
    return made;
  }
  static StepDefinition again(StepDefinition made, int attempts = 2) {
    made.retry.max_attempts = attempts;
    return made;
  }
  static StepDefinition hour(std::string id) {
    WaitStep wait;
    wait.duration = "1h";
    return step(std::move(id), std::move(wait));
  }
  void expect_timed_out(const RunResult& result, std::string_view words) {
    EXPECT_EQ(result.status, RunState::kFailed);
    EXPECT_EQ(result.error_code, "deadline_exceeded");
    EXPECT_THAT(result.error, HasSubstr(words));
    EXPECT_LT(result.duration, Millis(20'000));
  }
};

TEST_F(LimitsTest, AWaitForASignalEndsByItsTimeout) {
  WaitStep wait;
  wait.signal = "go";
  expect_timed_out(run(steps(limited(step("s", std::move(wait))))), "no signal 'go' came");
}

TEST_F(LimitsTest, AWaitForATimeEndsByItsTimeout) {
  expect_timed_out(run(steps(limited(hour("s")))), "timeout of 0.06 s");
}

TEST_F(LimitsTest, AnApprovalEndsByItsTimeout) {
  ApprovalStep approval;
  approval.message = "x";
  expect_timed_out(run(steps(limited(step("s", std::move(approval))))), "nobody who may approve");
}

TEST_F(LimitsTest, AGroupEndsByItsTimeoutAndSoDoesWhatIsInIt) {
  const RunResult result = run(steps(limited(step("g", GroupStep{block(hour("in"))}))));
  expect_timed_out(result, "timeout");
  EXPECT_THAT(states(result), Contains("g.in:cancelled"));
}

TEST_F(LimitsTest, AnAttemptInsideATimedOutGroupIsStopped) {
  runner_.gate("g.in");
  const RunResult result = run(steps(limited(step("g", GroupStep{block(tool("in"))}))));
  expect_timed_out(result, "timeout");
  EXPECT_THAT(states(result), Contains("g.in:cancelled"));
}

TEST_F(LimitsTest, ALoopEndsByItsTimeout) {
  LoopStep loop;
  loop.max_iterations = 5;
  loop.body = block(hour("in"));
  expect_timed_out(run(steps(limited(step("l", std::move(loop))))), "timeout");
}

TEST_F(LimitsTest, AConditionEndsByItsTimeout) {
  ConditionStep choice;
  choice.condition = "true";
  choice.then_steps = block(hour("in"));
  expect_timed_out(run(steps(limited(step("c", std::move(choice))))), "timeout");
}

TEST_F(LimitsTest, AChildRunEndsByItsTimeoutAndIsCancelled) {
  subworkflows_["kid"] = testing::compiled(steps(hour("in")));
  SubworkflowStep child;
  child.workflow = "kid";
  const RunResult result = run(steps(limited(step("u", std::move(child)))));
  EXPECT_EQ(result.status, RunState::kFailed);
  EXPECT_EQ(result.error_code, "deadline_exceeded");
}

TEST_F(LimitsTest, EachItemOfAForeachHasItsOwnTimeout) {
  StepDefinition each = limited(step("g", GroupStep{block(hour("in"))}));
  Foreach items;
  items.items = json::Array{1, 2};
  items.tolerate = 2;
  each.foreach = std::move(items);
  const RunResult result = run(steps(std::move(each)));
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_THAT(states(result), Contains("g[1].in:cancelled"));
}

TEST_F(LimitsTest, AGroupIsTriedAgain) {
  runner_.answer("g.b", ScriptedRunner::bad("no"));
  const RunResult result =
      run(steps(again(step("g", GroupStep{block(tool("a"), tool("b", {"a"}))})), tool("z", {"g"})));
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_THAT(runner_.started, ElementsAre("g.a", "g.b", "g#2.a", "g#2.b", "z"));
  EXPECT_EQ(result.steps[0].attempts, 2);
}

TEST_F(LimitsTest, AGroupThatTakesTooLongIsTriedAgain) {
  runner_.gate("g.a");
  const RunResult result = run(steps(again(limited(step("g", GroupStep{block(tool("a"))})))));
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_THAT(runner_.started, ElementsAre("g.a", "g#2.a"));
}

TEST_F(LimitsTest, ALoopBeginsAgainWithItsFirstIteration) {
  LoopStep loop;
  loop.max_iterations = 2;
  loop.body = block(tool("a"));
  runner_.answer("l[1].a", ScriptedRunner::bad("no"));
  const RunResult result = run(steps(again(step("l", std::move(loop)))));
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_THAT(runner_.started, ElementsAre("l[0].a", "l[1].a", "l[0]#2.a", "l[1]#2.a"));
}

TEST_F(LimitsTest, AConditionIsDecidedAgain) {
  ConditionStep choice;
  choice.condition = "true";
  choice.then_steps = block(tool("a"));
  runner_.answer("c.a", ScriptedRunner::bad("no"));
  const RunResult result = run(steps(again(step("c", std::move(choice)))));
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
}

TEST_F(LimitsTest, AChildRunIsTriedAgainAsANewRun) {
  subworkflows_["kid"] = testing::compiled(steps(tool("k")));
  runner_.answer("k", ScriptedRunner::bad("no"));
  SubworkflowStep child;
  child.workflow = "kid";
  const RunResult result = run(steps(again(step("u", std::move(child)))));
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_EQ(result.steps[0].attempts, 2);
  EXPECT_THAT(runner_.started, ElementsAre("k", "k"));
}

TEST_F(LimitsTest, WithoutFurtherAttemptsTheLastFailureIsTheSteps) {
  runner_.answer("g.a", ScriptedRunner::bad("one"));
  runner_.answer("g#2.a", ScriptedRunner::bad("two"));
  const RunResult result = run(steps(again(step("g", GroupStep{block(tool("a"))}))));
  EXPECT_EQ(result.status, RunState::kFailed);
  EXPECT_THAT(result.error, HasSubstr("step 'g#2.a' failed: two"));
}

TEST_F(LimitsTest, WhatIsDeniedInAGroupIsNotAskedAgain) {
  runner_.answer("g.a", fail(Code::kPermissionDenied, "no"));
  const RunResult result = run(steps(again(step("g", GroupStep{block(tool("a"))}))));
  EXPECT_EQ(result.status, RunState::kFailed);
  EXPECT_THAT(runner_.started, ElementsAre("g.a"));
}

TEST_F(LimitsTest, EveryAttemptOfAGroupIsCompensated) {
  StepDefinition book = tool("book");
  book.compensate = std::make_unique<StepDefinition>(tool("undo"));
  runner_.answer("g.pay", ScriptedRunner::bad("no"));
  runner_.answer("end", ScriptedRunner::bad("no"));
  const RunResult result =
      run(steps(again(step("g", GroupStep{block(std::move(book), tool("pay", {"book"}))})),
                tool("end", {"g"})));
  EXPECT_EQ(result.status, RunState::kFailed);
  EXPECT_THAT(runner_.started, Contains("g.book.compensate"));
  EXPECT_THAT(runner_.started, Contains("g#2.book.compensate"));
}

TEST_F(LimitsTest, RetryOnSaysWhichFailuresOfAChildAreWorthAnotherAttempt) {
  StepDefinition group = again(limited(step("g", GroupStep{block(hour("in"))})));
  group.retry.retry_on = {"timeout"};
  const RunResult result = run(steps(std::move(group)));
  EXPECT_EQ(result.steps[0].attempts, 2);
}

TEST_F(LimitsTest, ACallThatCouldNotBeNotedIsTriedAgainForAWhile) {
  StepResult refused;
  refused.ok = false;
  refused.error = "the audit log could not be written";
  refused.error_code = "unavailable";
  refused.not_begun = true;
  for (const int times : {3, 11}) {
    runner_.started.clear();
    StepDefinition once = tool("a");
    once.effect = Effect::kOnce;
    once.retry.initial = Millis(1);
    once.retry.max = Millis(1);
    for (int i = 0; i < times; ++i) {
      runner_.answer("a", refused);
    }
    const RunResult result = run(steps(std::move(once)));
    EXPECT_EQ(result.status, times < 11 ? RunState::kCompleted : RunState::kFailed) << times;
    EXPECT_EQ(runner_.started.size(), std::min<std::size_t>(times + 1, 11)) << times;
    EXPECT_EQ(result.error_code, times < 11 ? "" : "unavailable");
  }
}

TEST_F(LimitsTest, TheNamesOfErrorsThatAreRecommendedAreUnderstood) {
  StepDefinition late = again(tool("late"));
  late.retry.retry_on = {"timeout"};
  StepDefinition script = again(tool("script"));
  script.retry.retry_on = {"script"};
  StepDefinition other = again(tool("other"));
  other.retry.retry_on = {"timeout"};
  runner_.answer("late", fail(Code::kDeadlineExceeded, "late"));
  runner_.answer("script", ScriptedRunner::bad("exit 1"));
  runner_.answer("other", ScriptedRunner::bad("exit 1"));
  const RunResult result = run(steps(std::move(late), std::move(script), std::move(other)));
  EXPECT_EQ(result.steps[0].state, StepState::kCompleted);
  EXPECT_EQ(result.steps[1].state, StepState::kCompleted);
  EXPECT_EQ(result.steps[2].state, StepState::kFailed);
}

TEST_F(LimitsTest, UnderFailFastAStepThatDealsWithTheFailureRuns) {
  Definition made = definition(steps(tool("bad"), tool("next", {"bad"}), tool("handler", {"bad"}),
                                     tool("late", {"next"}), tool("after", {"handler"}),
                                     tool("apart", {"slow"}), tool("slow")));
  made.steps[0].on_failure = FailurePolicy::kFailFast;
  made.steps[2].condition = "failure()";
  made.steps[3].condition = "always()";
  made.steps[5].condition = "failure()";
  made.max_parallel = 1;
  runner_.answer("bad", ScriptedRunner::bad("no"));
  const RunResult result = run(std::move(made));
  EXPECT_EQ(result.status, RunState::kFailed);
  EXPECT_THAT(states(result),
              ElementsAre("bad:failed", "next:skipped", "handler:completed", "late:completed",
                          "after:skipped", "apart:skipped", "slow:skipped"));
}

}  // namespace
}  // namespace oap::workflow
