#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/blocking_pool.hpp"
#include "async/cancel.hpp"
#include "async/event.hpp"
#include "async/scope.hpp"
#include "async/semaphore.hpp"
#include "orchestration/mission/delegation.hpp"
#include "orchestration/mission/desk.hpp"
#include "orchestration/mission/evidence_log.hpp"
#include "orchestration/mission/mission_journal.hpp"
#include "orchestration/mission/mission_report.hpp"
#include "orchestration/mission/mission_tools.hpp"
#include "orchestration/mission/person.hpp"
#include "orchestration/mission/plan_files.hpp"
#include "orchestration/orchestrator.hpp"
#include "session/session_manager.hpp"
#include "session/usage_note.hpp"

namespace oap::orchestration {

/// A place of its own for a delegated writer, and the way to tools that work there.
class Workplace {
 public:
  virtual ~Workplace() = default;
  virtual workflow::ToolInvoker& invoker() = 0;
  virtual const std::string& path() const = 0;
  /// Ends it: what was done there is committed and told, also where others changed the same files.
  virtual Task<Result<std::string>> finish(bool ok) = 0;
  /// Leaves it as it is: the task is held, and opens it again when it is taken up.
  virtual Task<Result<std::string>> leave() = 0;
};
class Workplaces {
 public:
  virtual ~Workplaces() = default;
  /// kFailedPrecondition with a sentence where there can be none (no git repository, …).
  virtual Task<Result<std::unique_ptr<Workplace>>> open(std::string task_id,
                                                        std::string description) = 0;
};

/// What is told of a mission while it goes on, beside its turns. Optional.
struct MissionEvents {
  RunEvents run;
  std::function<void(const MissionStatus& status)> on_state;
  std::function<void(const DelegatedTask& task)> on_task;
};

struct MissionParts {
  store::MissionRepository& missions;
  session::SessionManager& sessions;
  MissionDesk& desk;
  workflow::ToolInvoker& invoker;
  gateway::Catalog& catalog;
  hooks::Registry& hooks;
  AgentSet agents;
  /// A session's stored turns, without secrets.
  std::function<std::unique_ptr<Conversation>(const std::string& session_id)> conversation;
  std::function<std::string(std::string_view text)> redact;
  /// What an agent may use at most, and whoever it delegates to; empty: all that the roles allow.
  std::function<Rights(std::string_view agent)> rights;
  MissionPerson& person;
  Workplaces* workplaces = nullptr;  ///< null: writers get no place of their own
  Executor executor;
  async::BlockingPool& blocking;
  const Clock& clock;
  std::string workspace;
  std::string lock_folder;  ///< outside of the workspace
  Principal principal;
  Millis countdown{3'000};
  Millis lease{10'000};
  ContextControl* context = nullptr;  ///< null: no conversation is shortened
  SkillScopes* scopes = nullptr;      ///< null: no skill narrows
  /// How long people have been asked for approvals, in all: no time at work. Empty: never.
  std::function<Millis()> asked = {};
};

/// Drives one mission that this process has claimed, until it ends or lets go of it: turns of the
/// Commander, delegated agents beside it, orders from other processes, and between all of them the
/// one state machine that says how it goes on. What happened is written down before it counts.
/// Belongs to the executor's thread.
class MissionRun final : public LiveMission {
 public:
  MissionRun(MissionParts parts, MissionEvents events, store::MissionRecord record,
             MissionMemory memory);
  ~MissionRun() override;

  /// `resume` empty: it has just begun. The Error of a mission that could not be driven on: its
  /// state could not be written (another process has it, the disk is full).
  Task<Result<MissionReport>> drive(std::optional<ResumeAsked> resume, std::string answer);

  Task<hooks::DoneVerdict> turn_ended(std::string final_text) override;
  void user_spoke() override;
  Task<ToolResult> todo(MissionSeat seat, ToolCall call) override;
  Task<ToolResult> delegate(MissionSeat seat, ToolCall call) override;

 private:
  class Invoker;
  /// What waits to be done before the next move.
  struct Plan {
    std::optional<Continue> go_on;
    bool wait_for_children = false;
    bool ask_person = false;
    std::optional<Millis> retry_after;
    bool halt = false;
  };

  // mission_run.cpp: the course
  Result<void> apply(const MissionEvent& event, json::Object facts = {});
  void act(const std::vector<MissionEffect>& effects);
  Task<Result<void>> move();
  Task<Result<void>> commander_turn(std::string prompt);
  Task<Result<void>> after_failure(Error error);
  Task<Result<void>> wait_for_children();
  Task<Result<void>> ask_person();
  Task<std::string> next_prompt();
  const session::SystemMessages& messages() const;
  Task<CompletionVerdict> look();
  void note_changes(const std::string& plan);
  void note_checks(const TodoDocument& document);
  Result<void> take_orders_in();
  Task<void> keep_lease();
  Task<void> listen();
  MissionReport report() const;
  std::string find_doubts(const std::vector<Message>& history);
  std::unique_ptr<workflow::ToolInvoker> make_invoker(const MissionSeat& seat);

  // mission_seats.cpp: budgets and delegated agents; mission_tool_calls.cpp: the two tools
  Result<void> may_begin(int turn, bool is_commander);
  std::optional<BudgetSpent> spent_budget() const;
  Millis active_time() const;
  void begin_rest();
  void begin_anew();
  bool is_time_over() const;
  void note_use();
  std::int64_t tokens() const;
  TurnLoop::Scope scope_of(const MissionSeat& seat);
  RunEvents& events_for(bool is_commander);
  Task<DelegatedOutcome> run_agent(DelegatedTask task);
  Task<DelegatedOutcome> run_agent_at(DelegatedTask task, workflow::ToolInvoker& invoker,
                                      std::string where);
  const AgentProfile* profile_of(std::string_view agent) const;
  RightsChain rights_of(const std::string& session, int depth = 0) const;
  Task<ToolOutcome> call_tool(const MissionSeat& seat, workflow::ToolInvoker& invoker,
                              const RightsChain& rights, std::string place, ToolCall call);
  Result<std::string> make_session(const DelegatedTask& task);
  Task<ToolResult> start_task(const MissionSeat& seat, const ToolCall& call);
  void acknowledge();

  MissionParts parts_;
  MissionEvents events_;
  RunEvents commander_events_;
  RunEvents child_events_;
  store::MissionRecord record_;
  MissionBody body_;
  MissionJournal journal_;
  session::UsageNote note_;
  PlanFiles files_;
  EvidenceLog evidence_;
  Delegation delegation_;
  CompletionVerdict verdict_;
  std::map<std::string, std::string> open_items_;  // of the plan at the last look: key and name
  std::map<std::string, std::string> checks_;      // and the check of each item
  Plan plan_;
  std::string answer_;
  std::string prepared_;       // the next prompt, where a hook before ours ended the vote
  std::string question_;       // asked with the tool in this turn
  std::string last_question_;  // that the last text ended with
  std::string pause_by_;
  std::string stop_by_;
  std::optional<BudgetSpent> spent_;
  std::optional<Error> lost_;  // why the state cannot be written any more
  std::vector<std::string> new_doubts_;
  std::vector<std::string> to_acknowledge_;
  bool judged_ = false;
  bool fresh_ = false;
  int turns_ = 0;  // of this continuation
  std::int64_t calls_since_write_ = 0;
  std::int64_t written_requests_ = 0;  // of the usage in the last durable write
  SteadyTime began_;                   // of the time that body_.active does not hold yet
  Millis asked_before_{0};             // people, by then
  bool rests_ = false;                 // a person has the word: a question, the countdown
  async::CancelSource turn_cancel_;
  async::Event wake_;
  bool spoke_ = false;
};

}  // namespace oap::orchestration
