#include "cli/stream_view.hpp"

#include "cli/output.hpp"

namespace oap::cli {
namespace {

json::Object call_fields(const ToolCall& call) {
  return json::Object{{"call_id", call.id},
                      {"server", call.server},
                      {"tool", call.tool},
                      {"name", call.public_name()},
                      {"arguments", call.arguments}};
}

void emit(std::string_view type, json::Object fields) {
  json::Object out{{"type", type}};
  for (auto& member : fields) {
    out[member.key()] = std::move(member.value());
  }
  print_json(json::Value(std::move(out)));
}

json::Object outcome_fields(const gateway::Progress& progress) {
  const ToolOutcome& outcome = *progress.outcome;
  json::Object out{{"call_id", progress.call.id},
                   {"name", progress.call.public_name()},
                   {"ok", outcome.ok()},
                   {"denied", outcome.denial.has_value()},
                   {"output", outcome.text_for_model()},
                   {"duration_ms", outcome.duration.count()}};
  return out;
}

json::Object approval_fields(const gateway::Progress& progress) {
  json::Object out = call_fields(progress.call);
  out["approval_id"] = progress.approval->id;
  out["rule"] = progress.approval->rule;
  out["reason"] = progress.approval->reason;
  if (progress.answer != nullptr) {
    out["approved"] = progress.answer->approved;
    out["approver"] = progress.answer->approver;
  }
  return out;
}

void emit_progress(const gateway::Progress& progress) {
  switch (progress.kind) {
    case gateway::Progress::Kind::kStarted:
      emit("tool_call", call_fields(progress.call));
      break;
    case gateway::Progress::Kind::kApproval:
      emit("approval", approval_fields(progress));
      break;
    case gateway::Progress::Kind::kFinished:
      emit("tool_result", outcome_fields(progress));
      break;
  }
}

}  // namespace

platform::RunObserver StreamView::observer() {
  platform::RunObserver observer;
  observer.on_session = [](const std::string& session, const std::string& task) {
    emit("session", {{"session_id", session}, {"task_id", task}});
  };
  observer.on_call = emit_progress;
  observer.events.on_text = [](std::string_view agent, std::string_view text) {
    emit("text", {{"agent", agent}, {"text", text}});
  };
  observer.events.on_plan = [](const ExecutionPlan& plan) {
    emit("step", {{"state", "planned"}, {"plan", to_json(plan)}});
  };
  observer.events.on_step = [](const PlanStep& step, std::string_view state) {
    emit("step", {{"id", step.id}, {"description", step.description}, {"state", state}});
  };
  observer.events.on_usage = [](const Usage& usage) { emit("usage", to_json(usage)); };
  observer.events.on_notice = [](std::string_view what) { print_error(what); };
  return observer;
}

void StreamView::finish(const orchestration::TaskReport& report) {
  if (report.error) {
    emit("error",
         {{"code", to_string(report.error->code())}, {"message", report.error->to_string()}});
  }
  emit("result", orchestration::to_json(report));
}

}  // namespace oap::cli
