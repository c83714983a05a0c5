#include "audit/event.hpp"

#include <fmt/format.h>

#include "crypto/hash.hpp"
#include "json/print.hpp"
#include "text/utf8.hpp"

namespace oap::audit {
namespace {

/// Writes the members of one canonical object, which must come in their sorted order.
class Members {
 public:
  explicit Members(std::string& out) : out_(&out) {}

  /// Goes on in another string, after a comma.
  void into(std::string& out) { out_ = &out; }

  void text(std::string_view key, std::string_view value) {
    if (value.size() <= kMaxTextBytes) {
      raw(key, json::quote(value));
    } else {
      raw(key, json::quote(fmt::format("{}… ({} bytes)", text::truncate_utf8(value, kMaxTextBytes),
                                       value.size())));
    }
  }
  void text_if(std::string_view key, std::string_view value) {
    if (!value.empty()) {
      text(key, value);
    }
  }
  /// A value of bounded size: a longer one is replaced by what identifies it.
  void value(std::string_view key, const json::Value& value) {
    std::string printed = json::canonical(value);
    if (printed.size() > kMaxArgumentBytes) {
      json::Object cut;
      cut["truncated_bytes"] = printed.size();
      cut["sha256"] = crypto::sha256_hex(printed);
      cut["start"] = std::string(text::truncate_utf8(printed, 1'024));
      printed = json::canonical(cut);
    }
    raw(key, printed);
  }
  void raw(std::string_view key, std::string_view printed) {
    out_->append(first_ ? "{\"" : ",\"").append(key).append("\":").append(printed);
    first_ = false;
  }

 private:
  std::string* out_;
  bool first_ = true;
};

}  // namespace

Body encode(const Event& event, const Stamp& stamp) {
  Body body;
  Members members(body.head);
  members.text("action", event.action);
  members.text_if("approver", event.approver);
  members.value("arguments", event.arguments);
  members.text_if("call_id", event.call_id);
  if (!event.details.empty()) {
    members.value("details", event.details);
  }
  members.text_if("error", event.error);
  members.text("event_id", stamp.event_id);
  members.text("event_type", event.event_type);
  members.raw("execution_time_ms", fmt::to_string(event.execution_time_ms));
  if (!event.hook_trail.empty()) {
    members.value("hook_trail", event.hook_trail);
  }
  members.text("permission_decision", event.permission_decision);
  body.head += ",\"prev_hash\":\"";

  body.middle = "\"";
  members.into(body.middle);
  members.text_if("reason", event.reason);
  members.text("resource", event.resource);
  members.text_if("result_summary", event.result_summary);
  members.raw("risk_score", json::canonical(json::Value(event.risk_score)));
  members.text("role", event.role);
  members.text_if("rule", event.rule);
  body.middle += ",\"seq\":";

  members.into(body.tail);
  members.text("server", event.server);
  members.text("session_id", event.session_id);
  if (event.success) {
    members.raw("success", *event.success ? "true" : "false");
  }
  members.text_if("task_id", event.task_id);
  members.text("tenant", event.tenant);
  members.text("timestamp", stamp.timestamp);
  members.text("tool", event.tool);
  members.text("user_id", event.user_id);
  body.tail += "}";
  return body;
}

}  // namespace oap::audit
