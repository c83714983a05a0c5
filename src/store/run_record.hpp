#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "json/value.hpp"

namespace oap::store {

/// States of a step. completed, failed, skipped and cancelled are ends; `unknown` is a call that
/// was begun and whose outcome nobody knows (a crash under `effect: once`).
enum class StepState : std::uint8_t {
  kPending,
  kReady,
  kRunning,
  kCompleted,
  kFailed,
  kSkipped,
  kCancelled,
  kUnknown
};
enum class RunState : std::uint8_t { kPending, kRunning, kPaused, kCompleted, kFailed, kCancelled };

std::string_view to_string(StepState state);
std::string_view to_string(RunState state);
std::optional<StepState> step_state_from(std::string_view name);
std::optional<RunState> run_state_from(std::string_view name);
bool is_end(StepState state);
bool is_end(RunState state);

/// One execution of one pinned definition, as a row: what lists and claims need. All that happened
/// in it is in its events.
struct RunRecord {
  std::string id;  ///< run_…
  std::string workflow_id;
  std::string name;
  std::string definition_hash;  ///< sha256 of the definition's canonical JSON
  std::string task_id;
  std::string session_id;
  std::string user;
  std::string parent_run;   ///< of a sub-workflow
  std::string parent_step;  ///< path of the step there
  std::string forked_from;
  RunState state = RunState::kPending;
  std::string waits_for;   ///< of an open run that only waits: for what, for a person
  std::int64_t epoch = 0;  ///< rises with every change of owner; guards every write
  std::string owner;       ///< the engine that runs it; empty: nobody
  std::int64_t seq = 0;    ///< of its newest event
  std::string head;        ///< that event's hash, 32 bytes; empty: of before there was a chain
  std::optional<WallTime> wake_at;  ///< nobody owns it until then, unless somebody wants to
  json::Value outputs;
  std::string error;
  std::string error_code;
  WallTime created_at;
  std::optional<WallTime> started_at;
  std::optional<WallTime> ended_at;
};

}  // namespace oap::store
