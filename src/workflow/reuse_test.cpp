// Results that are used again: by a fork, and for the same input another time.
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workflow/machine/machine.hpp"
#include "workflow/testing/engine_house.hpp"

namespace oap::workflow {
namespace {

using testing::definition;
using ::testing::ElementsAre;
using testing::EngineHouse;
using testing::parsed;
using testing::ScriptedRunner;
using ::testing::SizeIs;
using testing::steps;
using testing::tool;

Deadline soon() { return Deadline::after(Millis(20'000)); }

class ReuseTest : public EngineHouse {
 protected:
  Task<Result<RunResult>> forked(Engine& engine) {
    Definition made = definition(steps(tool("a"), tool("b", {"a"}), tool("c", {"b"})));
    made.outputs = {{"b", "${{ steps.b.outputs }}"}, {"n", "${{ vars.n }}"}};
    made.variables = {{"n", 1}};
    StartRequest start;
    start.blueprint = testing::compiled(std::move(made));
    OAP_CO_TRY(const std::string id, co_await engine.start(std::move(start)));
    OAP_CO_TRY(const RunResult first, co_await engine.wait(id, soon()));
    ForkRequest fork;
    fork.run_id = id;
    fork.from_step = "nothing";
    const auto wrong = co_await engine.fork(fork);
    EXPECT_EQ(wrong.error().code(), Code::kInvalidArgument);
    fork.from_step = "c";
    fork.outputs = {{"b", "edited"}};
    fork.variables = {{"n", 9}};
    OAP_CO_TRY(const std::string other, co_await engine.fork(fork));
    co_return co_await engine.wait(other, soon());
  }

  Task<Result<RunResult>> forked_again(Engine& engine, RunResult of, ForkRequest fork = {}) {
    fork.run_id = of.run_id;
    OAP_CO_TRY(const std::string other, co_await engine.fork(std::move(fork)));
    co_return co_await engine.wait(other, soon());
  }
};

TEST_F(ReuseTest, AForkKeepsWhatCameBeforeAndTakesEdits) {
  const RunResult result = drive([&](Engine& engine) { return forked(engine); });
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_THAT(runner_.started, ElementsAre("a", "b", "c", "c"));
  EXPECT_EQ(result.outputs.at("b"), "edited");
  EXPECT_EQ(result.outputs.at("n"), 9);
}

TEST_F(ReuseTest, AForkDoesAgainWhatWasUndone) {
  StepDefinition a = tool("a");
  a.compensate = std::make_unique<StepDefinition>(tool("undo"));
  auto blueprint = testing::compiled(steps(tool("zero"), std::move(a), tool("b", {"a"})));
  runner_.answer("b", ScriptedRunner::bad("no"));
  const RunResult first = run(blueprint);
  EXPECT_EQ(first.status, RunState::kFailed);
  const RunResult result = drive([&](Engine& engine) { return forked_again(engine, first); });
  EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_THAT(runner_.started, ElementsAre("zero", "a", "b", "a.compensate", "a", "b"));
}

TEST_F(ReuseTest, AForkForgetsWhatRedoneStepsHadSet) {
  const auto sets = [](std::string id, std::string variable, std::vector<std::string> needs) {
    StepDefinition made = tool(std::move(id), std::move(needs));
    made.exports[std::move(variable)] = "result";
    return made;
  };
  StepDefinition c = sets("c", "m", {"b"});
  c.condition = "vars.m == 'none'";
  Definition made = definition(
      steps(sets("a", "n", {}), sets("b", "big", {"a"}), std::move(c), sets("d", "p", {"b"})));
  made.variables = {{"n", "none"}, {"m", "none"}, {"big", "none"}, {"p", "none"}};
  made.outputs = {{"n", "${{ vars.n }}"},
                  {"m", "${{ vars.m }}"},
                  {"p", "${{ vars.p }}"},
                  {"big", "${{ size(vars.big) }}"}};
  runner_.reply = [](const StepRequest& request) {
    return ScriptedRunner::good(
        json::Value(request.path == "b" ? std::string(20'000, 'x') : request.path));
  };
  const RunResult first = run(std::move(made));
  ASSERT_EQ(first.status, RunState::kCompleted) << first.error;
  ForkRequest again;
  again.from_step = "c";
  again.variables = {{"p", "mine"}};
  const RunResult result =
      drive([&](Engine& engine) { return forked_again(engine, first, again); });
  EXPECT_EQ(result.outputs, parsed(R"({"n":"a","m":"c","p":"mine","big":20000})").get_object());
  const RunResult twice =
      drive([&](Engine& engine) { return forked_again(engine, result, {.from_step = "c"}); });
  EXPECT_EQ(twice.outputs, result.outputs);
}

TEST_F(ReuseTest, APureResultIsRememberedForTheSameInput) {
  StepDefinition a = tool("a");
  a.effect = Effect::kPure;
  a.memoize = true;
  auto blueprint = testing::compiled(steps(std::move(a)));
  run(blueprint);
  run(blueprint);
  EXPECT_THAT(runner_.started, SizeIs(1));
}

TEST_F(ReuseTest, WhatIsRememberedIsWhatTheToolGave) {
  const auto blueprint = [] {
    StepDefinition a = tool("a");
    a.effect = Effect::kPure;
    a.memoize = true;
    a.outputs["x"] = "result.x";
    a.exports["n"] = "result.x";
    Definition made = definition(steps(std::move(a)));
    made.variables = {{"n", 0}};
    made.outputs = {{"x", "${{ steps.a.outputs.x }}"}, {"n", "${{ vars.n }}"}};
    return testing::compiled(std::move(made));
  };
  runner_.reply = [](const StepRequest&) { return ScriptedRunner::good(json::Object{{"x", 7}}); };
  for (int i = 0; i < 2; ++i) {
    const RunResult result = run(blueprint());
    EXPECT_EQ(result.status, RunState::kCompleted) << result.error;
    EXPECT_EQ(result.outputs, parsed(R"({"x":7,"n":7})").get_object());
  }
  EXPECT_THAT(runner_.started, SizeIs(1));
}

TEST_F(ReuseTest, ASecretResultIsNotRemembered) {
  StepDefinition a = tool("a");
  a.effect = Effect::kPure;
  a.memoize = true;
  auto blueprint = testing::compiled(steps(std::move(a)));
  runner_.reply = [](const StepRequest&) {
    auto answer = ScriptedRunner::good("hunter2");
    answer->tainted = true;
    return answer;
  };
  run(blueprint);
  run(blueprint);
  EXPECT_THAT(runner_.started, SizeIs(2));
}

TEST_F(ReuseTest, AnAgentWithOtherToolsOrAnotherOutputIsAnotherCall) {
  StepDefinition step = testing::step("a", AgentStep{});
  auto& agent = std::get<AgentStep>(step.body);
  std::set<std::string> keys{memo_key(step, nullptr)};
  agent.tools = {"read"};
  keys.insert(memo_key(step, nullptr));
  agent.output_schema = parsed(R"({"type":"object"})");
  keys.insert(memo_key(step, nullptr));
  agent.max_turns = 3;
  keys.insert(memo_key(step, nullptr));
  StepDefinition script = testing::step("s", ScriptStep{});
  keys.insert(memo_key(script, nullptr));
  std::get<ScriptStep>(script.body).json_output = true;
  keys.insert(memo_key(script, nullptr));
  EXPECT_THAT(keys, SizeIs(6));
}

}  // namespace
}  // namespace oap::workflow
