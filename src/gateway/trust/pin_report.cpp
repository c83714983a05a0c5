#include "gateway/trust/pin_report.hpp"

#include <set>

#include <fmt/format.h>

#include "text/utf8.hpp"

namespace oap::gateway {
namespace {

json::Value value_of(std::string_view text) { return json::Value(json::String(text)); }

PinRow row_of(const std::string& server, const std::string& tool, const PinnedServer& record) {
  PinRow row{.server = server, .tool = tool};
  const auto pin = record.tools.find(tool);
  const auto pending = record.pending.find(tool);
  if (pin != record.tools.end()) {
    row.hash = pin->second.hash;
    row.first_seen = pin->second.first_seen;
    row.approved_by = pin->second.approved_by;
    row.approved_at = pin->second.approved_at;
  }
  if (pending != record.pending.end()) {
    row.pending_hash = pending->second.hash;
    row.trust =
        pin == record.tools.end() ? ToolTrust::kQuarantinedNew : ToolTrust::kQuarantinedChanged;
    if (row.first_seen.empty()) {
      row.first_seen = pending->second.seen_at;
    }
  }
  return row;
}

}  // namespace

std::vector<PinRow> list_pins(const Pins& pins) {
  std::vector<PinRow> rows;
  for (const auto& [server, record] : pins.servers) {
    std::set<std::string> names;
    for (const auto& [name, tool] : record.tools) {
      names.insert(name);
    }
    for (const auto& [name, tool] : record.pending) {
      names.insert(name);
    }
    for (const std::string& name : names) {
      rows.push_back(row_of(server, name, record));
    }
  }
  return rows;
}

Result<PinDiff> diff_pin(const Pins& pins, const std::string& server, const std::string& tool) {
  const auto record = pins.servers.find(server);
  if (record == pins.servers.end() || !record->second.pending.contains(tool)) {
    return fail(Code::kNotFound, "no tool {} of server {} waits for approval", tool, server);
  }
  const PendingTool& pending = record->second.pending.find(tool)->second;
  PinDiff diff{server, tool, pending.hash, {}, {}};
  const auto pin = record->second.tools.find(tool);
  if (pin == record->second.tools.end()) {
    diff.changes.push_back({"", std::nullopt, json::Value(pending.definition)});
    return diff;
  }
  diff.changes =
      changes_between(json::Value(pin->second.definition), json::Value(pending.definition));
  if (pin->second.source != pending.source) {
    const std::string& before = record->second.approved.digest == pin->second.source
                                    ? record->second.approved.command
                                    : pin->second.source;
    diff.source = Change{"", value_of(before), value_of(record->second.seen.command)};
  }
  return diff;
}

std::string PinDiff::text() const {
  std::string out = fmt::format("tool {} of server {}\n", text::escape_visible(tool),
                                text::escape_visible(server));
  if (source) {
    out += "what the server is started by has changed\n" + changes_text({*source});
  }
  return out + changes_text(changes);
}

json::Object to_json(const PinRow& row) {
  return {{"server", value_of(row.server)},
          {"tool", value_of(row.tool)},
          {"trust", value_of(to_string(row.trust))},
          {"hash", value_of(row.hash)},
          {"pending_hash", value_of(row.pending_hash)},
          {"first_seen", value_of(row.first_seen)},
          {"approved_by", value_of(row.approved_by)},
          {"approved_at", value_of(row.approved_at)}};
}

json::Object to_json(const PinDiff& diff) {
  const auto change_json = [](const Change& change) {
    json::Object object{{"path", value_of(change.path)}};
    if (change.before) {
      object["before"] = *change.before;
    }
    if (change.after) {
      object["after"] = *change.after;
    }
    return object;
  };
  json::Array changes;
  for (const Change& change : diff.changes) {
    changes.emplace_back(change_json(change));
  }
  json::Object object{{"server", value_of(diff.server)},
                      {"tool", value_of(diff.tool)},
                      {"hash", value_of(diff.hash)},
                      {"changes", std::move(changes)}};
  if (diff.source) {
    object["source"] = change_json(*diff.source);
  }
  return object;
}

}  // namespace oap::gateway
