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

template <class Json>
void append_bounded(std::string& out, const Json& value) {
  const std::size_t start = out.size();
  json::append_canonical(out, value);
  if (out.size() - start > kMaxArgumentBytes) {
    const std::string printed = out.substr(start);
    out.resize(start);
    json::append_canonical(out, identified(printed));
  }
}

/// Writes the members of one canonical object, which must come in their sorted order.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) {}

  void text(std::string_view key, std::string_view value) {
    name(key);
    if (value.size() <= kMaxTextBytes) {
      json::append_quoted(out_, value);
    } else {
      json::append_quoted(
          out_,
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
    append_bounded(out_, value);
  }
  void raw(std::string_view key, std::string_view printed) {
    name(key);
    out_.append(printed);
  }
  /// Where the value of a member will stand that is put in later.
  std::size_t gap(std::string_view key) {
    name(key);
    return out_.size();
  }

 private:
  std::string& out_;
  bool first_ = true;

  void name(std::string_view key) {
    out_.append(first_ ? "{\"" : ",\"").append(key).append("\":");
    first_ = false;
  }
};

}  // namespace

std::shared_ptr<const std::string> print_bounded(const json::Object& arguments) {
  auto printed = std::make_shared<std::string>();
  append_bounded(*printed, arguments);
  return printed;
}

Body encode(const Event& event, const Stamp& stamp) {
  constexpr std::size_t kUsual = 1'024;
  Body body;
  body.text.reserve(kUsual + (event.printed_arguments ? event.printed_arguments->size() : 0));
  Members members(body.text);
  members.text("action", event.action);
  members.text_if("approver", event.approver);
  if (event.printed_arguments) {
    members.raw("arguments", *event.printed_arguments);
  } else {
    members.value("arguments", event.arguments);
  }
  members.text_if("call_id", event.call_id);
  if (!event.details.empty()) {
    members.value("details", event.details);
  }
  members.text_if("error", event.error);
  members.text("event_id", stamp.event_id);
  members.text("event_type", event.event_type);
  const fmt::format_int took(event.execution_time_ms);
  members.raw("execution_time_ms", {took.data(), took.size()});
  if (!event.hook_trail.empty()) {
    members.value("hook_trail", event.hook_trail);
  }
  members.text("permission_decision", event.permission_decision);
  members.raw("prev_hash", "\"\"");
  body.prev_hash_at = body.text.size() - 1;
  members.text_if("reason", event.reason);
  members.text("resource", event.resource);
  members.text_if("result_summary", event.result_summary);
  members.value("risk_score", json::Value(event.risk_score));
  members.text("role", event.role);
  members.text_if("rule", event.rule);
  body.seq_at = members.gap("seq");
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
  body.text.push_back('}');
  return body;
}

}  // namespace oap::audit
