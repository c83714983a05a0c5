#include "audit/report.hpp"

#include <algorithm>

#include "text/utf8.hpp"

namespace oap::audit {
namespace {

constexpr std::size_t kMostText = 500;

/// The entry of a name, or the one for all that came too late to have one.
template <class Entries>
typename Entries::mapped_type& entry_of(Entries& entries, std::string_view name) {
  std::string key(text::truncate_utf8(name, kMostText));
  const bool known = entries.size() < Report::kMaxNames || entries.contains(key);
  return entries[known ? std::move(key) : std::string(Report::kOther)];
}

void add_incident(Report& report, const json::Object& record, const std::string& tool) {
  const auto text = [&record](std::string_view key) {
    return std::string(text::truncate_utf8(json::get_string(record, key), kMostText));
  };
  ++report.incident_count;
  report.incidents.push_back({text("timestamp"), text("event_id"), text("user_id"), tool,
                              text("action"), text("permission_decision"), text("rule"),
                              text("reason"), json::get_double(record, "risk_score")});
  if (report.incidents.size() >= 2 * Report::kMaxIncidents) {
    report.incidents.erase(report.incidents.begin(),
                           report.incidents.end() - Report::kMaxIncidents);
  }
}

std::string tool_name(const json::Object& record) {
  const std::string server(json::get_string(record, "server"));
  const std::string tool(json::get_string(record, "tool"));
  return server.empty() || server == "builtin" || server == "sandbox" ? tool : server + "__" + tool;
}

void count_tool(Report::Tool& tool, const json::Object& record, bool denied) {
  if (json::get_string(record, "event_type") == "tool_execution") {
    ++tool.count;
    tool.successes += json::get_bool(record, "success") ? 1 : 0;
    tool.total_ms += json::get_int(record, "execution_time_ms");
  }
  tool.denied += denied ? 1 : 0;
}

void add(Report& report, const json::Object& record) {
  const std::string user(json::get_string(record, "user_id"));
  const std::string decision(json::get_string(record, "permission_decision"));
  const std::string tool = tool_name(record);
  const double risk = json::get_double(record, "risk_score");
  const bool denied = decision == "deny";
  ++report.total_events;
  report.high_risk_events += risk > Report::kHighRisk ? 1 : 0;
  ++report.days[std::string(json::get_string(record, "timestamp").substr(0, 10))];
  if (!tool.empty()) {
    count_tool(entry_of(report.tools, tool), record, denied);
  }
  if (!user.empty()) {
    Report::User& one = entry_of(report.users, user);
    ++one.events;
    one.risk_score = std::max(one.risk_score, risk);
    if (!tool.empty() && one.tools.size() < Report::kMaxUserTools) {
      one.tools.insert(std::string(text::truncate_utf8(tool, kMostText)));
    }
  }
  if (!decision.empty()) {
    ++entry_of(report.decisions, decision);
  }
  if (denied || risk > Report::kHighRisk) {
    add_incident(report, record, tool);
  }
}

json::Value rate_of(const Report::Tool& tool) {
  return tool.count == 0
             ? json::Value(nullptr)
             : json::Value(static_cast<double>(tool.successes) / static_cast<double>(tool.count));
}

json::Array strings(const std::vector<std::string>& from) {
  json::Array array;
  for (const std::string& one : from) {
    array.emplace_back(one);
  }
  return array;
}

json::Object counts(const std::map<std::string, std::uint64_t>& from) {
  json::Object object;
  for (const auto& [name, count] : from) {
    object[name] = count;
  }
  return object;
}

}  // namespace

Result<Report> make_report(const std::string& dir, const Query& query, Keyring* keys) {
  Report report;
  report.start = query.since;
  report.end = query.until;
  OAP_TRY(report.malformed, for_each(
                                dir, query,
                                [&report](const json::Object& record, std::string_view /*line*/) {
                                  add(report, record);
                                  return true;
                                },
                                keys));
  if (report.incidents.size() > Report::kMaxIncidents) {
    report.incidents.erase(report.incidents.begin(),
                           report.incidents.end() - Report::kMaxIncidents);
  }
  return report;
}

json::Object to_json(const Report& report) {
  json::Object tools;
  for (const auto& [name, tool] : report.tools) {
    tools[name] = json::Object{{"count", tool.count},
                               {"success_rate", rate_of(tool)},
                               {"successes", tool.successes},
                               {"denied", tool.denied},
                               {"total_execution_time_ms", tool.total_ms}};
  }
  json::Object users;
  for (const auto& [name, user] : report.users) {
    json::Array names;
    for (const std::string& tool : user.tools) {
      names.emplace_back(tool);
    }
    users[name] = json::Object{
        {"events", user.events}, {"tools", std::move(names)}, {"risk_score", user.risk_score}};
  }
  json::Array incidents;
  for (const Report::Incident& one : report.incidents) {
    incidents.push_back(json::Object{{"timestamp", one.timestamp},
                                     {"event_id", one.event_id},
                                     {"user_id", one.user_id},
                                     {"tool", one.tool},
                                     {"action", one.action},
                                     {"risk_score", one.risk_score},
                                     {"permission_decision", one.permission_decision},
                                     {"rule", one.rule},
                                     {"reason", one.reason}});
  }
  return {{"period", json::Object{{"start", report.start}, {"end", report.end}}},
          {"summary", json::Object{{"total_events", report.total_events},
                                   {"unique_users", report.users.size()},
                                   {"unique_tools", report.tools.size()},
                                   {"high_risk_events", report.high_risk_events},
                                   {"security_incidents", report.incident_count},
                                   {"malformed_records", report.malformed.count}}},
          {"tool_usage", std::move(tools)},
          {"user_activity", std::move(users)},
          {"security_incidents", std::move(incidents)},
          {"permission_decisions", counts(report.decisions)},
          {"malformed_places", strings(report.malformed.places)},
          {"events_by_day", counts(report.days)}};
}

}  // namespace oap::audit
