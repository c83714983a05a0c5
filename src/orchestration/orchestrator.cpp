#include "orchestration/orchestrator.hpp"

#include <algorithm>

#include <boost/asio/this_coro.hpp>

#include "base/ids.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "orchestration/embedded.hpp"
#include "orchestration/mission/mission_tools.hpp"
#include "orchestration/orchestrator_run.hpp"
#include "orchestration/plan.hpp"
#include "orchestration/structured.hpp"
#include "workflow/engine.hpp"

namespace oap::orchestration {

namespace {

constexpr std::size_t kContentBytes = 64'000;

json::Array tool_list(const std::vector<ToolSpec>& tools) {
  json::Array list;
  for (const ToolSpec& tool : tools) {
    list.push_back(json::Object{{"name", tool.public_name()},
                                {"description", tool.description},
                                {"input_schema", tool.input_schema}});
  }
  return list;
}

/// Which call ended the run. Without a model the provider says that an order failed, and the first
/// failed call says why; with one, a denial that was the last thing to happen did.
const CallRecord* stopper_of(const TurnResult& turns, bool has_model) {
  const std::vector<CallRecord>& calls = turns.calls;
  if (has_model) {
    return !calls.empty() && calls.back().outcome.denial ? &calls.back() : nullptr;
  }
  if (turns.stop != llm::StopReason::kRefusal) {
    return nullptr;
  }
  const auto failed = std::find_if(calls.rbegin(), calls.rend(),
                                   [](const CallRecord& record) { return !record.outcome.ok(); });
  return failed == calls.rend() ? nullptr : &*failed;
}

Error error_of(const CallRecord& record) {
  const ToolOutcome& outcome = record.outcome;
  if (outcome.denial) {
    return denial_error(*outcome.denial);
  }
  if (outcome.error) {
    return *outcome.error;
  }
  return Error(Code::kInvalidArgument,
               record.call.public_name() + " failed: " + outcome.text_for_model());
}

void settle_turns(TaskReport& report, const TurnResult& turns, bool has_model) {
  for (const CallRecord& record : turns.calls) {
    if (record.outcome.denial) {
      report.denials.push_back(*record.outcome.denial);
    }
    report.results[record.call.id] = evidence_of(record);
  }
  report.content = turns.final_text;
  report.usage = turns.usage;
  const CallRecord* stopper = stopper_of(turns, has_model);
  const bool failed = stopper != nullptr || (!has_model && turns.stop == llm::StopReason::kRefusal);
  report.status = failed ? TaskStatus::kFailed : TaskStatus::kCompleted;
  if (failed) {
    report.error = stopper != nullptr ? error_of(*stopper)
                                      : Error(Code::kFailedPrecondition, turns.final_text);
  }
}

json::Object evidence_of_plan(const ExecutionPlan& plan, const PlanOutcome& outcome) {
  json::Array steps;
  for (const PlanStep& step : plan.steps) {
    json::Object item{{"id", step.id}, {"description", step.description}, {"tool", step.tool}};
    const auto found = outcome.steps.find(step.id);
    const bool ran = found != outcome.steps.end();
    item["status"] = ran ? found->second.state : std::string("skipped");
    item["is_error"] = !ran || found->second.state != "completed";
    if (ran && !found->second.error.empty()) {
      item["error"] = found->second.error;
    }
    json::Array calls;
    if (ran) {
      for (const CallRecord& record : found->second.calls) {
        calls.push_back(evidence_of(record));
      }
    }
    item["calls"] = std::move(calls);
    steps.push_back(std::move(item));
  }
  return json::Object{{"steps", std::move(steps)}};
}

Review review_from_json(const json::Object& object, const ExecutionPlan& plan,
                        const PlanOutcome& outcome, double threshold) {
  const json::Value value(object);
  Review review;
  review.quality_score = json::get_double(value, "quality_score");
  if (const json::Array* items = json::find_array(value, "recommendations")) {
    for (const json::Value& item : *items) {
      if (item.is_string()) {
        review.recommendations.emplace_back(json::view(item.get_string()));
      }
    }
  }
  bool all = true;
  for (const PlanStep& step : plan.steps) {
    StepReview step_review{step.id, true, "not judged"};
    if (const json::Array* items = json::find_array(value, "step_reviews")) {
      for (const json::Value& item : *items) {
        if (json::get_string(item, "step_id") == step.id) {
          step_review.success = json::get_bool(item, "success");
          step_review.comment = json::get_string(item, "comment");
        }
      }
    }
    const auto found = outcome.steps.find(step.id);
    const std::string state = found == outcome.steps.end() ? "skipped" : found->second.state;
    if (state != "completed" && step_review.success) {
      step_review.success = false;
      step_review.comment = "the runtime recorded this step as " + state;
    }
    all = all && step_review.success;
    review.step_reviews.push_back(std::move(step_review));
  }
  if (review.quality_score < threshold) {
    review.recommendations.emplace_back("Quality threshold not met");
  }
  review.overall_success = all && review.quality_score >= threshold;
  return review;
}

std::string content_of(const ExecutionPlan& plan, const PlanOutcome& outcome) {
  std::string content;
  for (const PlanStep& step : plan.steps) {
    const auto found = outcome.steps.find(step.id);
    if (found == outcome.steps.end()) {
      continue;
    }
    content += fmt::format("{}## {} ({})\n", content.empty() ? "" : "\n\n", step.description,
                           found->second.state);
    content += found->second.output.empty() ? found->second.error : found->second.output;
    if (content.size() > kContentBytes) {
      content.resize(kContentBytes);
      while (!content.empty() && (static_cast<unsigned char>(content.back()) & 0x80U) != 0) {
        content.pop_back();
      }
      return content + "\n[cut; all of it is in results]";
    }
  }
  return content;
}

}  // namespace

Orchestrator::Orchestrator(Parts parts, OrchestratorOptions options)
    : parts_(std::move(parts)), options_(std::move(options)) {}

void Orchestrator::set_status(Run& run, TaskStatus status) {
  run.report.status = status;
  tell(parts_.events.on_status, status);
}

Task<TaskReport> Orchestrator::process_task(TaskRequest request) {
  const SteadyTime started = parts_.clock.steady();
  Run run{std::move(request),
          {},
          TurnLoop({parts_.invoker, parts_.catalog, parts_.hooks, parts_.events, parts_.context,
                    parts_.scopes}),
          {}};
  run.report.task_id = run.request.task_id;
  run.report.session_id = run.request.session_id;
  run.report.task = run.request.prompt;
  run.scope = {run.request.session_id, run.request.task_id, run.request.principal,
               run.request.workspace, Deadline::after(options_.agent_timeout)};
  hooks::Context context{run.request.session_id, run.request.task_id, run.request.workspace,
                         run.request.principal};
  hooks::ChatOutcome chat =
      co_await parts_.hooks.chat_message(std::move(context), run.request.prompt);
  for (std::string& text : chat.context) {
    run.request.context.push_back(std::move(text));
  }
  if (chat.refused) {
    run.report.error = Error(Code::kPermissionDenied, "the message was refused: " + chat.text);
    set_status(run, TaskStatus::kFailed);
  } else if (chat.intercepted) {
    run.report.content = std::move(chat.text);
    set_status(run, TaskStatus::kCompleted);
  } else {
    run.request.prompt = std::move(chat.text);
    const bool goes_on = co_await command(run);
    if (goes_on) {
      co_await work(run);
    }
  }
  run.report.duration = std::chrono::duration_cast<Millis>(parts_.clock.steady() - started);
  co_return std::move(run.report);
}

Task<void> Orchestrator::work(Run& run) {
  if (parts_.missions != nullptr && parts_.missions->wished(run.request.session_id)) {
    set_status(run, TaskStatus::kExecuting);
    co_await parts_.missions->carry_out(run.request, parts_.events, run.report);
    set_status(run, run.report.status);
    co_return;
  }
  const router::RouteDecision route = router::route(run.request.prompt, options_.routing);
  run.report.path = run.request.path.value_or(route.path);
  const Deadline listed = Deadline::after(Millis(10'000));
  tools_ = tools_for_role(co_await parts_.catalog.all(listed), "worker", false);
  for (const auto& [server, why] : parts_.catalog.unavailable()) {
    tell(parts_.events.on_notice, "MCP server " + server + " is left out: " + why);
  }
  if (run.report.path == ExecutionPath::kFast) {
    co_await fast_path(run);
  } else {
    co_await agent_path(run);
  }
}

Task<void> Orchestrator::fast_path(Run& run) {
  set_status(run, TaskStatus::kExecuting);
  std::vector<Message> history = run.request.history;
  std::vector<std::string> texts = run.request.context;
  texts.push_back(run.request.prompt);
  for (std::string& text : texts) {
    history.push_back(Message::user(std::move(text)));
    const Result<void> stored =
        co_await parts_.conversation.append(history.back(), store::Durability::kSync);
    if (!stored) {
      run.report.error = stored.error();
      set_status(run, TaskStatus::kFailed);
      co_return;
    }
  }
  run.scope.principal.role = parts_.agents.worker.name;
  auto result = co_await run.loop.run(parts_.agents.worker, run.scope, std::move(history), tools_,
                                      parts_.conversation);
  if (!result) {
    run.report.error = std::move(result).error();
    set_status(run, TaskStatus::kFailed);
    co_return;
  }
  settle_turns(run.report, *result, parts_.agents.worker.provider->is_model());
  tell(parts_.events.on_status, run.report.status);
}

StructuredQuestion Orchestrator::question(const Run& run, const AgentProfile& agent,
                                          std::string tool, std::string schema,
                                          json::Object prompt) const {
  StructuredQuestion question;
  question.agent = agent;
  question.tool = std::move(tool);
  question.description = "Submit your answer. Call this exactly once.";
  if (auto parsed = json::parse(embedded(schema))) {
    question.schema = *std::move(parsed);
  }
  question.prompt = json::print_pretty(json::Value(std::move(prompt)));
  question.deadline = run.scope.deadline;
  return question;
}

Task<Result<json::Object>> Orchestrator::require(Run& run) {
  json::Object prompt{{"task", run.request.prompt}, {"workspace", run.request.workspace}};
  json::Array context;
  for (const std::string& text : run.request.context) {
    context.emplace_back(text);
  }
  if (!context.empty()) {
    prompt["context"] = std::move(context);
  }
  auto asked = question(run, parts_.agents.commander, "submit_requirements", "requirements.json",
                        std::move(prompt));
  co_return co_await ask_structured(std::move(asked), parts_.events, run.report.usage);
}

Task<Result<ExecutionPlan>> Orchestrator::plan(Run& run, const json::Object& requirements,
                                               const json::Object& previous) {
  json::Object prompt{
      {"task", run.request.prompt}, {"requirements", requirements}, {"tools", tool_list(tools_)}};
  if (!previous.empty()) {
    prompt["previous_attempt"] = previous;
  }
  auto asked = question(run, parts_.agents.planner, "submit_plan", "plan.json", std::move(prompt));
  asked.check = [this, &run](const json::Object& object) {
    return plan_problems(plan_from_json(object, run.request.task_id), parts_.catalog);
  };
  auto answer = co_await ask_structured(std::move(asked), parts_.events, run.report.usage);
  if (!answer) {
    co_return fail(std::move(answer).error());
  }
  co_return plan_from_json(*answer, run.request.task_id);
}

Task<Result<PlanOutcome>> Orchestrator::execute(Run& run, const ExecutionPlan& plan) {
  const PlanLimits limits{options_.agent_timeout, options_.retry_attempts, options_.max_parallel};
  OAP_CO_TRY(std::shared_ptr<const workflow::Blueprint> blueprint, compile(plan, limits));
  const std::vector<std::string> ids = workflow_ids(plan);
  TurnLoop::Scope scope = run.scope;
  scope.principal.role = "worker";
  PlanRunner runner(plan, run.request.prompt, run.loop, parts_.agents.worker, scope, tools_,
                    parts_.invoker, parts_.catalog);
  workflow::Observer observer;
  observer.on_step = [this, &plan, &ids](const workflow::StepReport& report) {
    const auto found = std::find(ids.begin(), ids.end(), report.path);
    if (found != ids.end()) {
      tell(parts_.events.on_step, plan.steps[static_cast<std::size_t>(found - ids.begin())],
           workflow::to_string(report.state));
    }
  };
  workflow::StartRequest request;
  request.blueprint = std::move(blueprint);
  request.task_id = run.request.task_id;
  request.session_id = run.request.session_id;
  request.user = run.request.principal.user_id;
  if (!run.scope.deadline.is_never()) {
    request.timeout = std::max(Millis(1), run.scope.deadline.left());
  }
  const oap::Executor loop = co_await boost::asio::this_coro::executor;
  workflow::Engine engine(loop, parts_.runs, runner, parts_.clock, {});
  auto result = co_await engine.run(std::move(request), std::move(observer));
  constexpr Millis kClosing{5'000};
  const Deadline soon = Deadline::after(kClosing);
  co_await engine.close(soon);
  if (!result) {
    co_return fail(std::move(result).error());
  }
  PlanOutcome outcome = std::move(runner.outcome());
  for (std::size_t i = 0; i < result->steps.size() && i < plan.steps.size(); ++i) {
    const workflow::StepReport& step = result->steps[i];
    PlanOutcome::Step& entry = outcome.steps[plan.steps[i].id];
    entry.state = workflow::to_string(step.state);
    if (entry.error.empty()) {
      entry.error = step.error;
    }
  }
  run.report.usage += outcome.usage;
  co_return outcome;
}

Task<Result<Review>> Orchestrator::review(Run& run, const ExecutionPlan& plan,
                                          const PlanOutcome& outcome) {
  json::Array criteria;
  for (const std::string& criterion : plan.success_criteria) {
    criteria.emplace_back(criterion);
  }
  json::Object prompt{{"task", run.request.prompt},
                      {"success_criteria", std::move(criteria)},
                      {"evidence", evidence_of_plan(plan, outcome)}};
  auto asked =
      question(run, parts_.agents.reviewer, "submit_review", "review.json", std::move(prompt));
  auto answer = co_await ask_structured(std::move(asked), parts_.events, run.report.usage);
  if (!answer) {
    co_return fail(std::move(answer).error());
  }
  co_return review_from_json(*answer, plan, outcome, options_.quality_threshold);
}

void Orchestrator::settle_agent_path(Run& run, const ExecutionPlan& plan,
                                     const PlanOutcome& outcome) {
  run.report.results.clear();
  for (const PlanStep& step : plan.steps) {
    const auto found = outcome.steps.find(step.id);
    json::Object item{{"state", "skipped"}, {"output", ""}, {"error", nullptr}};
    if (found != outcome.steps.end()) {
      item["state"] = found->second.state;
      item["output"] = found->second.output;
      if (!found->second.error.empty()) {
        item["error"] = found->second.error;
      }
      json::Array calls;
      for (const CallRecord& record : found->second.calls) {
        calls.push_back(evidence_of(record));
        if (record.outcome.denial) {
          run.report.denials.push_back(*record.outcome.denial);
        }
      }
      item["calls"] = std::move(calls);
    }
    run.report.results[step.id] = std::move(item);
  }
  run.report.content = content_of(plan, outcome);
}

Task<void> Orchestrator::agent_path(Run& run) {
  const auto failed = [this, &run](Error error) {
    run.report.error = std::move(error);
    set_status(run, TaskStatus::kFailed);
  };
  const Message prompt = Message::user(run.request.prompt);
  if (const auto stored = co_await parts_.conversation.append(prompt, store::Durability::kSync);
      !stored) {
    failed(stored.error());
    co_return;
  }
  set_status(run, TaskStatus::kPlanning);
  auto requirements = co_await require(run);
  if (!requirements) {
    failed(requirements.error());
    co_return;
  }
  const bool has_model = parts_.agents.planner.provider->is_model();
  json::Object previous;
  double best = -1;
  for (int depth = 0; depth < std::max(1, options_.max_planning_depth); ++depth) {
    set_status(run, TaskStatus::kPlanning);
    auto planned = co_await plan(run, *requirements, previous);
    if (!planned) {
      failed(planned.error());
      co_return;
    }
    run.report.plan = *planned;
    tell(parts_.events.on_plan, *planned);
    set_status(run, TaskStatus::kExecuting);
    auto outcome = co_await execute(run, *planned);
    if (!outcome) {
      failed(outcome.error());
      co_return;
    }
    settle_agent_path(run, *planned, *outcome);
    set_status(run, TaskStatus::kReviewing);
    auto reviewed = co_await review(run, *planned, *outcome);
    if (!reviewed) {
      failed(reviewed.error());
      co_return;
    }
    run.report.review = *reviewed;
    if (reviewed->overall_success) {
      break;
    }
    const Denial* denial = outcome->first_denial();
    run.report.error = denial != nullptr
                           ? denial_error(*denial)
                           : Error(Code::kFailedPrecondition, "the review did not pass");
    if (!has_model || denial != nullptr || reviewed->quality_score <= best) {
      break;
    }
    best = reviewed->quality_score;
    previous = json::Object{{"plan", to_json(*planned)},
                            {"review", to_json(*reviewed)},
                            {"evidence", evidence_of_plan(*planned, *outcome)}};
  }
  const bool success = run.report.review && run.report.review->overall_success;
  if (success) {
    run.report.error.reset();
  }
  set_status(run, success ? TaskStatus::kCompleted : TaskStatus::kFailed);
  Message answer;
  answer.role = MessageRole::kAssistant;
  answer.blocks.emplace_back(TextBlock{run.report.content});
  if (const auto stored = co_await parts_.conversation.append(answer, store::Durability::kSync);
      !stored) {
    failed(stored.error());
  }
}

}  // namespace oap::orchestration
