#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/task.hpp"
#include "orchestration/turn_loop.hpp"
#include "workflow/step_runner.hpp"

namespace oap::orchestration {

/// What a plan's execution left behind: the runtime's own evidence, by step id.
struct PlanOutcome {
  struct Step {
    std::string state;  ///< completed, failed, skipped, …
    std::string output;
    std::string error;
    std::vector<CallRecord> calls;
  };
  std::map<std::string, Step> steps;
  Usage usage;
  /// The denial that ended a step, where one did.
  const Denial* first_denial() const;
};

/// Runs the steps of one plan for the executor: a tool step is one call, an agent step a Worker's
/// own turns. Used from one executor by steps that run side by side; lives for one run.
class PlanRunner final : public workflow::StepRunner {
 public:
  PlanRunner(const ExecutionPlan& plan, std::string task, TurnLoop& loop, AgentProfile worker,
             TurnLoop::Scope scope, std::vector<ToolSpec> tools, workflow::ToolInvoker& invoker,
             gateway::Catalog& catalog);

  Task<Result<workflow::StepResult>> run(workflow::StepRequest request) override;
  PlanOutcome& outcome() { return outcome_; }

 private:
  Task<Result<workflow::StepResult>> run_tool(const PlanStep& step, Deadline deadline,
                                              std::string idempotency_key);
  Task<Result<workflow::StepResult>> run_agent(const PlanStep& step, Deadline deadline);
  std::string instructions_for(const PlanStep& step, const json::Object& arguments) const;
  std::map<std::string, std::string> outputs() const;

  const ExecutionPlan& plan_;
  std::vector<std::string> ids_;  // of the plan's steps as steps of a workflow
  std::string task_;
  TurnLoop& loop_;
  AgentProfile worker_;
  TurnLoop::Scope scope_;
  std::vector<ToolSpec> tools_;
  workflow::ToolInvoker& invoker_;
  gateway::Catalog& catalog_;
  PlanOutcome outcome_;
};

}  // namespace oap::orchestration
