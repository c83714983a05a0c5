#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "async/event.hpp"
#include "async/scope.hpp"
#include "cli/workflow_view.hpp"
#include "platform/platform.hpp"
#include "platform/workflows.hpp"

namespace oap::cli {

/// What one command runs, and whom it may ask.
struct SessionOptions {
  bool detach = false;            ///< leave runs that only wait for a person, a signal or `resume`
  bool takes_over = false;        ///< goes on here with a run whose process dies or sleeps
  bool asks_here = false;         ///< a person is at the terminal: approval steps are asked there
  async::Event* leave = nullptr;  ///< borrowed; notified when the process must end
};

/// Drives workflow runs for one command: shows them, asks for approvals on the terminal, and when
/// the command is interrupted cancels them and still waits for their `finally` steps; told to
/// leave, it leaves them as they are, for `resume`.
class WorkflowSession {
 public:
  WorkflowSession(platform::Platform& platform, WorkflowView& view, SessionOptions options);

  /// Begins runs: gives their ids, or the Error for which there are none. Called once, never
  /// cancelled.
  using Begin = std::function<Task<Result<std::vector<std::string>>>(WorkflowSession&)>;
  /// Until every run has ended or was left. Where the caller is cancelled, the runs are cancelled
  /// and this still waits for their end.
  Task<Result<void>> drive(Begin begin);

  /// Shows a run from now on.
  void watch(const std::string& run_id, std::shared_ptr<const workflow::Blueprint> blueprint);
  /// Another process has this run: it is looked at, not waited for.
  void is_elsewhere(const std::string& run_id) { elsewhere_.insert(run_id); }
  /// Whether it was told to leave.
  bool has_left() const { return options_.leave != nullptr && options_.leave->notified(); }
  /// Whether a run was left because its budget is used up and nobody is here to raise it.
  bool is_over_budget() const { return over_budget_; }
  /// In the order in which they were begun.
  const std::vector<workflow::RunResult>& results() const { return results_; }

  platform::Platform& platform() { return platform_; }
  workflow::Engine& engine() { return platform_.workflows().engine(); }

 private:
  struct Followed {
    std::string id;
    bool ended = false;
    bool left = false;
    std::optional<Result<workflow::RunResult>> result;
  };
  struct Question {
    std::string run_id;
    std::string path;
  };

  Task<void> body(Begin begin);
  Task<void> follow(std::size_t index);
  Task<void> follow_elsewhere(std::size_t index);
  Task<void> cancel_when_told();
  Task<void> leave_when_told();
  Task<void> tick();
  Task<void> leave_waiting();
  Task<void> leave_over_budget();
  bool is_idle(const std::string& run_id) const;
  Task<void> ask_people();
  Task<void> ask(Question question);
  void on_step(const std::string& run_id, const workflow::StepReport& report);
  void on_run(const workflow::RunResult& state);
  void on_budget(const workflow::RunResult& state);
  bool is_over() const;
  Task<void> collect();

  platform::Platform& platform_;
  WorkflowView& view_;
  SessionOptions options_;
  Executor executor_;
  async::Event done_;
  async::Event interrupted_;
  async::Event changed_;
  async::Event asked_;
  std::vector<Followed> runs_;
  std::vector<workflow::RunResult> results_;
  std::map<std::string, std::shared_ptr<const workflow::Blueprint>>
      blueprints_;  ///< by run; may be null
  std::vector<std::shared_ptr<void>> observers_;
  std::deque<Question> questions_;
  std::set<std::string> answered_;  ///< "run path", of questions that are asked or settled
  std::set<std::string> elsewhere_;
  std::set<std::string> told_;   ///< "run what", that was noted already
  std::set<std::string> spent_;  ///< runs whose budget is used up, children among them
  bool over_budget_ = false;
  std::optional<Error> error_;
};

/// Whether the run is paused until somebody raises its budget. Pure.
bool is_budget_spent(const workflow::RunResult& result);

/// What an approval step shows to its approvers; "" where the journal does not hold it.
std::string approval_message(store::RunRepository& runs, const std::string& run_id,
                             const std::string& path);

}  // namespace oap::cli
