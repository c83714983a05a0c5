#include "workflow/definition/blueprint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/parse.hpp"
#include "json/print.hpp"

namespace oap::workflow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

json::Value read(std::string_view text) { return *json::parse(text); }

StepDefinition tool(std::string id, std::vector<std::string> needs = {},
                    std::string_view arguments = "{}") {
  StepDefinition made;
  made.id = std::move(id);
  made.needs = std::move(needs);
  made.body = ToolStep{"sandbox", "read_file", *json::parse_object(arguments)};
  return made;
}

template <class... Each>
Steps list(Each... each) {
  Steps out;
  (out.push_back(std::move(each)), ...);
  return out;
}

Definition workflow(Steps steps) {
  Definition made;
  made.id = "w";
  made.steps = std::move(steps);
  return made;
}

std::shared_ptr<const Blueprint> compiled(Definition definition) {
  std::vector<Problem> problems;
  auto made = Blueprint::compile(std::move(definition), "", nullptr, problems);
  EXPECT_NE(made, nullptr) << to_text(problems);
  return made;
}

std::string refused(Definition definition) {
  std::vector<Problem> problems;
  EXPECT_EQ(Blueprint::compile(std::move(definition), "w.yaml", nullptr, problems), nullptr);
  return to_text(problems);
}

/// Names as "kind:step:text" with their values.
class FakeScope final : public Scope {
 public:
  explicit FakeScope(std::map<Name::Kind, std::string> values) : values_(std::move(values)) {}

  Result<expr::Value> value(const Name& name) const override {
    asked.push_back(name);
    const auto found = values_.find(name.kind);
    if (found == values_.end()) {
      return fail(Code::kNotFound, "nothing here");
    }
    expr::Value value = expr::Value::json(read(found->second));
    return name.kind == Name::Kind::kSecret ? std::move(value).secret() : value;
  }

  mutable std::vector<Name> asked;

 private:
  std::map<Name::Kind, std::string> values_;
};

TEST(BlueprintTest, StepsOfTheFirstBlockComeFirstInTheAuthorsOrder) {
  StepDefinition loop;
  loop.id = "again";
  loop.body = LoopStep{"", "", read("[1,2]"), 0,
                       std::make_unique<Steps>(list(tool("body"), tool("more", {"body"})))};
  StepDefinition branch;
  branch.id = "branch";
  branch.needs = {"again"};
  branch.body = ConditionStep{"true", std::make_unique<Steps>(list(tool("yes"))),
                              std::make_unique<Steps>(list(tool("no")))};
  StepDefinition saved = tool("saved");
  saved.compensate = std::make_unique<StepDefinition>(tool("undo"));
  Definition definition = workflow(list(std::move(loop), std::move(saved), std::move(branch)));
  definition.finally = list(tool("clean"));
  const auto made = compiled(std::move(definition));
  ASSERT_NE(made, nullptr);
  EXPECT_THAT(made->block(0).steps, ElementsAre(0, 1, 2));
  EXPECT_EQ(made->path(*made->find("again.more")), "again.more");
  EXPECT_EQ(made->path(*made->find("branch.no")), "branch.no");
  EXPECT_EQ(made->step(*made->find("again.more")).needs.size(), 1U);
  EXPECT_EQ(made->find("finally.clean"), made->block(*made->finally_block()).steps.front());
  EXPECT_EQ(made->path(*made->find("finally.clean")), "finally.clean");
  EXPECT_EQ(made->find("clean"), std::nullopt);
  EXPECT_EQ(made->path(*made->find("saved.compensate")), "saved.compensate");
  EXPECT_EQ(made->step(*made->find("saved.compensate")).compensates, made->find("saved"));
  EXPECT_EQ(made->step(*made->find("saved.compensate")).block, kNoBlock);
  EXPECT_EQ(made->find("again.nothing"), std::nullopt);
  EXPECT_EQ(made->find(""), std::nullopt);
  EXPECT_TRUE(made->block(*made->finally_block()).is_finally);
  EXPECT_EQ(made->block(*made->step(0).body).owner, 0U);
}

TEST(BlueprintTest, AnExpressionAsksOnlyForWhatItUses) {
  StepDefinition second =
      tool("b", {"a"}, R"({"path":"${{ steps.a.outputs.p }}/x","n":"${{ inputs.n + 1 }}","t":5})");
  second.condition = "steps.a.outputs.ok && always()";
  Definition definition = workflow(list(tool("a"), std::move(second)));
  definition.inputs["n"] = {{"type", "integer"}};
  const auto made = compiled(std::move(definition));
  ASSERT_NE(made, nullptr);
  const BlueprintStep& step = made->step(1);
  const FakeScope scope({{Name::Kind::kStep, R"({"outputs":{"p":"dir","ok":true}})"},
                         {Name::Kind::kInputs, R"({"n":4})"}});
  const auto rendered = step.input.render(scope);
  ASSERT_TRUE(rendered) << rendered.error().message();
  EXPECT_EQ(json::print(rendered->data), R"({"path":"dir/x","n":5,"t":5})");
  EXPECT_FALSE(rendered->tainted);
  EXPECT_EQ(scope.asked.size(), 2U);
  EXPECT_TRUE(step.decides_itself);
  EXPECT_TRUE(step.condition->holds(scope).value());
  EXPECT_THAT(step.condition->names(), ElementsAre(Name{Name::Kind::kStep, 0, "a"}));
  EXPECT_TRUE(made->step(0).input.is_literal());
  EXPECT_FALSE(made->step(0).condition.has_value());
}

TEST(BlueprintTest, AnErrorOfTheScopeCountsOnlyWhereTheValueIsNeeded) {
  StepDefinition step = tool("b", {"a"});
  step.condition = "success() || steps.a.outputs.ok";
  const auto made = compiled(workflow(list(tool("a"), std::move(step))));
  ASSERT_NE(made, nullptr);
  EXPECT_TRUE(made->step(1).condition->holds(FakeScope({{Name::Kind::kSuccess, "true"}})).value());
  const auto failed = made->step(1).condition->holds(FakeScope({{Name::Kind::kSuccess, "false"}}));
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message(), HasSubstr("nothing here"));
}

TEST(BlueprintTest, WhatASecretWentIntoIsTainted) {
  Definition definition =
      workflow(list(tool("a", {}, R"({"path":"x","header":"Bearer ${{ secrets.TOKEN }}"})")));
  definition.secrets = {"TOKEN"};
  const auto made = compiled(std::move(definition));
  ASSERT_NE(made, nullptr);
  const auto rendered =
      made->step(0).input.render(FakeScope({{Name::Kind::kSecret, R"("s3cret")"}}));
  ASSERT_TRUE(rendered);
  EXPECT_TRUE(rendered->tainted);
  EXPECT_EQ(json::get_string(rendered->data, "header"), "Bearer s3cret");
}

TEST(BlueprintTest, DataIsNeverReadAgainAsATemplate) {
  Definition definition = workflow(list(tool("a", {}, R"({"path":"${a}"})")));
  definition.variables["a"] = "x";
  const auto made = compiled(std::move(definition));
  ASSERT_NE(made, nullptr);
  const auto rendered = made->step(0).input.render(
      FakeScope({{Name::Kind::kVariable, R"("${b} ${{ secrets.TOKEN }}")"}}));
  EXPECT_EQ(json::get_string(rendered->data, "path"), "${b} ${{ secrets.TOKEN }}");
}

TEST(BlueprintTest, AStepNamesOnlyStepsBeforeIt) {
  const std::string_view uses_a = R"({"path":"${{ steps.a.outputs }}"})";
  EXPECT_THAT(refused(workflow(list(tool("a"), tool("b", {}, uses_a)))),
              HasSubstr("add 'a' to the needs of 'b'"));
  EXPECT_NE(compiled(workflow(list(tool("a"), tool("b", {"a"}), tool("c", {"b"}, uses_a)))),
            nullptr);
  EXPECT_THAT(refused(workflow(list(tool("aa"), tool("b", {}, uses_a)))),
              HasSubstr("there is no step 'a'"));
}

TEST(BlueprintTest, IdsWithDashesAreNamesToo) {
  for (const std::string_view form :
       {"${{ steps.build-it.outputs.x }}", "${{ steps['build-it'].outputs.x }}",
        "${{ steps[\"build-it\"].outputs.x }}", "a ${{ steps.build-it.outputs.x + '-' }} b"}) {
    const json::Object arguments{{"path", form}};
    const auto made =
        compiled(workflow(list(tool("build-it"), tool("b", {"build-it"}, json::print(arguments)))));
    ASSERT_NE(made, nullptr) << form;
    EXPECT_THAT(made->step(1).input.names(), ElementsAre(Name{Name::Kind::kStep, 0, "build-it"}));
  }
}

TEST(BlueprintTest, ItemsAreSeenInsideTheirStepAndItsBlock) {
  StepDefinition group;
  group.id = "each";
  group.foreach = Foreach{read(R"(["x"])"), "file", 0, 0};
  group.body = GroupStep{std::make_unique<Steps>(
      list(tool("one", {}, R"({"path":"${{ file + string(index) + string(file_index) }}"})")))};
  const auto made = compiled(workflow(list(std::move(group))));
  ASSERT_NE(made, nullptr);
  EXPECT_THAT(made->step(1).input.names(),
              ElementsAre(Name{Name::Kind::kItem, 0, "file"}, Name{Name::Kind::kIndex, 0, "file"}));
}

TEST(BlueprintTest, CyclesArePrintedAsPaths) {
  const std::string text = refused(workflow(list(tool("x"), tool("a", {"x", "b"}), tool("b", {"c"}),
                                                 tool("c", {"a"}), tool("d", {"c"}))));
  EXPECT_THAT(text, HasSubstr("a → b → c → a"));
  EXPECT_THAT(refused(workflow(list(tool("a", {"a"})))), HasSubstr("a → a"));
}

TEST(BlueprintTest, InputsAreAccepted) {
  Definition definition = workflow(list(tool("a")));
  definition.inputs["count"] = {{"type", "integer"}};
  definition.inputs["ratio"] = {{"type", "number"}, {"default", 2}};
  definition.inputs["note"] = {{"type", "string"}, {"required", false}};
  EXPECT_EQ(json::print(*accept_inputs(definition, {{"count", 3}})), R"({"count":3,"ratio":2.0})");
  EXPECT_EQ(json::print(*accept_inputs(definition, {{"count", 2.0}, {"ratio", 3}})),
            R"({"count":2,"ratio":3.0})");
  const auto wrong = accept_inputs(definition, {{"cuont", 3}, {"note", 4}});
  EXPECT_THAT(wrong.error().message(), HasSubstr("the input 'count' is missing"));
  EXPECT_THAT(wrong.error().message(), HasSubstr("did you mean 'count'"));
  EXPECT_THAT(wrong.error().message(), HasSubstr("the input 'note'"));
}

TEST(BlueprintTest, TheHashIsThatOfTheCanonicalForm) {
  Definition a = workflow(list(tool("a", {}, R"({"x":1,"y":2})")));
  Definition b = workflow(list(tool("a", {}, R"({"y":2,"x":1})")));
  b.steps.front().place.line = 7;
  EXPECT_EQ(content_hash(a), content_hash(b));
  b.max_parallel = 3;
  EXPECT_NE(content_hash(a), content_hash(b));
}

TEST(BlueprintTest, ALongChainThatNamesItsBeginningCompiles) {
  constexpr int kCount = 3'000;
  Steps steps;
  for (int i = 0; i < kCount; ++i) {
    steps.push_back(tool(
        fmt::format("s{}", i),
        i == 0 ? std::vector<std::string>{} : std::vector<std::string>{fmt::format("s{}", i - 1)},
        i == 0 ? "{}" : R"({"path":"${{ steps.s0.outputs.p }}"})"));
  }
  EXPECT_NE(compiled(workflow(std::move(steps))), nullptr);
}

}  // namespace
}  // namespace oap::workflow
