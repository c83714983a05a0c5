#include "gateway/walk_audit.hpp"

#include "base/log.hpp"
#include "text/utf8.hpp"

namespace oap::gateway {
namespace {

constexpr std::size_t kSummaryBytes = 200;

/// The start of the text blocks, joined by newlines.
std::string summary_of(const ToolResult& result) {
  std::string text;
  for (const json::Value& block : result.content) {
    if (text.size() > kSummaryBytes) {
      break;
    }
    if (json::get_string(block, "type") == "text") {
      text += text.empty() ? "" : "\n";
      text += json::get_string(block, "text").substr(0, 2 * kSummaryBytes);
    }
  }
  if (text.size() > kSummaryBytes) {
    text.resize(text::truncate_utf8(text, kSummaryBytes).size());
    text += "…";
  }
  return text;
}

std::string resource_of(const ToolCall& call) {
  for (const char* key :
       {"path", "file_path", "command", "pattern", "code", "url", "uri", "name"}) {
    if (const json::Value* value = json::find(call.arguments, key);
        value != nullptr && value->is_string()) {
      return std::string(json::view(value->get_string()));
    }
  }
  return call.public_name();
}

}  // namespace

Task<bool> WalkAudit::intent(Walk& walk) {
  const audit::Durability durability = class_ ? class_(walk.call) : audit::Durability::kSync;
  clean_call(walk);
  const auto written = co_await sink_.append(event_of(walk, "permission_check"), durability);
  if (!written) {
    deny(walk, "audit", "the audit log could not be written: " + written.error().to_string());
    log::error("gateway", "intent not audited, call refused",
               {{"tool", walk.call.public_name()}, {"error", written.error().to_string()}});
    co_return false;
  }
  co_return true;
}

Task<void> WalkAudit::result(Walk& walk) {
  const bool ran = walk.effect_possible;
  const bool refused = (walk.judged_once || walk.outcome.denial) && !ran;
  clean_call(walk);
  audit::Event event = event_of(walk, refused ? "permission_check" : "tool_execution");
  const audit::Durability durability =
      ran ? audit::Durability::kDeferred : audit::Durability::kWritten;
  const auto written = co_await sink_.append(std::move(event), durability);
  if (!written) {
    log::error("gateway", "result not audited",
               {{"tool", walk.call.public_name()}, {"error", written.error().to_string()}});
    if (ran && walk.outcome.result) {
      walk.outcome.result.reset();
      walk.outcome.error =
          Error(Code::kDataLoss, "the tool ran, but its result could not be audited: " +
                                     written.error().to_string());
    }
  }
}

/// What the audit shows of the call, made once: both records have it.
void WalkAudit::clean_call(Walk& walk) const {
  if (walk.shown_arguments) {
    return;
  }
  walk.shown_resource = redactor_.redact(resource_of(walk.call));
  if (!redactor_.has_secret(walk.call.arguments)) {
    walk.shown_arguments = audit::print_bounded(walk.call.arguments);
    return;
  }
  const json::Value clean = redactor_.redact(json::Value(walk.call.arguments));
  walk.shown_arguments = audit::print_bounded(clean.as_object());
}

audit::Event WalkAudit::event_of(const Walk& walk, std::string type) const {
  const ToolCall& call = walk.call;
  audit::Event event;
  event.event_type = std::move(type);
  event.user_id = call.principal.user_id;
  event.role = call.principal.role;
  event.tenant = call.principal.tenant;
  event.session_id = call.session_id;
  event.task_id = call.task_id;
  event.call_id = call.id;
  event.server = call.server;
  event.tool = call.tool;
  event.action = call.server == kBuiltinServer ? "execute" : "invoke";
  event.resource = walk.shown_resource;
  event.printed_arguments = walk.shown_arguments;
  event.approver = walk.approver;
  json::Array trail = hooks::to_json(walk.judged.trail);
  trail.insert(trail.end(), walk.after_trail.begin(), walk.after_trail.end());
  if (!trail.empty()) {
    json::Value clean_trail = redactor_.redact(json::Value(std::move(trail)));
    event.hook_trail = std::move(clean_trail.as_array());
  }
  event.rule = walk.judged.rule;
  event.reason = redactor_.redact(walk.judged.reason);
  event.risk_score = walk.judged.risk_score;
  if (walk.judged_once) {
    event.permission_decision = to_string(walk.judged.level);
  }
  if (!walk.revision.empty()) {
    event.details["policy_revision"] = walk.revision;
  }
  event.execution_time_ms =
      std::chrono::duration_cast<Millis>(clock_.steady() - walk.started).count();
  if (walk.outcome.denial) {
    event.permission_decision = "deny";
    event.rule = walk.outcome.denial->rule;
    event.reason = redactor_.redact(walk.outcome.denial->reason);
    event.success = false;
  } else if (walk.outcome.error) {
    event.success = false;
    event.error = redactor_.redact(walk.outcome.error->to_string());
  } else if (walk.outcome.result) {
    event.success = !walk.outcome.result->is_error;
    event.result_summary = redactor_.redact(summary_of(*walk.outcome.result));
  }
  return event;
}

}  // namespace oap::gateway
