#include "orchestration/plan_runner.hpp"

#include <algorithm>

#include "base/ids.hpp"
#include "json/print.hpp"
#include "orchestration/plan.hpp"
#include "orchestration/report.hpp"

namespace oap::orchestration {

const Denial* PlanOutcome::first_denial() const {
  for (const auto& [id, step] : steps) {
    for (const CallRecord& record : step.calls) {
      if (record.outcome.denial && step.state != "completed") {
        return &*record.outcome.denial;
      }
    }
  }
  return nullptr;
}

PlanRunner::PlanRunner(const ExecutionPlan& plan, std::string task, TurnLoop& loop,
                       AgentProfile worker, TurnLoop::Scope scope, std::vector<ToolSpec> tools,
                       workflow::ToolInvoker& invoker, gateway::Catalog& catalog)
    : plan_(plan),
      ids_(workflow_ids(plan)),
      task_(std::move(task)),
      loop_(loop),
      worker_(std::move(worker)),
      scope_(std::move(scope)),
      tools_(std::move(tools)),
      invoker_(invoker),
      catalog_(catalog) {}

std::map<std::string, std::string> PlanRunner::outputs() const {
  std::map<std::string, std::string> list;
  for (const auto& [id, step] : outcome_.steps) {
    list[id] = step.output;
  }
  return list;
}

Task<Result<workflow::StepResult>> PlanRunner::run(workflow::StepRequest request) {
  const auto found = std::find(ids_.begin(), ids_.end(), request.step->id);
  if (found == ids_.end()) {
    co_return fail(Code::kInternal, "the plan has no step '{}'", request.step->id);
  }
  const PlanStep& step = plan_.steps[static_cast<std::size_t>(found - ids_.begin())];
  if (step.tool == kAgentTool) {
    co_return co_await run_agent(step, request.deadline);
  }
  co_return co_await run_tool(step, request.deadline, request.idempotency_key);
}

Task<Result<workflow::StepResult>> PlanRunner::run_tool(const PlanStep& step, Deadline deadline,
                                                        std::string idempotency_key) {
  workflow::StepResult result;
  auto arguments = resolve_arguments(step.arguments, outputs());
  if (!arguments) {
    result.error = arguments.error().message();
    outcome_.steps[step.id].error = result.error;
    co_return result;
  }
  OAP_CO_TRY(const gateway::Catalog::Name name, catalog_.parse_name(step.tool));
  ToolCall call;
  call.id = new_id("call_");
  call.principal = scope_.principal;
  call.session_id = scope_.session_id;
  call.task_id = scope_.task_id;
  call.server = name.server;
  call.tool = name.tool;
  call.arguments = *std::move(arguments);
  call.deadline = deadline.sooner(scope_.deadline);
  call.idempotency_key = std::move(idempotency_key);
  CallRecord record{call, {}};
  record.outcome = co_await invoker_.invoke(std::move(call));
  result.ok = record.outcome.ok();
  const std::string text = record.outcome.text_for_model();
  PlanOutcome::Step& entry = outcome_.steps[step.id];
  entry.output = record.outcome.result ? text : "";
  entry.error = result.ok ? "" : text;
  result.output = json::Value(text);
  result.error = entry.error;
  result.retryable = record.outcome.error && workflow::is_retryable(record.outcome.error->code());
  if (record.outcome.denial) {
    result.error_code = to_string(denial_error(*record.outcome.denial).code());
  }
  entry.calls.push_back(std::move(record));
  co_return result;
}

std::string PlanRunner::instructions_for(const PlanStep& step,
                                         const json::Object& arguments) const {
  std::string text = "The whole task, for context:\n" + task_ + "\n\nYour step (" + step.id +
                     "): " + step.description + "\n";
  if (!arguments.empty()) {
    text += "Arguments: " + json::print(json::Value(arguments)) + "\n";
  }
  for (const std::string& criterion : step.validation_criteria) {
    text += "It is done when: " + criterion + "\n";
  }
  for (const std::string& dependency : step.dependencies) {
    const auto found = outcome_.steps.find(dependency);
    if (found != outcome_.steps.end() && !found->second.output.empty()) {
      text += "\nOutput of step " + dependency + ":\n" + found->second.output + "\n";
    }
  }
  return text + "\nDo this step only.";
}

Task<Result<workflow::StepResult>> PlanRunner::run_agent(const PlanStep& step, Deadline deadline) {
  workflow::StepResult result;
  auto arguments = resolve_arguments(step.arguments, outputs());
  if (!arguments) {
    result.error = arguments.error().message();
    co_return result;
  }
  TurnLoop::Scope scope = scope_;
  scope.deadline = scope.deadline.sooner(deadline);
  UnstoredConversation unstored;
  std::vector<Message> history;
  history.push_back(Message::user(instructions_for(step, *arguments)));
  TurnResult so_far;
  auto turns =
      co_await loop_.run(worker_, std::move(scope), std::move(history), tools_, unstored, &so_far);
  outcome_.usage += turns ? turns->usage : so_far.usage;
  PlanOutcome::Step& entry = outcome_.steps[step.id];
  if (!turns) {
    entry.calls = std::move(so_far.calls);
    co_return fail(std::move(turns).error());
  }
  entry.output = turns->final_text;
  entry.calls = std::move(turns->calls);
  const bool ended_denied = !entry.calls.empty() && entry.calls.back().outcome.denial.has_value();
  result.ok = !ended_denied;
  result.output = json::Value(entry.output);
  if (ended_denied) {
    entry.error = entry.calls.back().outcome.text_for_model();
    result.error = entry.error;
  }
  co_return result;
}

}  // namespace oap::orchestration
