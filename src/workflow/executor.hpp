#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "store/run_repository.hpp"
#include "workflow/graph.hpp"
#include "workflow/state.hpp"
#include "workflow/step_runner.hpp"

namespace oap::workflow {

struct RunInfo {
  std::string run_id;  ///< run_…; empty: a fresh one
  std::string task_id;
  std::string session_id;
  std::string name;
  json::Object inputs;
  Deadline deadline = Deadline::never();  ///< of the whole run
};

/// Where a step stands, for those who watch and for the result.
struct StepReport {
  std::string id;
  StepState state = StepState::kPending;
  int attempts = 0;
  std::optional<WallTime> started_at;  ///< of the first attempt
  std::optional<WallTime> ended_at;
  Millis duration{0};  ///< of the newest attempt, on the monotonic clock
  json::Value output;
  std::string error;  ///< also why it was skipped
  std::string error_code;
};

/// Called on the run's executor, in the order in which things happen, after they are durable.
struct Observer {
  std::function<void(const StepReport&)> on_step;
};

struct StepCounts {
  std::size_t total = 0;
  std::size_t completed = 0;
  std::size_t failed = 0;
  std::size_t skipped = 0;
  std::size_t cancelled = 0;
};

struct RunResult {
  std::string run_id;
  RunState status = RunState::kCompleted;  ///< completed, failed or cancelled
  std::vector<StepReport> steps;           ///< in the author's order
  json::Object outputs;                    ///< of completed steps, by id
  StepCounts counts;
  std::string error;  ///< the first failure, "" where there was none
  Millis duration{0};
};
json::Object to_json(const RunResult& result);

/// The n-th wait (from 1) before another attempt; `part` in [0,1) is the jitter's draw. Pure.
Millis backoff(const RetryPolicy& policy, int n, double part);
/// Whether another attempt may help after this error: never for permission, validation or limits.
bool is_retryable(Code code);
/// hash(run, step): what every attempt of the step hands to its tool. 64 hex digits.
std::string idempotency_key(std::string_view run_id, std::string_view step_id);

/// Runs graphs: starts every step the moment its own dependencies have ended, at most
/// `max_parallel` at once, and journals each move to the store before it acts on it.
///
/// A step whose dependency failed, was skipped or was cancelled is skipped. A step's result that
/// cannot be recorded ends the run with that Error (nothing further starts); so does the loss of
/// the lease. Cancelling the awaiting task cancels the running steps, marks every open step, and
/// returns a result with status cancelled. The repository, runner and clock must outlive the run.
/// One Executor serves any number of runs at once.
class Executor {
 public:
  struct Options {
    std::size_t max_parallel = 8;
    /// Further attempts after an unreachable or broken peer, apart from the step's own count.
    int infrastructure_retries = 2;
    std::string owner;  ///< of the lease; empty: this process
    Millis lease{60'000};
  };

  Executor(store::RunRepository& runs, StepRunner& runner, const Clock& clock, Options options);

  Task<Result<RunResult>> run(Graph graph, RunInfo info, Observer observer);

 private:
  store::RunRepository& runs_;
  StepRunner& runner_;
  const Clock& clock_;
  Options options_;
};

}  // namespace oap::workflow
