#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "json/value.hpp"

namespace oap::store {

/// States of a step. completed, failed, skipped and cancelled are ends; `unknown` is a call that
/// was begun and whose outcome nobody knows (a crash under `effect: once`).
enum class StepState {
  kPending,
  kReady,
  kRunning,
  kCompleted,
  kFailed,
  kSkipped,
  kCancelled,
  kUnknown
};
enum class RunState { kPending, kRunning, kPaused, kCompleted, kFailed, kCancelled };

std::string_view to_string(StepState state);
std::string_view to_string(RunState state);
std::optional<StepState> step_state_from(std::string_view name);
std::optional<RunState> run_state_from(std::string_view name);
bool is_end(StepState state);
bool is_end(RunState state);

/// One execution of one pinned definition.
struct RunRecord {
  std::string id;  ///< run_…
  std::string task_id;
  std::string session_id;
  std::string name;
  std::string definition_hash;  ///< sha256 of the definition's canonical JSON
  RunState state = RunState::kPending;
  std::int64_t epoch = 0;  ///< rises with every change of owner; guards every write
  std::string owner;       ///< who holds the lease; empty: nobody
  std::optional<WallTime> lease_until;
  json::Value inputs;
  json::Value outputs;
  std::string error;
  WallTime created_at;
  std::optional<WallTime> started_at;
  std::optional<WallTime> ended_at;
};

/// One step of one run: where it stands now.
struct StepRecord {
  std::string id;  ///< unique within the run, e.g. "build" or "loop[3].body"
  std::string name;
  std::string kind;
  std::string effect;  ///< pure, idempotent, once
  StepState state = StepState::kPending;
  std::int64_t unmet = 0;    ///< dependencies that have not ended
  std::int64_t attempt = 0;  ///< number of the newest attempt, 0 before the first
  std::int64_t epoch = 0;    ///< of the owner that wrote this state
  std::string idempotency_key;
  json::Value input;
  json::Value output;
  std::string error;
  std::string error_code;
  std::optional<WallTime> due_at;  ///< ready, but not to be started before this (backoff)
  std::optional<WallTime> started_at;
  std::optional<WallTime> ended_at;
};

/// One try of one step.
struct AttemptRecord {
  std::string step_id;
  std::int64_t attempt = 0;
  StepState state = StepState::kRunning;
  std::int64_t epoch = 0;
  std::string idempotency_key;
  std::string error;
  std::string error_code;
  WallTime started_at;
  std::optional<WallTime> ended_at;
};

}  // namespace oap::store
