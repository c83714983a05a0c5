#include "audit/event.hpp"

#include <fmt/format.h>

#include "crypto/hash.hpp"
#include "json/append.hpp"
#include "text/utf8.hpp"

namespace oap::audit {
namespace {

/// What stands for a value that is too long.
json::Object identified(std::string_view printed) {
  json::Object cut;
  cut["truncated_bytes"] = printed.size();
  cut["sha256"] = crypto::sha256_hex(printed);
  cut["start"] = text::truncate_utf8(printed, 1'024);
  return cut;
}

/// Writes the members of one canonical object, which must come in their sorted order.
class Members {
 public:
  explicit Members(std::string& out) : out_(&out) {}

  /// Goes on in another string, after a comma.
  void into(std::string& out) { out_ = &out; }

  void text(std::string_view key, std::string_view value) {
    name(key);
    if (value.size() <= kMaxTextBytes) {
      json::append_quoted(*out_, value);
    } else {
      json::append_quoted(
          *out_,
          fmt::format("{}… ({} bytes)", text::truncate_utf8(value, kMaxTextBytes), value.size()));
    }
  }
  void text_if(std::string_view key, std::string_view value) {
    if (!value.empty()) {
      text(key, value);
    }
  }
  /// A value of bounded size: a longer one is replaced by what identifies it.
  template <class Json>
  void value(std::string_view key, const Json& value) {
    name(key);
    const std::size_t start = out_->size();
    json::append_canonical(*out_, value);
    if (out_->size() - start > kMaxArgumentBytes) {
      const std::string printed = out_->substr(start);
      out_->resize(start);
      json::append_canonical(*out_, identified(printed));
    }
  }
  void raw(std::string_view key, std::string_view printed) {
    name(key);
    out_->append(printed);
  }

 private:
  std::string* out_;
  bool first_ = true;

  void name(std::string_view key) {
    out_->append(first_ ? "{\"" : ",\"").append(key).append("\":");
    first_ = false;
  }
};

}  // namespace

json::Object bounded(const json::Object& value) {
  std::string printed;
  json::append_canonical(printed, value);
  return printed.size() > kMaxArgumentBytes ? identified(printed) : value;
}

Body encode(const Event& event, const Stamp& stamp) {
  constexpr std::size_t kUsualPart = 512;
  Body body;
  body.head.reserve(kUsualPart);
  body.middle.reserve(kUsualPart);
  body.tail.reserve(kUsualPart);
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
  members.value("risk_score", json::Value(event.risk_score));
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
