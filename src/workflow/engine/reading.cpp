#include <set>

#include "json/parse.hpp"
#include "workflow/engine/body.hpp"
#include "workflow/engine/reporting.hpp"

namespace oap::workflow {
namespace {

/// Of a run of the form before journals: what one event keeps of it.
RunResult report_first_form(const store::RunRecord& record,
                            const std::vector<store::EventRow>& rows) {
  RunResult result;
  result.run_id = record.id;
  result.workflow_id = record.workflow_id;
  result.name = record.name;
  result.definition_hash = record.definition_hash;
  result.status = record.state;
  result.error = record.error;
  result.error_code = record.error_code;
  result.started_at = record.started_at;
  result.ended_at = record.ended_at;
  if (rows.empty()) {
    return result;
  }
  const auto parsed = json::parse(rows.front().body);
  const json::Array* events = parsed ? parsed->if_array() : nullptr;
  const json::Array* steps =
      events == nullptr || events->empty() ? nullptr : json::find_array((*events)[0], "steps");
  if (steps == nullptr) {
    return result;
  }
  for (const json::Value& step : *steps) {
    StepReport report;
    report.path = json::get_string(step, "s");
    report.id = report.path;
    report.type = json::get_string(step, "type");
    report.state =
        store::step_state_from(json::get_string(step, "state")).value_or(StepState::kCancelled);
    report.attempts = static_cast<int>(json::get_int(step, "attempts"));
    report.error = json::get_string(step, "error");
    report.error_code = json::get_string(step, "error_code");
    if (const json::Value* output = json::find(step, "output")) {
      report.output = *output;
    }
    ++result.counts.total;
    result.counts.completed += report.state == StepState::kCompleted ? 1U : 0U;
    result.counts.failed += report.state == StepState::kFailed ? 1U : 0U;
    result.counts.skipped += report.state == StepState::kSkipped ? 1U : 0U;
    result.counts.cancelled += report.state == StepState::kCancelled ? 1U : 0U;
    result.steps.push_back(std::move(report));
  }
  return result;
}

}  // namespace

Task<Result<RunResult>> Engine::Body::show(std::string run_id) {
  std::function<Result<Loaded>(store::RunRepository&)> question =
      [run_id](store::RunRepository& runs) -> Result<Loaded> {
    OAP_TRY(store::RunRecord record, runs.find(run_id));
    return load(runs, std::move(record));
  };
  OAP_CO_TRY(Loaded loaded, co_await ask<Result<Loaded>>(std::move(question)));
  if (loaded.record.head.empty()) {
    co_return report_first_form(loaded.record, loaded.events);
  }
  OAP_CO_TRY(const std::shared_ptr<LiveRun> run, revive(loaded));
  RunResult result = report_run(run->machine.state(), run_id, true,
                                [&](const json::Value& value) { return resolved(*run, value); });
  result.waits_for = loaded.record.waits_for;
  if (loaded.record.state == RunState::kPending) {
    result.status = RunState::kPending;
  }
  co_return result;
}

json::Value Engine::Body::resolved(LiveRun& run, const json::Value& value) {
  const std::string_view hash = blob_of(value);
  if (hash.empty()) {
    return value;
  }
  const auto loaded = run.blob(std::string(hash));
  return loaded ? **loaded : value;
}

Task<Result<std::shared_ptr<const Blueprint>>> Engine::Body::definition(std::string run_id) {
  std::function<Result<store::HashedText>(store::RunRepository&)> question =
      [run_id](store::RunRepository& runs) -> Result<store::HashedText> {
    OAP_TRY(const store::RunRecord record, runs.find(run_id));
    OAP_TRY(std::string text, runs.definition(record.definition_hash));
    return store::HashedText{record.definition_hash, std::move(text)};
  };
  OAP_CO_TRY(const store::HashedText text,
             co_await ask<Result<store::HashedText>>(std::move(question)));
  OAP_CO_TRY(const std::shared_ptr<const Plan> plan, compile(text.hash, text.text));
  co_return plan->shared_blueprint();
}

namespace {

/// The top-level steps that run anew: `from` and all that needs it.
std::set<StepIndex> run_anew(const Blueprint& blueprint, StepIndex from) {
  std::set<StepIndex> anew{from};
  std::vector<StepIndex> open{from};
  while (!open.empty()) {
    const StepIndex step = open.back();
    open.pop_back();
    for (const StepIndex next : blueprint.step(step).successors) {
      if (anew.insert(next).second) {
        open.push_back(next);
      }
    }
  }
  return anew;
}

}  // namespace

Task<Result<std::string>> Engine::Body::fork(ForkRequest request) {
  const std::string from = request.run_id;
  std::function<Result<Loaded>(store::RunRepository&)> question =
      [from](store::RunRepository& runs) -> Result<Loaded> {
    OAP_TRY(store::RunRecord record, runs.find(from));
    return load(runs, std::move(record));
  };
  OAP_CO_TRY(Loaded loaded, co_await ask<Result<Loaded>>(std::move(question)));
  if (loaded.record.head.empty()) {
    co_return fail(Code::kFailedPrecondition, "run {} is of an earlier version of oap", from);
  }
  OAP_CO_TRY(const std::shared_ptr<LiveRun> origin, revive(loaded));
  const State& state = origin->machine.state();
  const Blueprint& blueprint = state.blueprint();
  std::set<StepIndex> anew;
  if (!request.from_step.empty()) {
    const auto step = blueprint.find(request.from_step);
    if (!step || blueprint.step(*step).block != 0) {
      co_return fail(Code::kInvalidArgument, "run {} has no top-level step '{}'", from,
                     request.from_step);
    }
    anew = run_anew(blueprint, *step);
  }
  StartRequest start;
  start.blueprint = state.shared_plan()->shared_blueprint();
  for (const auto& [name, plan] : origin->subworkflows) {
    start.subworkflows[name] = plan->shared_blueprint();
  }
  start.inputs = state.inputs;
  for (auto& member : start.inputs) {
    member.value() = resolved(*origin, member.value());
  }
  for (const auto& member : request.inputs) {
    start.inputs[member.key()] = member.value();
  }
  start.task_id = loaded.record.task_id;
  start.session_id = loaded.record.session_id;
  start.user = request.user;
  json::Object variables = state.variables;
  for (auto& member : variables) {
    member.value() = resolved(*origin, member.value());
  }
  for (const auto& member : request.variables) {
    variables[member.key()] = member.value();
  }
  std::vector<std::pair<std::string, json::Value>> kept;
  for (const StepIndex step : blueprint.block(0).steps) {
    const auto node = state.visible(step, 0);
    const std::string& id = blueprint.step(step).definition->id;
    const json::Value* edited = json::find(request.outputs, id);
    const bool completed = node && state.node(*node).state == StepState::kCompleted;
    if (edited != nullptr && (anew.contains(step) || !completed)) {
      co_return fail(Code::kInvalidArgument, "the output of step '{}' is not kept by this fork",
                     id);
    }
    if (completed && !anew.contains(step)) {
      kept.emplace_back(id,
                        edited != nullptr ? *edited : resolved(*origin, state.node(*node).output));
    }
  }
  json::Object more{{"forked_from", from}, {"variables", std::move(variables)}};
  OAP_CO_TRY(Prepared prepared, prepare(std::move(start), std::move(more), std::move(kept)));
  const std::string id = prepared.run->machine.identity().run_id;
  async::Promise<Result<void>> made;
  launch(std::move(prepared), [made](Result<void> done) mutable { made.set(std::move(done)); });
  const Deadline never = Deadline::never();
  OAP_CO_TRY(const Result<void> done, co_await made.get(never));
  OAP_CO_CHECK_OK(done);
  co_return id;
}

}  // namespace oap::workflow
