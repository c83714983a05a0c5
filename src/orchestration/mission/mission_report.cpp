#include "orchestration/mission/mission_report.hpp"

#include <fmt/format.h>

namespace oap::orchestration {
namespace {

json::Array texts(const std::vector<std::string>& lines) {
  json::Array list;
  for (const std::string& line : lines) {
    list.emplace_back(line);
  }
  return list;
}

}  // namespace

std::string state_line(const MissionStatus& status) {
  const std::string waits(to_string(status.waits_for));
  return fmt::format("mission: {}{}{} (iteration {})", to_string(status.state),
                     waits.empty() ? "" : " for " + waits,
                     status.reason.empty() ? "" : ": " + status.reason, status.iteration);
}

std::optional<Error> MissionReport::error() const {
  const std::string why = status.reason.empty() ? "" : ": " + status.reason;
  const auto told = [&](Code code, std::string_view what) {
    return Error(code, fmt::format("the mission {}{}", what, why));
  };
  switch (status.state) {
    case MissionState::kDone:
    case MissionState::kPlanning:
    case MissionState::kRunning:
    case MissionState::kVerifying:
      return std::nullopt;
    case MissionState::kCancelled:
      return told(Code::kCancelled, "was cancelled");
    case MissionState::kFailed:
      return told(Code::kFailedPrecondition, "failed");
    case MissionState::kBlocked:
      return told(Code::kUnanswered, "is blocked");
    case MissionState::kWaiting:
      return status.waits_for == WaitsFor::kUser
                 ? std::optional(told(Code::kUnanswered, "waits for a person"))
                 : std::nullopt;
    case MissionState::kPaused:
      if (status.reason_code == "planned") {
        return std::nullopt;
      }
      return told(status.reason_code == "provider"      ? Code::kUpstream
                  : status.reason_code == "interrupted" ? Code::kCancelled
                                                        : Code::kUnanswered,
                  "is paused");
  }
  return std::nullopt;
}

int MissionReport::exit_code() const {
  const std::optional<Error> problem = error();
  return problem ? oap::exit_code(problem->code()) : 0;
}

json::Object to_json(const MissionReport& report) {
  const bool success = report.status.state == MissionState::kDone;
  json::Array evidence;
  for (const Evidence& one : report.evidence) {
    evidence.push_back(to_json(one));
  }
  json::Array tasks;
  for (const DelegatedTask& task : report.tasks) {
    tasks.push_back(json::Object{{"task_id", task.id},
                                 {"agent", task.agent},
                                 {"description", task.description},
                                 {"state", to_string(task.state)},
                                 {"session_id", task.session_id},
                                 {"note", task.note}});
  }
  const TodoCounts& counts = report.verdict.counts;
  json::Object out{{"success", success},
                   {"mission_id", report.mission_id},
                   {"session_id", report.session_id},
                   {"status", to_string(report.status.state)},
                   {"waits_for", to_string(report.status.waits_for)},
                   {"reason", report.status.reason},
                   {"reason_code", report.status.reason_code},
                   {"question", report.status.question},
                   {"objective", report.objective},
                   {"plan", report.plan_file},
                   {"iteration", report.status.iteration},
                   {"progress", json::Object{{"total", counts.total},
                                             {"done", counts.done},
                                             {"open", counts.open},
                                             {"blocked", counts.blocked},
                                             {"failed", counts.failed},
                                             {"cancelled", counts.cancelled}}},
                   {"open", texts(report.verdict.open)},
                   {"notes", texts(report.verdict.notes)},
                   {"evidence", std::move(evidence)},
                   {"tasks", std::move(tasks)},
                   {"in_doubt", texts(report.in_doubt)},
                   {"limits", to_json(report.limits)},
                   {"tool_calls", report.tool_calls},
                   {"usage", to_json(report.usage)},
                   {"content", report.content},
                   {"duration_ms", report.active.count()}};
  const std::optional<Error> problem = report.error();
  out["error"] = problem ? json::Value(problem->to_string()) : json::Value(nullptr);
  out["error_code"] = problem ? json::Value(to_string(problem->code())) : json::Value(nullptr);
  return out;
}

}  // namespace oap::orchestration
