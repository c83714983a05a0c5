#include "base/ids.hpp"
#include "json/print.hpp"
#include "workflow/engine/body.hpp"
#include "workflow/view/critical_path.hpp"

namespace oap::workflow {

Task<Result<void>> Engine::Body::post(std::string run_id, json::Object body) {
  store::Order order;
  order.id = new_id("evt_");
  order.run_id = std::move(run_id);
  order.at = clock_.wall();
  order.body = json::print(json::Value(std::move(body)));
  std::function<Result<void>(store::RunRepository&)> question =
      [order](store::RunRepository& runs) { return runs.post(order); };
  Result<void> posted = co_await ask<Result<void>>(std::move(question));
  if (posted) {
    deliver(std::move(order));
  }
  co_return posted;
}

/// An order that is in the store reaches its run, if the run is here.
void Engine::Body::deliver(store::Order order) {
  const auto found = live_.find(order.run_id);
  if (found == live_.end() || found->second->parking) {
    if (const auto loading = loading_.find(order.run_id); loading != loading_.end()) {
      loading->second = true;
    } else if (found != live_.end()) {
      found->second->happened.push_back([](Machine&, WallTime) {});  // it wakes again at once
    } else if (options_.hosts_all || parked_.contains(order.run_id)) {
      wake(order.run_id);
    }
    return;
  }
  const std::shared_ptr<LiveRun> run = found->second;
  if (!run->seen.insert(order.id).second) {
    return;
  }
  run->happened.push_back(
      [order = std::move(order)](Machine& machine, WallTime at) { machine.order(order, at); });
  mark(run);
}

namespace {

Result<const StepDefinition*> approval_of(const RunResult& run, const Blueprint& blueprint,
                                          const std::string& step) {
  for (const StepReport& report : run.steps) {
    if (report.path != step) {
      continue;
    }
    if (report.type != "approval" || report.state != StepState::kRunning) {
      break;
    }
    const std::string plain = author_path(step);
    const std::string_view path = plain;
    const auto index = blueprint.find(path.starts_with("finally.") ? path.substr(8) : path);
    if (index) {
      return blueprint.step(*index).definition;
    }
    break;
  }
  std::string open;
  for (const StepReport& report : run.steps) {
    if (report.type == "approval" && report.state == StepState::kRunning) {
      open += (open.empty() ? "" : ", ") + report.path;
    }
  }
  return fail(Code::kInvalidArgument, "run {} has no open approval '{}'{}", run.run_id, step,
              open.empty() ? "; none is open" : "; open: " + open);
}

}  // namespace

Task<Result<void>> Engine::Body::approve(std::string run_id, std::string step, Vote vote) {
  OAP_CO_TRY(const RunResult run, co_await show(run_id));
  OAP_CO_TRY(const std::shared_ptr<const Blueprint> blueprint, co_await definition(run_id));
  if (is_end(run.status)) {
    co_return fail(Code::kFailedPrecondition, "run {} has ended ({})", run_id,
                   to_string(run.status));
  }
  OAP_CO_TRY(const StepDefinition* found, approval_of(run, *blueprint, step));
  const auto& approval = std::get<ApprovalStep>(found->body);
  const auto& who = approval.approvers;
  if (!who.empty() && std::find(who.begin(), who.end(), vote.by) == who.end()) {
    co_return fail(Code::kPermissionDenied, "'{}' is not among the approvers of step '{}'", vote.by,
                   step);
  }
  if (vote.approve && !approval.form.is_null()) {
    const std::string problem = schema_problem(approval.form, vote.form);
    if (!problem.empty()) {
      co_return fail(Code::kInvalidArgument, "the form of step '{}': {}", step, problem);
    }
  }
  json::Object body{{"kind", "vote"},          {"step", step},
                    {"by", vote.by},           {"approve", vote.approve},
                    {"comment", vote.comment}, {"form", std::move(vote.form)}};
  co_return co_await post(std::move(run_id), std::move(body));
}

Task<Result<void>> Engine::Body::resolve(std::string run_id, std::string step,
                                         Resolution resolution) {
  OAP_CO_TRY(const RunResult run, co_await show(run_id));
  const auto found =
      std::find_if(run.steps.begin(), run.steps.end(), [&](const StepReport& report) {
        return report.path == step && report.state == StepState::kUnknown;
      });
  if (found == run.steps.end()) {
    co_return fail(Code::kInvalidArgument, "run {} has no step '{}' whose outcome is not known",
                   run_id, step);
  }
  const std::string_view as = resolution.kind == Resolution::Kind::kCompleted ? "completed"
                              : resolution.kind == Resolution::Kind::kRetry   ? "retry"
                                                                              : "failed";
  json::Object body{{"kind", "resolve"},
                    {"step", step},
                    {"as", as},
                    {"by", resolution.by},
                    {"comment", resolution.comment},
                    {"output", std::move(resolution.output)}};
  co_return co_await post(std::move(run_id), std::move(body));
}

}  // namespace oap::workflow
