// The defects of the seeds' workflow engine that concern definitions (numbers as in the list of
// them that the design keeps), each with what is right.
#include <map>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/parse.hpp"
#include "json/print.hpp"
#include "workflow/definition/blueprint.hpp"

namespace oap::workflow {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Variables with their values; nothing else.
class Variables final : public Scope {
 public:
  explicit Variables(json::Object values) : values_(std::move(values)) {}
  Result<expr::Value> value(const Name& name) const override {
    const json::Value* found = json::find(values_, name.text);
    if (name.kind != Name::Kind::kVariable || found == nullptr) {
      return fail(Code::kInvalidArgument, "variable '{}' has no value", name.text);
    }
    return expr::Value::borrowed_json(*found);
  }

 private:
  json::Object values_;
};

std::string problems_of(const std::string& text) {
  return to_text(check_workflow(text, "w.yaml", nullptr).problems);
}

/// A workflow of one step with this condition; its variables begin as null, so that their types are
/// not known.
std::shared_ptr<const Blueprint> guarded(const std::string& condition) {
  const std::string text = fmt::format(
      "id: w\nimplicit_variables: true\nvariables: {{a: , b: , s: , n: }}\nsteps:\n"
      "  - id: x\n    tool: t\n    condition: |-\n      {}\n",
      condition);
  Checked checked = check_workflow(text, "w.yaml", nullptr);
  EXPECT_NE(checked.blueprint, nullptr) << condition << "\n" << to_text(checked.problems);
  return checked.blueprint;
}

std::string decided(const std::string& condition, const json::Object& values) {
  const auto blueprint = guarded(condition);
  if (blueprint == nullptr) {
    return "refused";
  }
  const Result<bool> holds = blueprint->step(0).condition->holds(Variables(values));
  return holds ? (*holds ? "true" : "false") : "error";
}

TEST(SeedDefects, D6UnknownNeedsAndRepeatedIdsAreNoCycles) {
  const std::string text = problems_of(
      "id: w\nsteps:\n  - {id: a, tool: t, dependencies: [zz]}\n  - {id: a, tool: t}\n");
  EXPECT_THAT(text, HasSubstr("w.yaml:3: step 'a' needs 'zz', which is no step"));
  EXPECT_THAT(text, HasSubstr("w.yaml:4: step id 'a' is used twice"));
  EXPECT_THAT(text, Not(HasSubstr("need each other")));
}

TEST(SeedDefects, D7ConditionsAreDecidedNotGuessed) {
  EXPECT_EQ(decided("3 > 5", {}), "false");
  EXPECT_EQ(decided("3 >= 10", {}), "false");
  EXPECT_EQ(decided("!true", {}), "false");
  EXPECT_EQ(decided("${a}", {{"a", "0"}}), "error");
  EXPECT_EQ(decided("${a}", {{"a", "false "}}), "error");
  EXPECT_EQ(decided("${a} == 1", {}), "error");
  EXPECT_EQ(decided("${a} == ${b}", {{"a", "x == y"}, {"b", "x == y"}}), "true");
  EXPECT_EQ(decided("${a} == 'yes'", {{"a", "${b}"}, {"b", "yes"}}), "false");
  EXPECT_THAT(problems_of("id: w\nsteps: [{id: a, tool: t, condition: not true}]\n"),
              HasSubstr("if: found 'true' where an operator"));
  EXPECT_THAT(problems_of("id: w\nsteps: [{id: a, tool: t, condition: '${x} == 1'}]\n"),
              HasSubstr("unknown name 'x'"));
}

TEST(SeedDefects, D8AnErrorInAConditionIsAnError) {
  EXPECT_EQ(decided("1 / ${n} == 1", {{"n", 0}}), "error");
  EXPECT_EQ(decided("${a}.b == 1", {{"a", json::Object()}}), "error");
}

TEST(SeedDefects, D9SubstitutionKeepsTypesAndReadsOnce) {
  Checked checked = check_workflow(
      "id: w\nvariables: {n: 5, ok: true, m: {k: 1}, s: x}\nsteps:\n"
      "  - id: a\n    type: tool\n    name: A\n"
      "    config: {tool: t, arguments: {n: '${n}', ok: '${ok}', m: '${m}', s: 'a ${s} b'}}\n",
      "w.yaml", nullptr);
  ASSERT_NE(checked.blueprint, nullptr) << to_text(checked.problems);
  const auto rendered = checked.blueprint->step(0).input.render(Variables(
      {{"n", 5}, {"ok", true}, {"m", {{"k", 1}}}, {"s", "${n} ${secret} ${{ secrets.X }}"}}));
  ASSERT_TRUE(rendered) << rendered.error().to_string();
  EXPECT_EQ(json::print(rendered->data),
            R"({"n":5,"ok":true,"m":{"k":1},"s":"a ${n} ${secret} ${{ secrets.X }} b"})");
}

TEST(SeedDefects, D10EveryComparisonIsKnown) {
  EXPECT_EQ(decided("${a} != 'x == y'", {{"a", "x == y"}}), "false");
  EXPECT_EQ(decided("${a} != 'b'", {{"a", "a == b"}}), "true");
  EXPECT_EQ(decided("${n} <= 3 && ${n} >= 3", {{"n", 3}}), "true");
}

TEST(SeedDefects, D12ADefinitionIsNotARun) {
  const std::string text = "id: w\nvariables: {n: 1}\nsteps: [{id: a, tool: t, if: n == 1}]\n";
  const Checked first = check_workflow(text, "w.yaml", nullptr);
  ASSERT_NE(first.blueprint, nullptr);
  const std::string before = json::canonical(to_json(first.blueprint->definition()));
  EXPECT_FALSE(first.blueprint->step(0).condition->holds(Variables({{"n", 2}})).value());
  EXPECT_TRUE(first.blueprint->step(0).condition->holds(Variables({{"n", 1}})).value());
  EXPECT_EQ(json::canonical(to_json(first.blueprint->definition())), before);
  EXPECT_EQ(check_workflow(text, "other.yaml", nullptr).blueprint->hash(), first.blueprint->hash());
}

TEST(SeedDefects, D13And14OnlyDeclaredOutputsReachVariables) {
  const std::string older =
      "variables: {n: 1}\nsteps:\n"
      "  - {id: a, name: A, type: tool, config: {tool: t, arguments: {x: '${n}'}}}\n";
  const Checked implicit = check_workflow("id: w\n" + older, "w.yaml", nullptr);
  EXPECT_TRUE(implicit.blueprint->definition().implicit_variables);
  EXPECT_THAT(to_text(implicit.problems), HasSubstr("warning: a tool's result with a key"));
  const Checked off = check_workflow("id: w\nimplicit_variables: false\n" + older, "w", nullptr);
  EXPECT_FALSE(off.blueprint->definition().implicit_variables);
  EXPECT_TRUE(off.problems.empty());
  const Checked better = check_workflow(
      "id: w\nvariables: {n: 1}\nsteps: [{id: a, tool: t, with: {x: '${n}'}}]\n", "w", nullptr);
  EXPECT_FALSE(better.blueprint->definition().implicit_variables);
}

TEST(SeedDefects, D17TimeLimitsAreChecked) {
  for (const std::string wrong : {"timeout: 0", "timeout: -1", "timeouts: {total: 0}",
                                  "timeouts: {heartbeat: 0s}", "timeouts: {queue: 0ms}"}) {
    EXPECT_EQ(
        check_workflow("id: w\nsteps: [{id: a, tool: t, " + wrong + "}]\n", "w", nullptr).blueprint,
        nullptr)
        << wrong;
  }
}

TEST(SeedDefects, D22WhatIsMissingIsSaidWithItsLine) {
  EXPECT_THAT(problems_of("name: x\nsteps:\n  - name: y\n    type: tool\n    config: {}\n"),
              testing::AllOf(HasSubstr("w.yaml:1: the workflow has no id"),
                             HasSubstr("w.yaml:3: a step has no id"),
                             HasSubstr("a tool step names its tool")));
  EXPECT_THAT(problems_of("id: w\n# " + std::string(5U << 20U, 'x')), HasSubstr("bytes"));
}

}  // namespace
}  // namespace oap::workflow
