#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "cli/commands/workflow.hpp"
#include "cli/output.hpp"
#include "cli/workflow_audit.hpp"
#include "cli/workflow_questions.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "text/strings.hpp"
#include "workflow/view/critical_path.hpp"

namespace oap::cli {
namespace {

using Action = WorkflowArgs::Action;

/// The step that an approval is meant for, where the command line names none.
Result<std::string> only_approval(const workflow::RunResult& run) {
  std::vector<std::string> open;
  for (const workflow::StepReport& step : run.steps) {
    if (step.state == workflow::StepState::kRunning && step.waits_for == "approval") {
      open.push_back(step.path);
    }
  }
  if (open.empty()) {
    return fail(Code::kFailedPrecondition, "no step of {} waits for an approval", run.run_id);
  }
  if (open.size() > 1) {
    return fail(Code::kUsage, "several steps wait for an approval; name one of {}",
                text::join(open, ", "));
  }
  return open.front();
}

int quorum_of(const workflow::Blueprint& blueprint, std::string_view path) {
  const auto index =
      blueprint.find(workflow::author_path(path.starts_with("finally.") ? path.substr(8) : path));
  const auto* const approval =
      index ? std::get_if<workflow::ApprovalStep>(&blueprint.step(*index).definition->body)
            : nullptr;
  return approval == nullptr ? 0 : approval->quorum;
}

/// How many people have approved the step, with those whose votes the run has yet to take in.
int approvals_of(store::RunRepository& runs, const std::string& run_id, const std::string& path) {
  constexpr std::int64_t kSearchedTurns = 2'000;
  std::set<std::string, std::less<>> who;
  const auto record = runs.find(run_id);
  const std::int64_t after =
      record ? std::max<std::int64_t>(0, record->seq - kSearchedTurns) : std::int64_t{0};
  const auto rows = runs.events(run_id, after, kSearchedTurns);
  for (const store::EventRow& row : rows ? *rows : std::vector<store::EventRow>{}) {
    const auto turn = json::parse(row.body);
    for (const json::Value& event : turn && turn->is_array() ? turn->get_array() : json::Array{}) {
      if (json::get_string(event, "e") == "vote" && json::get_string(event, "step") == path &&
          json::get_bool(event, "flag")) {
        who.emplace(json::get_string(event, "text"));
      }
    }
  }
  const auto orders = runs.orders_of(run_id);
  for (const store::Order& order : orders ? *orders : std::vector<store::Order>{}) {
    const auto vote = json::parse(order.body);
    if (vote && json::get_string(*vote, "kind") == "vote" &&
        json::get_string(*vote, "step") == path && json::get_bool(*vote, "approve")) {
      who.emplace(json::get_string(*vote, "by"));
    }
  }
  return static_cast<int>(who.size());
}

Task<Result<std::string>> approve(platform::Workflows& workflows, std::string run_id,
                                  std::string user, WorkflowArgs args) {
  workflow::Engine& engine = workflows.engine();
  store::RunRepository& runs = workflows.runs();
  const std::string step = args.step;
  workflow::Vote vote;
  vote.by = std::move(user);
  vote.approve = !args.reject;
  vote.comment = args.comment;
  const auto blueprint = co_await engine.definition(run_id);
  const json::Value form_schema = blueprint ? approval_form(**blueprint, step) : json::Value();
  const json::Object* const fields = json::find_object(form_schema, "properties");
  const json::Object schemas = fields != nullptr ? *fields : json::Object();
  if (!args.form.empty() || (!schemas.empty() && vote.approve)) {
    OAP_CO_TRY(json::Object form, typed_pairs(schemas, args.form, "--form"));
    vote.form = std::move(form);
  }
  OAP_CO_CHECK_OK(co_await engine.approve(run_id, step, std::move(vote)));
  const int missing = args.reject || !blueprint
                          ? 0
                          : quorum_of(**blueprint, step) - approvals_of(runs, run_id, step);
  co_return fmt::format("{} '{}' of {}{}", args.reject ? "refused" : "approved", step, run_id,
                        missing <= 0 ? "" : fmt::format("; {} more must", missing));
}

Task<Result<std::string>> resolve(workflow::Engine& engine, std::string run_id, std::string user,
                                  WorkflowArgs args) {
  using Kind = workflow::Resolution::Kind;
  workflow::Resolution resolution;
  resolution.kind = args.verdict == "completed" ? Kind::kCompleted
                    : args.verdict == "retry"   ? Kind::kRetry
                                                : Kind::kFailed;
  resolution.by = std::move(user);
  resolution.comment = args.comment;
  if (!args.payload.empty()) {
    if (resolution.kind != Kind::kCompleted) {
      co_return fail(Code::kUsage, "--output goes with 'completed'");
    }
    auto output = json::parse(args.payload);
    if (!output) {
      co_return fail(Code::kUsage, "--output is no JSON: {}", output.error().message());
    }
    resolution.output = *std::move(output);
  }
  OAP_CO_CHECK_OK(co_await engine.resolve(run_id, args.step, std::move(resolution)));
  co_return fmt::format("step '{}' of {} is {}", args.step, run_id, args.verdict);
}

Task<Result<std::string>> signal(workflow::Engine& engine, std::string run_id, WorkflowArgs args) {
  json::Value payload;
  if (!args.payload.empty()) {
    auto value = json::parse(args.payload);
    if (!value) {
      co_return fail(Code::kUsage, "the payload is no JSON: {} (a text is written '\"so\"')",
                     value.error().message());
    }
    payload = *std::move(value);
  }
  OAP_CO_CHECK_OK(co_await engine.signal(run_id, args.step, std::move(payload)));
  co_return fmt::format("sent '{}' to {}", args.step, run_id);
}

Task<Result<std::string>> give(platform::Platform& platform, std::string run_id,
                               WorkflowArgs args) {
  workflow::Engine& engine = platform.workflows().engine();
  std::string user = platform.principal().user_id;
  if (args.action == Action::kApprove) {
    co_return co_await approve(platform.workflows(), run_id, std::move(user), std::move(args));
  }
  if (args.action == Action::kResolve) {
    co_return co_await resolve(engine, run_id, std::move(user), std::move(args));
  }
  if (args.action == Action::kSignal) {
    co_return co_await signal(engine, run_id, std::move(args));
  }
  if (args.action == Action::kCancel) {
    OAP_CO_CHECK_OK(co_await engine.cancel(run_id, user));
    co_return fmt::format("{} is being cancelled", run_id);
  }
  OAP_CO_CHECK_OK(co_await engine.pause(run_id, user));
  co_return fmt::format("{} starts nothing new until 'oap workflow resume {}'", run_id, run_id);
}

std::string name_of(Action action) {
  static constexpr std::array<std::pair<Action, std::string_view>, 5> kNames = {
      {{Action::kApprove, "approve"},
       {Action::kResolve, "resolve"},
       {Action::kSignal, "signal"},
       {Action::kCancel, "cancel"},
       {Action::kPause, "pause"}}};
  const auto* const found = std::find_if(kNames.begin(), kNames.end(),
                                         [&](const auto& entry) { return entry.first == action; });
  return found == kNames.end() ? "" : std::string(found->second);
}

/// The step that is meant, where the command line leaves it out.
Task<Result<std::string>> step_of(workflow::Engine& engine, std::string run_id, WorkflowArgs args) {
  if (args.action != Action::kApprove || !args.step.empty()) {
    co_return std::move(args.step);
  }
  OAP_CO_TRY(const workflow::RunResult run, co_await engine.show(std::move(run_id)));
  co_return only_approval(run);
}

Task<int> order(platform::Platform& platform, WorkflowArgs args, bool as_json) {
  const auto run_id = platform.workflows().runs().resolve(args.target);
  if (!run_id) {
    co_return report(run_id.error(), as_json);
  }
  auto done = Result<std::string>();
  auto step = co_await step_of(platform.workflows().engine(), *run_id, args);
  if (step) {
    args.step = *std::move(step);
    done = co_await give(platform, *run_id, args);
  } else {
    done = fail(step.error());
  }
  audit_order(platform, {name_of(args.action), *run_id, args.step, args.comment, args.reject},
              done ? Result<void>() : fail(done.error()));
  if (!done) {
    co_return report(done.error(), as_json);
  }
  const bool nobody = is_left_alone(platform.workflows().runs(), *run_id);
  if (as_json) {
    print_json({{"run_id", *run_id}, {"done", *done}, {"executed_by_nobody", nobody}});
    co_return 0;
  }
  print(*done + "\n");
  if (nobody && args.action != Action::kPause) {
    print_message("where no process waits for this run any more, go on with: oap workflow resume " +
                      *run_id + "\n",
                  false);
  }
  co_return 0;
}

}  // namespace

int order_workflow(const Common& common, const WorkflowArgs& args) {
  return with_platform(common, [&args, json = common.json](platform::Platform& platform) {
    return order(platform, args, json);
  });
}

}  // namespace oap::cli
