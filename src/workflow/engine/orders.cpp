#include <algorithm>
#include <set>

#include "base/ids.hpp"
#include "json/parse.hpp"
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

namespace {

struct Voted {
  std::string by;
  bool approve = false;
};

/// The votes on a step that the run has taken in, then those that it has yet to.
std::vector<Voted> votes_on(const State& state, const std::string& step,
                            const std::vector<store::Order>& orders) {
  std::vector<Voted> votes;
  if (const auto node = state.find(step)) {
    for (const GivenVote& vote : state.node(*node).more().votes) {
      votes.push_back({vote.by, vote.approve});
    }
  }
  for (const store::Order& order : orders) {
    const auto body = json::parse(order.body, {.max_depth = 1'000, .max_bytes = 1U << 30U});
    const json::Object* const vote = body ? body->if_object() : nullptr;
    if (vote != nullptr && json::get_string(*vote, "kind") == "vote" &&
        json::get_string(*vote, "step") == step) {
      votes.push_back(
          {std::string(json::get_string(*vote, "by")), json::get_bool(*vote, "approve")});
    }
  }
  return votes;
}

}  // namespace

/// An error where the vote would count for nothing.
Task<Result<void>> Engine::Body::check_vote(std::string run_id, std::string step, int quorum,
                                            Vote vote) {
  std::function<Result<Loaded>(store::RunRepository&)> question =
      [run_id](store::RunRepository& runs) -> Result<Loaded> {
    OAP_TRY(store::RunRecord record, runs.find(run_id));
    return load(runs, std::move(record));
  };
  OAP_CO_TRY(Loaded loaded, co_await ask<Result<Loaded>>(std::move(question)));
  OAP_CO_TRY(const std::shared_ptr<LiveRun> run, revive(loaded));
  std::set<std::string> approved;
  for (const Voted& given : votes_on(run->machine.state(), step, loaded.orders)) {
    if (!given.approve) {
      co_return fail(Code::kFailedPrecondition, "step '{}' was refused already, by {}", step,
                     given.by.empty() ? "a person" : given.by);
    }
    approved.insert(given.by);
  }
  if (vote.approve && approved.contains(vote.by)) {
    const int missing = std::max(0, quorum - static_cast<int>(approved.size()));
    co_return fail(
        Code::kFailedPrecondition, "{} has approved step '{}' already; {}",
        vote.by.empty() ? "you" : vote.by, step,
        missing == 0 ? "it has the approvals that it needs" : fmt::format("{} more must", missing));
  }
  co_return Result<void>{};
}

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
  const auto open = std::find_if(run.steps.begin(), run.steps.end(),
                                 [&](const StepReport& report) { return report.path == step; });
  if (open != run.steps.end() && open->due_at && *open->due_at <= clock_.wall()) {
    co_return fail(Code::kFailedPrecondition,
                   "the time to answer step '{}' is over since {}; nobody's vote counts any more",
                   step, format_time(*open->due_at));
  }
  OAP_CO_CHECK_OK(co_await check_vote(run_id, step, std::max(1, approval.quorum), vote));
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
