#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "audit/query.hpp"
#include "json/value.hpp"

namespace oap::audit {

/// What happened in a period: totals, use and success of tools, activity of users, incidents,
/// decisions. Counts calls by their `tool_execution` records, decisions by every record that has
/// one.
struct Report {
  struct Tool {
    std::uint64_t count = 0;  ///< executions
    std::uint64_t successes = 0;
    std::uint64_t denied = 0;
    std::int64_t total_ms = 0;
  };
  struct User {
    std::uint64_t events = 0;
    std::set<std::string> tools;
    double risk_score = 0;  ///< the highest
  };
  struct Incident {
    std::string timestamp, event_id, user_id, tool, action, permission_decision, rule, reason;
    double risk_score = 0;
  };
  static constexpr std::size_t kMaxIncidents = 1'000;  ///< the newest are kept
  /// So many tools and users are told apart; what comes after them counts as kOther.
  static constexpr std::size_t kMaxNames = 5'000;
  static constexpr std::size_t kMaxUserTools = 100;
  static constexpr std::string_view kOther = "(others)";
  static constexpr double kHighRisk = 0.7;

  std::string start;  ///< of the period; empty: the first record
  std::string end;
  std::uint64_t total_events = 0;
  std::uint64_t high_risk_events = 0;
  Malformed malformed;
  std::uint64_t incident_count = 0;
  std::map<std::string, Tool> tools;  ///< by `server__tool`, or the tool alone
  std::map<std::string, User> users;
  std::map<std::string, std::uint64_t> decisions;
  std::map<std::string, std::uint64_t> days;  ///< events by date
  std::vector<Incident> incidents;            ///< risk above 0.7, or denied; oldest first
};

/// `query` says the period, and may say more.
Result<Report> make_report(const std::string& dir, const Query& query, Keyring* keys = nullptr);

/// `{period, summary, tool_usage, user_activity, security_incidents, permission_decisions, …}`.
json::Object to_json(const Report& report);
std::string to_markdown(const Report& report);
/// One page with charts as inline SVG; no scripts, nothing fetched, everything escaped.
std::string to_html(const Report& report);

}  // namespace oap::audit
