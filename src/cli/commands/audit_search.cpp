#include <fmt/format.h>

#include "audit/query.hpp"
#include "cli/commands/audit_views.hpp"
#include "cli/output.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

/// A record has an id.
bool is_malformed(const json::Object& shown) {
  return json::get_string(shown, "event_type") == "malformed" &&
         json::find(shown, "event_id") == nullptr;
}

}  // namespace

std::string audit_line(const json::Object& record) {
  if (is_malformed(record)) {
    return text::escape_visible("malformed " + audit::place_of(record));
  }
  const json::Value value(record);
  const auto text = [&](std::string_view key) { return json::get_string(value, key); };
  std::string tool(text("server"));
  tool += tool.empty() ? "" : "/";
  tool += text("tool");
  std::string line = fmt::format("{} {:<16} {:<5} {} {}", text("timestamp"), text("event_type"),
                                 text("permission_decision"), tool, text("resource"));
  if (!text("reason").empty()) {
    line += fmt::format(" — {}", text("reason"));
  }
  if (!text("error").empty()) {
    line += fmt::format(" [{}]", text("error"));
  }
  return text::escape_visible(line);
}

audit::Malformed audit_malformed(const std::vector<json::Object>& shown) {
  audit::Malformed bad;
  for (const json::Object& record : shown) {
    if (is_malformed(record)) {
      ++bad.count;
      if (bad.places.size() < audit::Malformed::kMostPlaces) {
        bad.places.push_back(audit::place_of(record));
      }
    }
  }
  return bad;
}

int audit_malformed(const audit::Malformed& bad) {
  for (const std::string& place : bad.places) {
    print_error(text::escape_visible(place));
  }
  if (bad.count > 0) {
    print_error(fmt::format("{} {} no intact record; see `oap audit verify`", bad.count,
                            bad.count == 1 ? "line is" : "lines are"));
  }
  return bad.count > 0 ? 1 : 0;
}

Error usage(const Error& error) { return {Code::kConfiguration, error.message()}; }

Result<audit::Query> audit_query(const AuditArgs& args, WallTime now) {
  audit::Query query = args.query;
  if (!args.since.empty()) {
    auto since = audit::parse_when(args.since, now);
    if (!since) {
      return fail(usage(since.error()));
    }
    query.since = *std::move(since);
  }
  if (!args.until.empty()) {
    auto until = audit::parse_when(args.until, now);
    if (!until) {
      return fail(usage(until.error()));
    }
    query.until = *std::move(until);
  }
  if (!args.success.empty()) {
    query.success = args.success == "true";
  }
  return query;
}

int audit_search(const std::string& dir, const Common& common, const AuditArgs& args) {
  const bool as_json = common.json;
  const auto keys = audit_keys(dir, common);
  if (!keys) {
    return report(keys.error(), as_json);
  }
  const auto query = audit_query(args, system_clock().wall());
  if (!query) {
    return report(query.error(), as_json);
  }
  const auto found = audit::search(dir, *query, static_cast<std::size_t>(args.limit), keys->get());
  if (!found) {
    return report(found.error(), as_json);
  }
  for (const json::Object& record : found->records) {
    if (as_json) {
      print_json(json::Value(record));
    } else {
      print(audit_line(record) + "\n");
    }
  }
  if (found->more) {
    print_error(fmt::format("there are more than these {}: narrow the search or raise --limit",
                            found->records.size()));
  }
  audit::Malformed bad = audit_malformed(found->records);
  bad.count = found->malformed;
  return audit_malformed(bad);
}

}  // namespace oap::cli
