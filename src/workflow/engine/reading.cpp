#include <set>

#include "json/parse.hpp"
#include "workflow/definition/numbers.hpp"
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

/// Adds the top-level step and all that needs it.
void run_anew(const Blueprint& blueprint, StepIndex from, std::set<StepIndex>& anew) {
  std::vector<StepIndex> open{from};
  anew.insert(from);
  while (!open.empty()) {
    const StepIndex step = open.back();
    open.pop_back();
    for (const StepIndex next : blueprint.step(step).successors) {
      if (anew.insert(next).second) {
        open.push_back(next);
      }
    }
  }
}

/// The top-level step that the node is in; nothing of `finally`.
std::optional<StepIndex> top_of(const State& state, NodeId id) {
  FrameId frame = state.node(id).frame;
  while (state.frame(frame).owner != kNoNode) {
    id = state.frame(frame).owner;
    frame = state.node(id).frame;
  }
  if (frame != 0) {
    return std::nullopt;
  }
  while (state.node(id).owner != kNoNode) {
    id = state.node(id).owner;
  }
  return state.node(id).step;
}

/// What was undone, wholly or in part, has to be done again.
void redo_compensated(const State& state, std::set<StepIndex>& anew) {
  for (NodeId id = 0; id < state.node_count(); ++id) {
    const Node& node = state.node(id);
    if (node.is_compensation && node.attempts > 0) {
      if (const auto step = top_of(state, id)) {
        run_anew(state.blueprint(), *step, anew);
      }
    }
  }
}

using VariablesOfSteps = std::map<std::string, json::Object, std::less<>>;

/// The variables that each top-level step of those had set: where several set one, the last has it.
VariablesOfSteps variables_of(const std::vector<store::EventRow>& rows,
                              const std::set<std::string, std::less<>>& kept) {
  struct Set {
    std::string by;
    json::Value value;
  };
  std::map<std::string, Set> last;
  for (const store::EventRow& row : rows) {
    auto parsed = json::parse(row.body, {.max_depth = 1'000, .max_bytes = 1U << 30U});
    if (!parsed || !parsed->is_array()) {
      continue;  // it was replayed before: it is no such thing
    }
    for (const json::Value& event : parsed->get_array()) {
      const std::string_view path = json::get_string(event, "step");
      const std::string_view top = path.substr(0, path.find_first_of(".["));
      const json::Object* more = json::find_object(event, "more");
      const json::Object* vars = more == nullptr ? nullptr : json::find_object(*more, "vars");
      if (vars == nullptr || !kept.contains(top) || path.starts_with("finally.")) {
        continue;
      }
      for (const auto& member : *vars) {
        last[member.key()] = {std::string(top), member.value()};
      }
    }
  }
  VariablesOfSteps by_step;
  for (auto& [name, set] : last) {
    by_step[set.by][name] = std::move(set.value);
  }
  return by_step;
}

}  // namespace

namespace {

/// An output that a person gives in a step's place.
Result<json::Value> accept_output(const StepDefinition& step, json::Value given) {
  const auto* const agent = std::get_if<AgentStep>(&step.body);
  const json::Value& schema =
      agent != nullptr && step.output_schema.is_null() ? agent->output_schema : step.output_schema;
  const bool is_list = step.foreach || step.matrix;
  if (schema.is_null() || is_list) {
    return given;
  }
  if (const std::string problem = schema_problem(schema, given); !problem.empty()) {
    return fail(Code::kInvalidArgument,
                "the output of step '{}' is not what output_schema says: {}", step.id, problem);
  }
  settle_numbers(given, schema);
  return given;
}

}  // namespace

/// The results that a fork keeps, with the variables that came of them.
Result<std::vector<Import>> Engine::Body::kept_by(const ForkRequest& request, LiveRun& origin,
                                                  const std::vector<store::EventRow>& events) {
  const State& state = origin.machine.state();
  const Blueprint& blueprint = state.blueprint();
  std::set<StepIndex> anew;
  if (!request.from_step.empty()) {
    const auto step = blueprint.find(request.from_step);
    if (!step || blueprint.step(*step).block != 0) {
      return fail(Code::kInvalidArgument, "run {} has no top-level step '{}'", request.run_id,
                  request.from_step);
    }
    run_anew(blueprint, *step, anew);
  }
  redo_compensated(state, anew);
  std::vector<Import> kept;
  std::set<std::string, std::less<>> ids;
  for (const StepIndex step : blueprint.block(0).steps) {
    const auto node = state.visible(step, 0);
    const std::string& id = blueprint.step(step).definition->id;
    const json::Value* edited = json::find(request.outputs, id);
    const bool keeps =
        node && state.node(*node).state == StepState::kCompleted && !anew.contains(step);
    if (edited != nullptr && !keeps) {
      return fail(Code::kInvalidArgument, "the output of step '{}' is not kept by this fork", id);
    }
    if (keeps) {
      kept.push_back({id, resolved(origin, state.node(*node).output), {}});
      if (edited != nullptr) {
        OAP_TRY(kept.back().output, accept_output(*blueprint.step(step).definition, *edited));
      }
      ids.insert(id);
    }
  }
  VariablesOfSteps variables = variables_of(events, ids);
  for (Import& import : kept) {
    for (auto& member : variables[import.id]) {
      if (!request.variables.contains(member.key())) {
        import.variables[member.key()] = resolved(origin, member.value());
      }
    }
  }
  return kept;
}

/// Those that are replaced need not be readable any more.
Result<void> Engine::Body::open_inputs(LiveRun& origin, const json::Object& replaced,
                                       json::Object& inputs) {
  const json::Value* const names = json::find(origin.machine.state().started, "sealed");
  if (names == nullptr || !names->is_array()) {
    return {};
  }
  for (const json::Value& each : names->get_array()) {
    const std::string name(each.is_string() ? json::view(each.get_string()) : "");
    const auto found = inputs.find(name);
    if (found == inputs.end()) {
      continue;
    }
    if (replaced.contains(name)) {
      inputs.erase(found);
      continue;
    }
    OAP_TRY(found->value(), origin.open_input(found->value(), name));
  }
  return {};
}

Task<Result<std::string>> Engine::Body::fork(ForkRequest request) {
  if (closing_) {
    co_return fail(Code::kFailedPrecondition, "the engine is closing");
  }
  const std::string from = request.run_id;
  std::function<Result<Loaded>(store::RunRepository&)> question =
      [from](store::RunRepository& runs) -> Result<Loaded> {
    OAP_TRY(store::RunRecord record, runs.find(from));
    return load(runs, std::move(record), true);
  };
  OAP_CO_TRY(Loaded loaded, co_await ask<Result<Loaded>>(std::move(question)));
  if (loaded.record.head.empty()) {
    co_return fail(Code::kFailedPrecondition, "run {} is of an earlier version of oap", from);
  }
  OAP_CO_TRY(const std::shared_ptr<LiveRun> origin, revive(loaded));
  OAP_CO_TRY(std::vector<Import> kept, kept_by(request, *origin, loaded.events));
  const State& state = origin->machine.state();
  StartRequest start;
  start.blueprint = state.shared_plan()->shared_blueprint();
  for (const auto& [name, plan] : origin->subworkflows) {
    start.subworkflows[name] = plan->shared_blueprint();
  }
  start.inputs = state.inputs;
  for (auto& member : start.inputs) {
    member.value() = resolved(*origin, member.value());
  }
  OAP_CO_CHECK_OK(open_inputs(*origin, request.inputs, start.inputs));
  for (const auto& member : request.inputs) {
    start.inputs[member.key()] = member.value();
  }
  start.task_id = loaded.record.task_id;
  start.session_id = loaded.record.session_id;
  start.user = request.user;
  json::Object variables;
  if (const json::Object* given = json::find_object(state.started, "variables")) {
    variables = *given;
  }
  for (auto& member : variables) {
    member.value() = resolved(*origin, member.value());
  }
  for (const auto& member : request.variables) {
    variables[member.key()] = member.value();
    settle_variable(variables[member.key()],
                    json::find(start.blueprint->definition().variables, member.key()));
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
