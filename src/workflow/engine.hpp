#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "store/run_repository.hpp"
#include "workflow/definition/blueprint.hpp"
#include "workflow/input_seal.hpp"
#include "workflow/run_report.hpp"
#include "workflow/step_runner.hpp"

namespace oap::workflow {

/// By the name that subworkflow steps use (`SubworkflowStep::workflow`), for all levels at once.
using Subworkflows = std::map<std::string, std::shared_ptr<const Blueprint>, std::less<>>;

struct StartRequest {
  std::shared_ptr<const Blueprint> blueprint;
  Subworkflows subworkflows;
  json::Object inputs;  ///< held against the definition's schemas; defaults are filled in
  std::string run_id;   ///< run_…; empty: a fresh one. One that exists already: kAlreadyExists
  std::string task_id;
  std::string session_id;
  std::string user;
  std::optional<Millis> timeout;  ///< besides the definition's; the shorter counts
};

/// One person's answer to an approval step.
struct Vote {
  std::string by;
  bool approve = false;
  std::string comment;
  json::Value form;  ///< held against the step's form schema
};

/// What a person knows about a step whose outcome the engine does not (`unknown`).
struct Resolution {
  enum class Kind {
    kCompleted,  ///< it had taken effect; `output` is its result
    kFailed,     ///< it had not, or not well; the step fails with `comment`
    kRetry       ///< it had not; it is run (again)
  };
  Kind kind = Kind::kFailed;
  std::string by;
  std::string comment;
  json::Value output;
};

/// A new run that takes over the history of another up to a step and goes on from there.
struct ForkRequest {
  std::string run_id;
  /// Path of a top-level step. It and all that (transitively) needs it runs anew; every other step
  /// that has completed keeps its result and the variables that it set. Empty: every step that has
  /// not completed. A step that was (or in which one was) compensated runs anew in any case.
  std::string from_step;
  json::Object inputs;     ///< replaced members of the inputs
  json::Object variables;  ///< replaced variables; they win over what kept steps had set
  json::Object outputs;    ///< step id → replaced output of a step that is kept
  std::string user;
};

/// What limits hold over all runs of one engine; 0 is no limit.
struct Limits {
  std::size_t tenant = 64;  ///< attempts at once
  std::size_t tool = 16;    ///< attempts of one (server, tool) at once; agents and scripts likewise
  std::map<std::string, std::size_t, std::less<>>
      tools;  ///< "server/tool", "agent/worker", "script/bash"
};

/// Hosts many durable runs on one executor: starts every step the moment its own dependencies have
/// ended, and journals each move to the store before it acts on it.
///
/// Everything but the constructor belongs to the executor's thread. A thread of the engine's own
/// commits what all runs have queued in one transaction; on the executor's thread only large values
/// and definitions that are no longer in memory are read. The repository, runner, clock must
/// outlive it.
///
/// What is acknowledged is durable. A run whose turn cannot be recorded (disk full, lost lease) is
/// let go: its attempts are cancelled, `wait` answers with that Error, and the run is open in the
/// store and can be resumed by whoever comes next. Destroying an engine without `close` is what a
/// crash is: every run can be resumed.
class Engine {
 public:
  struct Options {
    std::string owner;     ///< of its leases; empty: names this process and engine
    Millis lease{10'000};  ///< after this silence another engine may take its runs
    bool hosts_all =
        false;  ///< takes up due, signalled and abandoned runs of others, as `serve` does
    int infrastructure_retries = 2;  ///< after an unreachable or broken peer, apart from the step's
    Millis poll{50};                 ///< how often orders from other processes are looked for
    Millis park_after{
        1'000};  ///< a run that waits at least this long for time or people leaves memory
    Limits limits;
    /// Text of `secrets.NAME`; none: the step that uses it fails.
    std::function<std::optional<std::string>(std::string_view)> secret;
    /// Keeps secret inputs; borrowed. Null: a workflow that declares some does not start.
    InputSeal* seal = nullptr;
    std::uint64_t seed = 0;  ///< of the jitter; 0: random
  };

  Engine(Executor executor, store::RunRepository& runs, StepRunner& runner, const Clock& clock,
         Options options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Once this returns the run's id the run is durable and will be executed. kInvalidArgument for
  /// inputs; kAlreadyExists.
  Task<Result<std::string>> start(StartRequest request);

  /// The result once the run has ended; of a run of another engine within a second of its end.
  /// kDeadlineExceeded, kCancelled (the run goes on), kNotFound; kFailedPrecondition where another
  /// engine took the run over meanwhile; what the store said where it could not be recorded.
  Task<Result<RunResult>> wait(std::string run_id, Deadline deadline);

  /// Start and wait in one. Cancelling the caller cancels the run: running calls are cancelled,
  /// compensation and `finally` run (for at most 30 s more), and the result has status
  /// cancelled.
  Task<Result<RunResult>> run(StartRequest request, Observer observer);

  /// Takes up a run that nobody (who lives) owns. Its id again. kFailedPrecondition: it has ended,
  /// or another engine that lives has it.
  Task<Result<std::string>> resume(std::string run_id);
  /// Takes up every interrupted run. Their ids, oldest first. A run that cannot be read back is
  /// left to nobody and logged; `resume` of it says why.
  Task<Result<std::vector<std::string>>> resume_all();

  // Orders. They are rows of the store before these return, whoever owns the run, and reach it
  // within 100 ms also in another process. kNotFound; kFailedPrecondition where the run has ended.

  /// A signal that nobody waits for yet is kept for the first `wait` step of its name.
  Task<Result<void>> signal(std::string run_id, std::string name, json::Value payload);
  /// kInvalidArgument: no such open approval, form not as its schema wants; kPermissionDenied: not
  /// among its approvers.
  Task<Result<void>> approve(std::string run_id, std::string step, Vote vote);
  Task<Result<void>> resolve(std::string run_id, std::string step, Resolution resolution);
  Task<Result<void>> cancel(std::string run_id, std::string by);
  /// Nothing new starts; what runs may end.
  Task<Result<void>> pause(std::string run_id, std::string by);
  /// Also ends a pause that an exhausted budget brought; `more` is added to the run's budget.
  Task<Result<void>> unpause(std::string run_id, std::string by, Budget more);

  /// The new run's id; it is started by this engine.
  Task<Result<std::string>> fork(ForkRequest request);

  /// Where a run stands, from the journal: of any run, of any owner, open or ended.
  Task<Result<RunResult>> show(std::string run_id);
  /// The definition that a run has pinned, compiled again.
  Task<Result<std::shared_ptr<const Blueprint>>> definition(std::string run_id);

  /// Told of what happens to a run (`""`: all) in this engine from now on, until the returned
  /// object is destroyed.
  std::shared_ptr<void> observe(std::string run_id, Observer observer);

  /// Lets go of all runs in order: attempts are cancelled and waited for until the deadline, and
  /// what they end with is recorded; nothing new begins, no attempt and no child run. The runs stay
  /// open and unowned in the store. Nothing may be started any more. Call it before the executor
  /// ends.
  Task<void> close(Deadline deadline);

  std::size_t live() const;  ///< runs in memory
  const std::string& owner() const;

  class Body;  ///< what it is; nothing for callers

 private:
  std::shared_ptr<Body> body_;
};

/// Whether the process and engine that an owner's name stands for live on this machine. True where
/// the name is of another form.
bool is_alive(std::string_view owner);

}  // namespace oap::workflow
