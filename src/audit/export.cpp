#include "audit/export.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include <fmt/format.h>

#include "base/clock.hpp"
#include "json/print.hpp"

namespace oap::audit {
namespace {

std::string text_of(const json::Object& record, std::string_view key) {
  return std::string(json::get_string(record, key));
}

int number_at(std::string_view text, std::size_t at, std::size_t digits) {
  int number = 0;
  if (text.size() >= at + digits) {
    std::from_chars(text.data() + at, text.data() + at + digits, number);
  }
  return number;
}

/// Milliseconds since 1970 of a time as `format_time` prints it; 0 of anything else.
std::int64_t millis_of(std::string_view text) {
  using namespace std::chrono;
  const year_month_day date(year(number_at(text, 0, 4)),
                            month(static_cast<unsigned>(number_at(text, 5, 2))),
                            day(static_cast<unsigned>(number_at(text, 8, 2))));
  if (text.size() != 24 || !date.ok()) {
    return 0;
  }
  const auto at = sys_days(date) + hours(number_at(text, 11, 2)) + minutes(number_at(text, 14, 2)) +
                  seconds(number_at(text, 17, 2)) + milliseconds(number_at(text, 20, 3));
  return duration_cast<milliseconds>(at.time_since_epoch()).count();
}

enum class Outcome { kUnknown, kSuccess, kFailure };

Outcome outcome_of(const json::Object& record) {
  const json::Value* success = json::find(record, "success");
  if (success == nullptr || !success->is_bool()) {
    return json::get_string(record, "permission_decision") == "deny" ? Outcome::kFailure
                                                                     : Outcome::kUnknown;
  }
  return success->get_bool() ? Outcome::kSuccess : Outcome::kFailure;
}

/// 1 informational to 4 high, in OCSF's numbers.
int severity_of(const json::Object& record) {
  const double risk = json::get_double(record, "risk_score");
  if (risk > 0.7) {
    return 4;
  }
  const bool denied = json::get_string(record, "permission_decision") == "deny";
  return risk > 0.4 || denied ? 3 : outcome_of(record) == Outcome::kFailure ? 2 : 1;
}

std::string operation_of(const json::Object& record) {
  const std::string server = text_of(record, "server");
  const std::string tool = text_of(record, "tool");
  const std::string name = server.empty() ? tool : server + "__" + tool;
  return name.empty() ? text_of(record, "event_type") : name;
}

/// The length of the control character at `at`: C0, DEL, C1, the line and paragraph separators, and
/// what turns the direction of text; 0 of anything else.
std::size_t control_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  if (byte(0) < 0x20 || byte(0) == 0x7F) {
    return 1;
  }
  if (byte(0) == 0xC2 && byte(1) >= 0x80 && byte(1) <= 0x9F) {
    return 2;
  }
  const bool separators = byte(1) == 0x80 && byte(2) >= 0xA8 && byte(2) <= 0xAE;
  const bool isolates = byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9;
  return byte(0) == 0xE2 && (separators || isolates) ? 3 : 0;
}

/// What a control character becomes: a backslash, escaped as the format asks, and its bytes.
std::string shown(std::string_view control) {
  std::string out;
  for (const char c : control) {
    out += fmt::format("\\\\x{:02x}", static_cast<unsigned char>(c));
  }
  return out;
}

/// "|" and "\" escaped; a header has no line ends ("CEF Implementation Standard", character
/// encoding).
std::string cef_header(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\n' || c == '\r' || c == '\t') {
      out.push_back(' ');
    } else if (const std::size_t control = control_at(text, at); control > 0) {
      out += shown(text.substr(at, control));
      at += control - 1;
    } else {
      out += c == '\\' || c == '|' ? "\\" : "";
      out.push_back(c);
    }
  }
  return out;
}

std::string cef_value(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\n' || c == '\r') {
      out += c == '\n' ? "\\n" : "\\r";
    } else if (const std::size_t control = control_at(text, at); control > 0) {
      out += shown(text.substr(at, control));
      at += control - 1;
    } else {
      out += c == '\\' || c == '=' ? "\\" : "";
      out.push_back(c);
    }
  }
  return out;
}

}  // namespace

json::Object to_ocsf(const json::Object& record, std::string_view version) {
  constexpr int kCategory = 6;
  constexpr int kClass = 6'003;
  constexpr int kOther = 99;
  const Outcome outcome = outcome_of(record);
  const std::string decision = text_of(record, "permission_decision");
  json::Object unmapped = record;
  for (const char* mapped : {"timestamp", "event_id", "user_id", "error", "success", "reason"}) {
    unmapped.erase(mapped);
  }
  json::Object event{
      {"activity_id", kOther},
      {"activity_name", text_of(record, "event_type")},
      {"actor", json::Object{{"user", json::Object{{"name", text_of(record, "user_id")},
                                                   {"type", text_of(record, "role")}}},
                             {"session", json::Object{{"uid", text_of(record, "session_id")}}}}},
      {"api", json::Object{{"operation", operation_of(record)},
                           {"service", json::Object{{"name", text_of(record, "server")}}},
                           {"request", json::Object{{"uid", text_of(record, "call_id")}}}}},
      {"category_uid", kCategory},
      {"category_name", "Application Activity"},
      {"class_uid", kClass},
      {"class_name", "API Activity"},
      {"message", text_of(record, "reason")},
      {"metadata", json::Object{{"version", "1.3.0"},
                                {"uid", text_of(record, "event_id")},
                                {"sequence", json::get_int(record, "seq")},
                                {"tenant_uid", text_of(record, "tenant")},
                                {"profiles", json::Array{"security_control"}},
                                {"product", json::Object{{"name", "oap"},
                                                         {"vendor_name", "OpenCode"},
                                                         {"version", version}}}}},
      {"resources", json::Array{json::Object{{"name", text_of(record, "resource")}}}},
      {"severity_id", severity_of(record)},
      {"src_endpoint", json::Object{{"name", "localhost"}}},
      {"status_id", static_cast<int>(outcome)},
      {"status_detail", text_of(record, "error")},
      {"time", millis_of(text_of(record, "timestamp"))},
      {"type_uid", kClass * 100 + kOther},
      {"unmapped", std::move(unmapped)}};
  if (!decision.empty()) {
    event["action_id"] = decision == "allow" ? 1 : decision == "deny" ? 2 : kOther;
    event["action"] = decision;
    event["disposition_id"] = decision == "allow" ? 1 : decision == "deny" ? 2 : kOther;
  }
  return event;
}

std::string to_cef(const json::Object& record, std::string_view version) {
  constexpr std::array<int, 5> kSeverity{0, 1, 4, 6, 9};
  const std::string type = text_of(record, "event_type");
  std::string line = fmt::format("CEF:0|OpenCode|oap|{}|{}|{}|{}|", cef_header(version),
                                 cef_header(type), cef_header(type + " " + operation_of(record)),
                                 kSeverity[static_cast<std::size_t>(severity_of(record))]);
  bool first = true;
  const auto add = [&line, &first](std::string_view key, std::string_view value) {
    if (!value.empty()) {
      line += fmt::format("{}{}={}", first ? "" : " ", key, cef_value(value));
      first = false;
    }
  };
  const auto labelled = [&](std::string_view field, std::string_view label, std::string_view key) {
    if (const std::string value = text_of(record, key); !value.empty()) {
      add(fmt::format("{}Label", field), label);
      add(field, value);
    }
  };
  add("rt", fmt::to_string(millis_of(text_of(record, "timestamp"))));
  add("externalId", text_of(record, "event_id"));
  add("suser", text_of(record, "user_id"));
  add("spriv", text_of(record, "role"));
  add("act", text_of(record, "permission_decision"));
  const Outcome outcome = outcome_of(record);
  add("outcome", outcome == Outcome::kSuccess   ? "success"
                 : outcome == Outcome::kFailure ? "failure"
                                                : "");
  add("request", text_of(record, "resource"));
  add("requestMethod", text_of(record, "action"));
  const std::string reason = text_of(record, "reason");
  add("msg", reason.empty() ? text_of(record, "error") : reason);
  labelled("cs1", "session", "session_id");
  labelled("cs2", "call", "call_id");
  labelled("cs3", "rule", "rule");
  labelled("cs4", "hash", "hash");
  labelled("cs5", "task", "task_id");
  labelled("cs6", "tenant", "tenant");
  add("cn1Label", "seq");
  add("cn1", fmt::to_string(json::get_int(record, "seq")));
  add("cfp1Label", "risk_score");
  add("cfp1", fmt::format("{:.3f}", json::get_double(record, "risk_score")));
  return line;
}

}  // namespace oap::audit
