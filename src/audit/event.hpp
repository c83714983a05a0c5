#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "json/value.hpp"

namespace oap::audit {

/// One thing that happened, as the caller knows it. `arguments` and `result_summary` must already
/// be redacted. The log adds event_id, timestamp, seq, prev_hash and hash.
struct Event {
  std::string event_type;  ///< permission_check, tool_execution, task_started, approval, …
  std::string user_id;
  std::string role;
  std::string tenant = "default";
  std::string session_id;
  std::string task_id;
  std::string call_id;
  std::string server;
  std::string tool;
  std::string action;
  std::string resource;
  json::Object arguments;
  /// Their text from `print_bounded`, where the caller has it: `arguments` is then not looked at.
  std::shared_ptr<const std::string> printed_arguments;
  std::string permission_decision;  ///< allow, ask, deny; empty where none was taken
  std::string rule;
  std::string reason;
  std::string approver;
  std::optional<bool> success;
  std::string result_summary;
  double risk_score = 0;
  std::int64_t execution_time_ms = 0;
  std::string error;
  json::Array hook_trail;
  json::Object details;  ///< what only this event_type has
};

/// What the log adds to an event before it is chained.
struct Stamp {
  std::string event_id;
  std::string timestamp;
};

/// Arguments longer than this (as JSON) are replaced by their size, digest and start.
inline constexpr std::size_t kMaxArgumentBytes = 64U << 10U;
/// The arguments as a record has them. For who makes several records of the same ones.
std::shared_ptr<const std::string> print_bounded(const json::Object& arguments);
/// Longer texts are cut, with a note.
inline constexpr std::size_t kMaxTextBytes = 16U << 10U;

/// A record's canonical JSON (RFC 8785) but for the two values that only its place in the chain
/// decides.
struct Body {
  std::string text;
  std::size_t prev_hash_at = 0;  ///< where the 64 digits of prev_hash belong
  std::size_t seq_at = 0;        ///< where the number belongs; after prev_hash_at
};
Body encode(const Event& event, const Stamp& stamp);

}  // namespace oap::audit
