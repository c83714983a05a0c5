// What steps that run many times see: their own item, number, cell and round, also when they are
// undone later.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workflow/testing/engine_house.hpp"

namespace oap::workflow {
namespace {

using testing::block;
using ::testing::ElementsAre;
using testing::EngineHouse;
using testing::parsed;
using testing::ScriptedRunner;
using testing::step;
using testing::steps;
using testing::tool;

class IterationTest : public EngineHouse {
 protected:
  IterationTest() {
    runner_.on_start = [this](const StepRequest& request) {
      if (request.path.ends_with(".compensate")) {
        undone_.push_back(json::print(request.input));
      }
    };
  }

  static StepDefinition undone(std::string id, json::Object arguments) {
    StepDefinition made = tool(std::move(id));
    made.compensate = std::make_unique<StepDefinition>(tool("undo"));
    std::get<ToolStep>(made.compensate->body).arguments = std::move(arguments);
    return made;
  }

  /// Runs the step, then one that fails; what the compensations were given, in their order.
  std::vector<std::string> undo(StepDefinition first) {
    StepDefinition bad = tool("bad", {first.id});
    runner_.answer("bad", ScriptedRunner::bad("no"));
    const RunResult result = run(steps(std::move(first), std::move(bad)));
    EXPECT_EQ(result.status, RunState::kFailed);
    return undone_;
  }

  std::vector<std::string> undone_;
};

TEST_F(IterationTest, ALoopOverItemsIsUndoneItemByItem) {
  LoopStep loop;
  loop.items = parsed(R"(["a","b","c"])");
  loop.body = block(undone("x", {{"item", "${{ item }}"},
                                 {"index", "${{ index }}"},
                                 {"round", "${{ loop.index }}"},
                                 {"last", "${{ loop.last == null ? 'none' : loop.last.x }}"}}));
  EXPECT_THAT(undo(step("l", std::move(loop))),
              ElementsAre(R"({"item":"c","index":2,"round":2,"last":"l[1].x"})",
                          R"({"item":"b","index":1,"round":1,"last":"l[0].x"})",
                          R"({"item":"a","index":0,"round":0,"last":"none"})"));
}

TEST_F(IterationTest, AGroupInALoopIsUndoneRoundByRound) {
  GroupStep group;
  group.body = block(undone("x", {{"round", "${{ loop.index }}"}}));
  LoopStep loop;
  loop.until_condition = "loop.index == 1";
  loop.max_iterations = 3;
  loop.body = block(step("g", std::move(group)));
  EXPECT_THAT(undo(step("l", std::move(loop))), ElementsAre(R"({"round":1})", R"({"round":0})"));
}

TEST_F(IterationTest, AForeachIsUndoneItemByItem) {
  GroupStep group;
  group.body = block(undone("x", {{"item", "${{ item }}"}, {"index", "${{ index }}"}}));
  StepDefinition each = step("e", std::move(group));
  each.foreach = Foreach{.items = parsed(R"(["a","b"])"), .max_parallel = 1};
  EXPECT_THAT(undo(std::move(each)),
              ElementsAre(R"({"item":"b","index":1})", R"({"item":"a","index":0})"));
}

TEST_F(IterationTest, IncludeAddsToTheCellsThatItFits) {
  StepDefinition cell = tool("cell");
  std::get<ToolStep>(cell.body).arguments = {{"cell", "${{ matrix }}"}};
  Matrix matrix;
  matrix.axes["os"] = parsed(R"(["a","b"])");
  matrix.axes["v"] = parsed("[1,2]");
  matrix.exclude.push_back({{"os", "b"}, {"v", 2}});
  matrix.include = {{{"color", "red"}},
                    {{"os", "a"}, {"color", "blue"}},
                    {{"os", "a"}, {"v", 2}, {"extra", true}},
                    {{"os", "c"}},
                    {{"os", "c"}, {"v", 3}}};
  cell.matrix = std::move(matrix);
  runner_.reply = [](const StepRequest& request) {
    return ScriptedRunner::good(request.input.at("cell"));
  };
  const RunResult result = run(steps(std::move(cell)));
  EXPECT_EQ(result.steps[0].output, parsed(R"([
    {"os":"a","v":1,"color":"blue"},
    {"os":"a","v":2,"color":"blue","extra":true},
    {"os":"b","v":1,"color":"red"},
    {"os":"c"},
    {"os":"c","v":3}])"));
}

TEST_F(IterationTest, NumbersAreOfTheTypeThatWasChecked) {
  const Checked checked = check_workflow(
      "id: w\nvariables: {v: 1.5, n: 1}\nsteps:\n"
      "  - {id: a, tool: t, export: {v: '2', n: '4.0'}, output_schema: {type: object,\n"
      "     properties: {p: {type: number}, q: {type: array, items: {type: integer}}}}}\n"
      "  - {id: b, needs: [a], type: condition, test: 'steps.a.outputs.p / 2.0 == 2.5 &&\n"
      "     steps.a.outputs.q[0] + 1 == 4 && vars.v / 4.0 == 0.5 && vars.n + 1 == 5'}\n",
      "w.yaml", nullptr);
  ASSERT_TRUE(checked.blueprint) << to_text(checked.problems);
  runner_.reply = [](const StepRequest&) {
    return ScriptedRunner::good(parsed(R"({"p":5,"q":[3.0]})"));
  };
  const RunResult result = run(checked.blueprint);
  ASSERT_EQ(result.status, RunState::kCompleted) << result.error;
  EXPECT_EQ(result.steps[1].output, parsed(R"({"result":true})"));
}

TEST_F(IterationTest, AllMayFailWhereAHundredPercentMay) {
  const Checked checked = check_workflow(
      "id: w\nsteps:\n  - {id: e, tool: t, foreach: {items: [1, 2, 3], tolerate: 100%}}\n",
      "w.yaml", nullptr);
  ASSERT_TRUE(checked.blueprint) << to_text(checked.problems);
  for (int i = 0; i < 3; ++i) {
    runner_.answer("e[" + std::to_string(i) + "]", ScriptedRunner::bad("no"));
  }
  EXPECT_EQ(run(checked.blueprint).status, RunState::kCompleted);
}

}  // namespace
}  // namespace oap::workflow
