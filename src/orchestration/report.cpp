#include "orchestration/report.hpp"

#include <fmt/format.h>

namespace oap::orchestration {
namespace {

constexpr std::size_t kEvidenceBytes = 4'000;
constexpr std::size_t kNoteBytes = 64;  // for how much more there was

std::string clipped(std::string text, std::size_t limit) {
  if (text.size() <= limit + kNoteBytes) {
    return text;
  }
  std::size_t cut = limit;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) {
    --cut;
  }
  const std::size_t left = text.size() - cut;
  text.resize(cut);
  return text + fmt::format("\n[{} more bytes]", left);
}

json::Object to_json(const Denial& denial) {
  return json::Object{
      {"call_id", denial.call_id},      {"server", denial.server}, {"tool", denial.tool},
      {"arguments", denial.arguments},  {"rule", denial.rule},     {"reason", denial.reason},
      {"unanswered", denial.unanswered}};
}

}  // namespace

int TaskReport::exit_code() const {
  if (success()) {
    return 0;
  }
  return error ? oap::exit_code(error->code()) : 1;
}

Error denial_error(const Denial& denial) {
  return Error(denial.unanswered ? Code::kUnanswered : Code::kPermissionDenied,
               fmt::format("permission denied: {} (rule: {})", denial.reason, denial.rule));
}

json::Object evidence_of(const CallRecord& record) {
  const ToolOutcome& outcome = record.outcome;
  json::Object out;
  out["tool"] = record.call.public_name();
  out["arguments"] = record.call.arguments;
  if (outcome.result) {
    out["status"] = outcome.result->is_error ? "error" : "ok";
    out["is_error"] = outcome.result->is_error;
    if (outcome.result->structured) {
      if (const json::Value* code = json::find(*outcome.result->structured, "exit_code")) {
        out["exit_code"] = *code;
      }
    }
  } else {
    out["status"] = outcome.denial ? "denied" : "failed";
    out["is_error"] = true;
  }
  out["output"] = clipped(outcome.text_for_model(), kEvidenceBytes);
  out["duration_ms"] = outcome.duration.count();
  return out;
}

void slim(CallRecord& record) {
  std::optional<ToolResult>& result = record.outcome.result;
  if (!result) {
    return;
  }
  ToolResult kept =
      ToolResult::text(clipped(record.outcome.text_for_model(), kEvidenceBytes), result->is_error);
  if (const json::Value* const code =
          result->structured ? json::find(*result->structured, "exit_code") : nullptr) {
    kept.structured = json::Value(json::Object{{"exit_code", *code}});
  }
  result = std::move(kept);
}

json::Object to_json(const TaskReport& report) {
  json::Object out;
  out["success"] = report.success();
  out["task_id"] = report.task_id;
  out["session_id"] = report.session_id;
  out["status"] = to_string(report.status);
  out["task"] = report.task;
  out["execution_path"] = to_string(report.path);
  out["content"] = report.content;
  out["plan"] = report.plan ? json::Value(to_json(*report.plan)) : json::Value(nullptr);
  out["results"] = report.results;
  out["review"] = report.review ? json::Value(to_json(*report.review)) : json::Value(nullptr);
  out["error"] = report.error ? json::Value(report.error->to_string()) : json::Value(nullptr);
  out["error_code"] =
      report.error ? json::Value(to_string(report.error->code())) : json::Value(nullptr);
  json::Array denials;
  for (const Denial& denial : report.denials) {
    denials.push_back(to_json(denial));
  }
  out["denials"] = std::move(denials);
  out["usage"] = to_json(report.usage);
  out["duration_ms"] = report.duration.count();
  return out;
}

}  // namespace oap::orchestration
