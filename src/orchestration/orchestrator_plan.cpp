#include <algorithm>

#include <boost/asio/this_coro.hpp>

#include "base/ids.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "orchestration/embedded.hpp"
#include "orchestration/orchestrator.hpp"
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
  PlanOutcome outcome = std::move(runner.outcome());
  run.report.usage += outcome.usage;
  if (!result) {
    co_return fail(std::move(result).error());
  }
  for (std::size_t i = 0; i < result->steps.size() && i < plan.steps.size(); ++i) {
    const workflow::StepReport& step = result->steps[i];
    PlanOutcome::Step& entry = outcome.steps[plan.steps[i].id];
    entry.state = workflow::to_string(step.state);
    if (entry.error.empty()) {
      entry.error = step.error;
    }
  }
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
