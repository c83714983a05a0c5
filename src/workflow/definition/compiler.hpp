#pragma once

#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "workflow/definition/blueprint.hpp"
#include "workflow/definition/expression.hpp"
#include "workflow/definition/outline.hpp"
#include "workflow/definition/problem_list.hpp"
#include "workflow/definition/tool_check.hpp"

namespace oap::workflow {

/// One run of the compiler: fills a Blueprint. Used once.
class BlueprintCompiler {
 public:
  BlueprintCompiler(Definition definition, std::string_view file, const ToolSchemas* tools,
                    std::vector<Problem>& problems);

  std::shared_ptr<const Blueprint> run();

 private:
  using Keys = std::initializer_list<std::string_view>;
  using Named = std::vector<std::pair<std::string, Expression>>;

  void workflow();
  void step(StepIndex index);
  void condition(StepIndex index);
  void body(StepIndex index, const ToolStep& tool);
  void body(StepIndex index, const AgentStep& agent);
  void body(StepIndex index, const ScriptStep& script);
  void body(StepIndex index, const SubworkflowStep& child);
  void body(StepIndex index, const ConditionStep& condition);
  void body(StepIndex index, const LoopStep& loop);
  void body(StepIndex index, const GroupStep& group);
  void body(StepIndex index, const ApprovalStep& approval);
  void body(StepIndex index, const WaitStep& wait);
  void items(StepIndex index);
  void list(StepIndex index, std::string_view what, const json::Value& value, Expression& into,
            Keys keys);
  void duration(StepIndex index, const std::string& text);
  void after(StepIndex index);

  // compile_secrets.cpp
  void secrets(StepIndex index);
  void secret_inputs(StepIndex index, const SubworkflowStep& child);
  void code_text(StepIndex index, const ToolStep& tool);
  void keep_out(StepIndex index, std::string_view what, const Expression& expression, Keys keys);
  void shared_variables();
  void repeated_export(StepIndex index);
  /// The author's id; of a compensation that of its step and ".compensate".
  std::string name_of(StepIndex index) const;
  void unused();
  void undeclared_exports(bool all_used, const std::set<std::string, std::less<>>& used);
  void never_run();

  ExpressionMaker at(Spot spot, std::optional<StepIndex> step) {
    return ExpressionMaker(*world_, spot, step);
  }
  /// The expression, or a literal null and a problem.
  Expression take(StepIndex index, std::string_view what, Result<Compiled> compiled, Keys keys);
  void complain(StepIndex index, std::string_view what, const Error& error, Keys keys);
  int line(StepIndex index, Keys keys) const;
  std::string title(StepIndex index) const;

  std::unique_ptr<Blueprint> made_;
  const Definition& definition_;
  ProblemList problems_;
  Outline outline_;
  std::unique_ptr<World> world_;
  std::vector<StepIndex> never_;  // whose conditions are always false
  ToolCheck tools_;
};

/// The compiler's error as a problem of the thing `what`: "with.path: message" and the picture.
/// Pure.
std::string placed(std::string_view what, const Error& error);

}  // namespace oap::workflow
