#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "gateway/trust/diff.hpp"
#include "gateway/trust/pins.hpp"

namespace oap::gateway {

/// One tool in a list of all that is pinned or waits.
struct PinRow {
  std::string server;
  std::string tool;
  ToolTrust trust = ToolTrust::kTrusted;  ///< kTrusted, kQuarantinedNew or kQuarantinedChanged
  std::string hash;                       ///< approved; "" where never
  std::string pending_hash;               ///< waits for approval; "" where nothing does
  std::string first_seen;
  std::string approved_by;
  std::string approved_at;
};

/// What is pinned and what waits, by server and tool. Pure.
std::vector<PinRow> list_pins(const Pins& pins);

/// What a person approves when they approve one tool.
struct PinDiff {
  std::string server;
  std::string tool;
  std::string hash;              ///< of the pending definition: what `Approval::hash` should be
  std::optional<Change> source;  ///< what the server is started by, where that has changed
  std::vector<Change> changes;   ///< from the approved definition, or from nothing, to the pending
  /// All of it for a person, ends with a newline; see `changes_text`.
  std::string text() const;
};

/// kNotFound where nothing of that name waits. Pure.
Result<PinDiff> diff_pin(const Pins& pins, const std::string& server, const std::string& tool);

json::Object to_json(const PinRow& row);
json::Object to_json(const PinDiff& diff);

}  // namespace oap::gateway
