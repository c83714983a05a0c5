#include "cli/workflow_view.hpp"

#include <algorithm>

#include "cli/commands/workflow.hpp"
#include "cli/output.hpp"
#include "cli/workflow_live.hpp"
#include "workflow/view/critical_path.hpp"

namespace oap::cli {
namespace {

using workflow::RunResult;
using workflow::StepReport;
using workflow::StepState;

class SilentView final : public WorkflowView {
 public:
  void begin(const std::string&, std::shared_ptr<const workflow::Blueprint>) override {}
  void step(const std::string&, const StepReport&) override {}
  void run(const RunResult&) override {}
  void note(const std::string& text) override { print_error(text); }
  void finish(const RunResult&, const json::Object&) override {}
};

class StreamView final : public WorkflowView {
 public:
  void begin(const std::string& run_id,
             std::shared_ptr<const workflow::Blueprint> blueprint) override {
    json::Object out{{"type", "run"}, {"run_id", run_id}};
    if (blueprint != nullptr) {
      out["workflow_id"] = blueprint->definition().id;
      const auto last = blueprint->finally_block();
      out["total_steps"] =
          blueprint->block(0).steps.size() + (last ? blueprint->block(*last).steps.size() : 0);
    }
    begun_[run_id] = std::move(out);
  }
  /// The first line of a run: whoever reads it may rely on the run.
  void started(const std::string& run_id) override {
    if (const auto found = begun_.find(run_id); found != begun_.end()) {
      print_json(found->second);
      begun_.erase(found);
    }
  }
  void step(const std::string& run_id, const StepReport& report) override {
    started(run_id);
    json::Object out{{"type", "step"}, {"run_id", run_id}};
    for (auto& member : workflow::to_json(report)) {
      out[member.key() == "type" ? "step_type" : member.key()] = std::move(member.value());
    }
    print_json(out);
  }
  void run(const RunResult& state) override {
    started(state.run_id);
    print_json(json::Object{{"type", "run"},
                            {"run_id", state.run_id},
                            {"workflow_id", state.workflow_id},
                            {"status", to_string(state.status)},
                            {"waits_for", state.waits_for}});
  }
  void call(const gateway::Progress& progress) override {
    using Kind = gateway::Progress::Kind;
    json::Object out{{"type", progress.kind == Kind::kStarted    ? "tool_call"
                              : progress.kind == Kind::kFinished ? "tool_result"
                                                                 : "approval"},
                     {"call_id", progress.call.id},
                     {"name", progress.call.public_name()}};
    if (progress.kind == Kind::kStarted) {
      out["arguments"] = progress.call.arguments;
    } else if (progress.kind == Kind::kFinished) {
      out["ok"] = progress.outcome->ok();
      out["denied"] = progress.outcome->denial.has_value();
      out["output"] = progress.outcome->text_for_model();
      out["duration_ms"] = progress.outcome->duration.count();
    } else {
      out["approval_id"] = progress.approval->id;
      out["rule"] = progress.approval->rule;
      out["reason"] = progress.approval->reason;
      if (progress.answer != nullptr) {
        out["approved"] = progress.answer->approved;
        out["approver"] = progress.answer->approver;
      }
    }
    print_json(out);
  }
  void note(const std::string& text) override { print_error(text); }
  void finish(const RunResult&, const json::Object&) override {}

 private:
  std::map<std::string, json::Object> begun_;
};

Millis age(const StepReport& report, WallTime now) {
  if (!report.started_at) {
    return Millis(0);
  }
  return std::chrono::duration_cast<Millis>(report.ended_at.value_or(now) - *report.started_at);
}

}  // namespace

std::unique_ptr<WorkflowView> make_workflow_view(Format format) {
  switch (format) {
    case Format::kJson:
      return std::make_unique<SilentView>();
    case Format::kStreamJson:
      return std::make_unique<StreamView>();
    case Format::kText:
      break;
  }
  return make_live_view();
}

std::string duration_text(Millis time) {
  const auto ms = time.count();
  if (ms < 1'000) {
    return fmt::format("{} ms", ms);
  }
  if (ms < 60'000) {
    return fmt::format("{:.1f} s", static_cast<double>(ms) / 1000);
  }
  const auto seconds = ms / 1000;
  if (seconds < 3'600) {
    return fmt::format("{} min {:02} s", seconds / 60, seconds % 60);
  }
  return fmt::format("{} h {:02} min", seconds / 3600, seconds % 3600 / 60);
}

Millis time_of(const RunResult& run, WallTime now) {
  if (workflow::is_end(run.status) || !run.started_at) {
    return run.duration;
  }
  return std::chrono::duration_cast<Millis>(now - *run.started_at);
}

std::string_view mark_of(StepState state) {
  switch (state) {
    case StepState::kCompleted:
      return "✓";
    case StepState::kFailed:
    case StepState::kCancelled:
      return "✗";
    case StepState::kUnknown:
      return "?";
    case StepState::kSkipped:
      return "–";
    case StepState::kRunning:
      return "▸";
    case StepState::kReady:
    case StepState::kPending:
      break;
  }
  return "·";
}

std::string step_line(const StepReport& report, WallTime now) {
  std::string line = one_line(report.path, 120);
  if (report.state == StepState::kRunning && !report.waits_for.empty()) {
    line += "  waits for " + one_line(report.waits_for, 80);
    if (report.due_at && *report.due_at > now) {
      line += " (" + duration_text(std::chrono::duration_cast<Millis>(*report.due_at - now)) + ")";
    }
  } else if (report.state == StepState::kSkipped) {
    line += "  " + (report.error.starts_with("skipped") ? "" : std::string("skipped: ")) +
            one_line(report.error, 120);
  } else if (report.state == StepState::kCancelled || report.state == StepState::kUnknown) {
    line += "  " + std::string(to_string(report.state));
  }
  if (report.attempts > 1) {
    line += fmt::format("  attempt {}", report.attempts);
  }
  if (report.started_at && report.state != StepState::kSkipped) {
    line += "  " + duration_text(age(report, now));
  }
  if (report.tolerated) {
    line += "  (tolerated)";
  }
  return line;
}

std::vector<std::string> critical_path(const workflow::Blueprint& blueprint,
                                       const std::vector<StepReport>& steps) {
  std::map<std::string, Millis, std::less<>> took;
  for (const StepReport& step : steps) {
    if (step.path == step.id && step.started_at && step.ended_at) {
      took[step.id] = std::chrono::duration_cast<Millis>(*step.ended_at - *step.started_at);
    }
  }
  const auto id_of = [&](workflow::StepIndex index) -> const std::string& {
    return blueprint.step(index).definition->id;
  };
  std::vector<std::string> path;
  for (const workflow::StepIndex index :
       workflow::critical_path(blueprint, 0, [&](workflow::StepIndex step) {
         const auto found = took.find(id_of(step));
         return found == took.end() ? Millis{0} : found->second;
       })) {
    if (took.contains(id_of(index))) {
      path.push_back(id_of(index));
    }
  }
  return path;
}

}  // namespace oap::cli
