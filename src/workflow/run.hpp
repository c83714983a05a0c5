#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "async/event.hpp"
#include "async/scope.hpp"
#include "workflow/executor.hpp"

namespace oap::workflow {

/// One graph being executed: what Executor::run keeps while it waits. Belongs to the executor's
/// thread. Decides in memory, writes to the journal, and only then acts or reports.
class Run final : public Outputs {
 public:
  struct Collaborators {
    store::RunRepository& journal;
    StepRunner& runner;
    const Clock& clock;
    const Executor::Options& options;
  };
  Run(Collaborators with, Graph graph, RunInfo info, Observer observer, oap::Executor executor);

  Task<Result<RunResult>> execute();
  const json::Value* find(std::string_view step_id) const override;

 private:
  struct Step {
    StepReport report;
    std::uint32_t unmet = 0;
    std::optional<std::uint32_t> blocked_by;  ///< a dependency that did not complete
    int counted_retries = 0;
    int infrastructure_retries = 0;
    SteadyTime began;
  };

  struct Outcome {
    std::size_t index = 0;
    Result<StepResult> result;
  };
  struct Retry {
    std::size_t index = 0;
    Millis wait{0};
  };

  Result<void> create();
  /// Takes up all that has happened, decides, writes it in one transaction, then acts and reports.
  void turn();
  bool is_over() const { return open_ == 0 || (journal_error_ && running_ == 0); }
  Task<void> attempt(std::size_t index);
  Task<void> wake_later(std::size_t index, Millis wait);

  // What follows changes memory and adds to the turn's write.
  void settle(std::size_t index, Result<StepResult> outcome);
  void settle_failure(std::size_t index, Result<StepResult> outcome);
  std::optional<Millis> retry_wait(Step& step, const StepDefinition& definition,
                                   const Result<StepResult>& outcome);
  void retry(std::size_t index, Millis wait, std::string error, std::string error_code);
  /// Ends a step, with all that follows from it.
  void end_step(std::size_t index, StepEvent event);
  void mark_ended(std::size_t index, StepEvent event);
  /// Ends every step that does not run.
  void stop_all(StepEvent event, const std::string& why);
  void cancel_run();
  std::vector<std::size_t> begin_ready();
  void begin(std::size_t index);
  void move(std::size_t index, StepEvent event);

  void commit();
  Millis elapsed(SteadyTime began) const;
  RunState outcome() const;
  RunResult result() const;
  std::string key(std::size_t index) const;

  Collaborators with_;
  Graph graph_;
  RunInfo info_;
  Observer observer_;
  async::Scope scope_;
  async::Event wake_;
  std::vector<Step> steps_;
  std::deque<std::size_t> ready_;
  std::vector<Outcome> outcomes_;
  std::vector<Retry> retries_;
  store::RunWrite write_;             ///< of this turn
  std::vector<StepReport> changes_;   ///< to be reported once the write is durable
  std::vector<std::size_t> decided_;  ///< steps whose last dependency has just ended
  std::size_t running_ = 0;
  std::size_t open_ = 0;  ///< steps that have not ended
  bool stopping_ = false;
  bool cancelling_ = false;
  std::string failure_;
  std::optional<Error> journal_error_;
  SteadyTime began_;
  WallTime renewed_;
  std::minstd_rand random_;
};

}  // namespace oap::workflow
