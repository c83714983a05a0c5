#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "async/event.hpp"
#include "async/scope.hpp"
#include "async/semaphore.hpp"
#include "async/task.hpp"
#include "json/value.hpp"
#include "model/message.hpp"
#include "orchestration/hooks/skill_scope.hpp"
#include "orchestration/mission/desk.hpp"
#include "orchestration/mission/machine.hpp"

namespace oap::orchestration {

/// One delegated task. Data.
struct DelegatedTask {
  static constexpr std::size_t kMaxResult = 64U << 10U;
  enum class State : std::uint8_t { kPending, kRunning, kCompleted, kFailed, kCancelled };
  std::string id;  ///< task_…
  std::string agent;
  std::string description;
  std::string prompt;
  std::string session_id;  ///< its own
  std::string parent_session;
  int depth = 1;
  bool background = false;
  bool worktree = false;
  std::vector<SkillLists> scopes;  ///< what narrowed who delegated, and so narrows this
  State state = State::kPending;
  std::string result;  ///< its final text, or why it failed
  std::string note;    ///< what the runtime adds: the worktree's branch, overlaps
  WallTime started_at;
  WallTime ended_at;
  bool delivered = false;  ///< its end has been given to its parent

  bool has_ended() const { return state > State::kRunning; }
};
std::string_view to_string(DelegatedTask::State state);
json::Object to_json(const DelegatedTask& task);
DelegatedTask task_from_json(const json::Value& value);
/// What the parent is told of a task that has ended.
std::string result_text(const DelegatedTask& task, std::size_t most_bytes);

/// How the run of a delegated agent ended.
struct DelegatedOutcome {
  bool ok = false;
  std::string text;
  std::string note;
};

/// The delegated tasks of one mission: queued by limits over all and for each agent, run side by
/// side, ended in one place. Whoever waits is always woken: by an end of any kind, also a cancelled
/// one. Belongs to the executor's thread; `join` before destruction.
class Delegation {
 public:
  struct Parts {
    Executor executor;
    MissionLimits limits;
    /// Does the agent's turns. Cancelling it ends them.
    std::function<Task<DelegatedOutcome>(DelegatedTask task)> run;
    /// Makes a task's session; its id.
    std::function<Result<std::string>(const DelegatedTask& task)> make_session;
    /// Writes down what happened, before it counts.
    std::function<Result<void>(std::string kind, json::Object body)> journal;
    std::function<void()> on_end;  ///< some task has ended
    const Clock& clock;
  };
  explicit Delegation(Parts parts);

  /// Queues a task. kResourceExhausted: too deep, or too many in all; kInvalidArgument: no such
  /// agent to delegate to.
  Result<std::string> start(DelegatedTask task);
  /// Takes up what was under way in an earlier process, or was held; the ended ones are known.
  void restore(std::vector<DelegatedTask> tasks);
  /// Starts those of them that have not ended; how many.
  int take_up();

  /// Until the task has ended, or is held (then it has not ended). kNotFound, kDeadlineExceeded,
  /// kCancelled.
  Task<Result<DelegatedTask>> wait(std::string id, Deadline deadline);
  /// Ends a task for good; its end is told like any other.
  Result<void> cancel(const std::string& id);
  void cancel_all();
  /// Ends the agents' turns, but not their tasks.
  void hold();
  Task<void> join();
  bool holding() const { return holding_; }

  const std::map<std::string, DelegatedTask>& tasks() const { return tasks_; }
  Result<const DelegatedTask*> find(const std::string& id) const;
  /// Not ended, "task_… (worker)".
  std::vector<std::string> open() const;
  int count_open() const { return static_cast<int>(open().size()); }
  /// Ended background tasks that the parent has not been told of.
  std::vector<DelegatedTask> undelivered() const;
  void mark_delivered(const std::string& id);

 private:
  using Places = std::vector<async::Semaphore::Permit>;
  Task<Result<Places>> take_places(DelegatedTask task);
  void spawn(const std::string& id);
  Task<void> carry_out(std::string id);
  void settle(const std::string& id, DelegatedTask::State state, DelegatedOutcome outcome);
  void wake(const std::string& id);

  Parts parts_;
  std::map<std::string, DelegatedTask> tasks_;
  std::map<std::string, async::Branch> branches_;
  std::multimap<std::string, async::Event> waiters_;
  std::map<std::string, bool> cancelled_;
  async::Semaphore all_;
  std::map<std::string, async::Semaphore> per_agent_;
  bool holding_ = false;
  async::Scope scope_;
};

}  // namespace oap::orchestration
