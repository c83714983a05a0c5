#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "store/run_record.hpp"

namespace oap::store {

/// A step's move to a state, as its owner decided it.
/// kRunning begins attempt number `attempt`. Any other state that follows kRunning ends that
/// attempt. An end state counts one dependency down in each of `successors`.
struct StepWrite {
  std::string step_id;
  StepState state = StepState::kPending;
  std::int64_t attempt = 0;
  WallTime at;
  std::string idempotency_key;  ///< kRunning
  json::Value input;            ///< kRunning
  json::Value output;           ///< ends
  std::string error;
  std::string error_code;
  std::optional<WallTime> due_at;  ///< kReady after a failed attempt
  std::vector<std::string> successors;
};

struct RunUpdate {
  RunState state = RunState::kRunning;
  json::Value outputs;
  std::string error;
  WallTime at;
};

/// Changes of one run that become durable together. `epoch` is what `acquire` returned.
struct RunWrite {
  std::string run_id;
  std::int64_t epoch = 0;
  std::vector<StepWrite> steps;
  std::optional<RunUpdate> run;
  std::optional<WallTime> lease_until;  ///< renews the lease
};

/// What a write brought about: the steps that became `ready` because it ended their last
/// dependency, and that it has not itself moved on.
struct RunCommit {
  std::vector<std::string> ready;
};

struct Lease {
  std::string owner;  ///< names the process, e.g. "pid 812 start 99120"
  WallTime now;
  WallTime until;
  bool take_over = false;  ///< the caller has made sure that the holder is dead
};

struct RunFilter {
  std::string id_prefix;
  std::string task_id;
  std::optional<RunState> state;
  std::size_t limit = 100;
};

struct StepHistory {
  std::vector<StepRecord> steps;        ///< in the order of the definition
  std::vector<AttemptRecord> attempts;  ///< by step in that order, then number
};

/// Workflow runs of one tenant: run, step and attempt rows. Synchronous and thread-safe.
/// Every write is fenced in the store: an owner whose epoch is no longer the run's gets
/// kFailedPrecondition and has changed nothing, whatever its clock says.
class RunRepository {
 public:
  virtual ~RunRepository() = default;
  /// Writes the run, its pinned definition and all its steps in one transaction. Steps without
  /// unmet dependencies start as `ready`. A run with an `owner` belongs to it at once, with epoch
  /// 1; one without has epoch 0 and waits for `acquire`.
  virtual Result<void> create(const RunRecord& run, const json::Value& definition,
                              const std::vector<StepRecord>& steps) = 0;
  /// Makes the caller the owner and returns the new epoch. kFailedPrecondition where the run has
  /// ended, or another's lease has not run out and is not taken over.
  virtual Result<std::int64_t> acquire(const std::string& run_id, const Lease& lease) = 0;
  /// Applies the writes in one transaction (group commit), each by itself: a fenced or illegal one
  /// fails alone, and a failure of the store fails all. An ended step is never written again.
  virtual std::vector<Result<RunCommit>> commit(std::span<const RunWrite> writes) = 0;
  virtual Result<RunRecord> find(const std::string& run_id) = 0;
  virtual Result<StepHistory> history(const std::string& run_id) = 0;
  /// Newest first.
  virtual Result<std::vector<RunRecord>> list(const RunFilter& filter) = 0;

  /// `commit` of one write.
  Result<RunCommit> commit_one(const RunWrite& write);
};

}  // namespace oap::store
