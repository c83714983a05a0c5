#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "json/value.hpp"
#include "store/run_record.hpp"
#include "workflow/step_runner.hpp"

namespace oap::workflow {

using store::is_end;
using store::RunState;
using store::StepState;
using store::to_string;

/// Where a step instance stands, for those who watch and for the result.
struct StepReport {
  std::string path;  ///< "build", "loop[3].body", "each[17]", "finally.notify", "book.compensate"
  std::string id;    ///< the author's, "body"
  std::string type;  ///< tool, agent, …
  StepState state = StepState::kPending;
  std::string
      waits_for;  ///< of a running one: "time", "signal deploy", "approval", "run run_…", ""
  int attempts = 0;
  std::optional<WallTime> ready_at;
  std::optional<WallTime> started_at;  ///< of the first attempt
  std::optional<WallTime> ended_at;
  std::optional<WallTime> due_at;  ///< next attempt, timer or expiry
  /// To an Observer, and beyond 64 MB of them in one report, `{"$blob": hash, "size": n}` where it
  /// is 16 KB and more.
  json::Value output;
  std::string error;  ///< also why it was skipped
  std::string error_code;
  bool tolerated = false;  ///< failed, and that is no failure of the run
  StepUsage usage;
};
json::Object to_json(const StepReport& report);

struct StepCounts {
  std::size_t total = 0;  ///< of all instances so far, containers (loop, group, condition) included
  std::size_t completed = 0;
  std::size_t failed = 0;
  std::size_t skipped = 0;
  std::size_t cancelled = 0;
  std::size_t unknown = 0;
};

/// A run as a whole. Of a run that has not ended: where it stands.
struct RunResult {
  std::string run_id;
  std::string workflow_id;
  std::string name;
  std::string definition_hash;
  RunState status = RunState::kPending;
  std::string waits_for;  ///< of an open one that only waits; "approval of step 'ship'", …
  /// In the order in which they came to be; beyond 10,000 of them, of ended loop iterations only
  /// the first and the last.
  std::vector<StepReport> steps;
  json::Object
      outputs;  ///< what the definition says; where it says nothing: of completed steps by id
  StepCounts counts;
  std::string error;  ///< the first failure, "" where there was none
  std::string error_code;
  StepUsage usage;
  std::optional<WallTime> started_at;
  std::optional<WallTime> ended_at;
  Millis duration{0};
};
/// CONTRACTS "Audit, scan, workflow": workflow_id, run_id, status, steps_completed, total_steps,
/// execution_time (seconds), steps[], outputs, error.
json::Object to_json(const RunResult& result);

/// Called on the engine's executor, in the order in which things happen, after they are durable.
/// Must not wait. May call the engine.
struct Observer {
  std::function<void(const StepReport&)> on_step;
  /// Without steps and outputs.
  std::function<void(const RunResult&)> on_run;
};

}  // namespace oap::workflow
