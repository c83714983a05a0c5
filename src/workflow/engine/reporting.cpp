#include "workflow/engine/reporting.hpp"

#include <algorithm>

#include "workflow/machine/scope.hpp"

namespace oap::workflow {
namespace {

std::optional<WallTime> maybe(std::int64_t millis) {
  return millis == 0 ? std::nullopt : std::optional(from_millis(millis));
}

std::string waits_text(const Node& node) {
  if (node.state == StepState::kUnknown) {
    return "resolution";
  }
  switch (node.waits) {
    case Waits::kTime:
      return "time";
    case Waits::kSignal:
      return "signal " + node.more().subject;
    case Waits::kApproval:
      return "approval";
    case Waits::kChild:
      return "run " + node.more().subject;
    case Waits::kNothing:
    case Waits::kBlocks:
      break;
  }
  return "";
}

json::Value time_or_null(const std::optional<WallTime>& at) {
  return at ? json::Value(format_time(*at)) : json::Value(nullptr);
}

constexpr std::int64_t kMostShown = 64 << 20;  // bytes of large outputs

std::int64_t blob_size(const json::Value& value) {
  return blob_of(value).empty() ? 0 : std::max<std::int64_t>(1, json::get_int(value, "size"));
}

void count(StepCounts& counts, StepState state) {
  ++counts.total;
  counts.completed += state == StepState::kCompleted ? 1U : 0U;
  counts.failed += state == StepState::kFailed ? 1U : 0U;
  counts.skipped += state == StepState::kSkipped ? 1U : 0U;
  counts.cancelled += state == StepState::kCancelled ? 1U : 0U;
  counts.unknown += state == StepState::kUnknown ? 1U : 0U;
}

}  // namespace

StepReport report_step(const State& state, NodeId id) {
  const Node& node = state.node(id);
  const StepDefinition& definition = state.definition_of(id);
  StepReport report;
  report.path = state.path(id);
  report.id = definition.id;
  report.type = type_name(definition.body);
  report.state = node.state;
  report.waits_for = waits_text(node);
  report.attempts = node.attempts;
  report.ready_at = maybe(node.ready_at);
  report.started_at = maybe(node.started_at);
  report.ended_at = maybe(node.ended_at);
  report.due_at = maybe(node.due_at);
  report.output = node.output;
  report.error = node.more().error;
  report.error_code = node.more().error_code;
  report.tolerated = node.tolerated;
  report.usage = node.more().usage;
  return report;
}

RunResult report_run(const State& state, const std::string& run_id, bool full,
                     const Resolve& resolve) {
  const Definition& definition = state.blueprint().definition();
  RunResult result;
  result.run_id = run_id;
  result.workflow_id = definition.id;
  result.name = definition.name;
  result.definition_hash = state.blueprint().hash();
  result.status = state.run_state;
  result.error = state.failure;
  result.error_code = state.failure_code;
  result.usage = state.usage;
  result.started_at = maybe(state.started_at);
  result.ended_at = maybe(state.ended_at);
  if (result.started_at && result.ended_at) {
    result.duration = Millis(state.ended_at - state.started_at);
  }
  if (!full) {
    return result;
  }
  std::int64_t shown = 0;
  for (NodeId id = 0; id < state.node_count(); ++id) {
    if (state.node(id).free) {
      continue;
    }
    count(result.counts, state.node(id).state);
    result.steps.push_back(report_step(state, id));
    json::Value& output = result.steps.back().output;
    if (const std::int64_t size = blob_size(output); resolve && size > 0) {
      shown += size;
      output = shown <= kMostShown ? resolve(output) : output;
    }
  }
  json::Value outputs = resolve ? resolve(state.outputs) : state.outputs;
  if (outputs.is_object()) {
    result.outputs = std::move(outputs.get_object());
  }
  return result;
}

json::Object to_json(const StepReport& report) {
  json::Object object{
      {"id", report.path},
      {"type", report.type},
      {"status", store::to_string(report.state)},
      {"attempts", report.attempts},
      {"started_at", time_or_null(report.started_at)},
      {"ended_at", time_or_null(report.ended_at)},
      {"outputs", report.output},
      {"error", report.error.empty() ? json::Value(nullptr) : json::Value(report.error)}};
  if (!report.error_code.empty()) {
    object["error_code"] = report.error_code;
  }
  if (!report.waits_for.empty()) {
    object["waits_for"] = report.waits_for;
  }
  if (report.due_at) {
    object["due_at"] = format_time(*report.due_at);
  }
  if (report.tolerated) {
    object["tolerated"] = true;
  }
  return object;
}

json::Object to_json(const RunResult& result) {
  constexpr double kMillisPerSecond = 1'000.0;
  json::Array steps;
  for (const StepReport& step : result.steps) {
    steps.push_back(to_json(step));
  }
  json::Object object{
      {"workflow_id", result.workflow_id},
      {"run_id", result.run_id},
      {"name", result.name},
      {"status", store::to_string(result.status)},
      {"steps_completed", result.counts.completed},
      {"steps_failed", result.counts.failed},
      {"steps_skipped", result.counts.skipped},
      {"total_steps", result.counts.total},
      {"started_at", time_or_null(result.started_at)},
      {"ended_at", time_or_null(result.ended_at)},
      {"execution_time", static_cast<double>(result.duration.count()) / kMillisPerSecond},
      {"steps", std::move(steps)},
      {"outputs", result.outputs},
      {"error", result.error.empty() ? json::Value(nullptr) : json::Value(result.error)}};
  if (!result.error_code.empty()) {
    object["error_code"] = result.error_code;
  }
  if (!result.waits_for.empty()) {
    object["waits_for"] = result.waits_for;
  }
  return object;
}

}  // namespace oap::workflow
