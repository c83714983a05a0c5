#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "gateway/catalog.hpp"
#include "hooks/registry.hpp"
#include "orchestration/mission/desk.hpp"
#include "orchestration/plan_runner.hpp"
#include "orchestration/report.hpp"
#include "orchestration/run_events.hpp"
#include "orchestration/structured.hpp"
#include "orchestration/turn_loop.hpp"
#include "router/router.hpp"
#include "store/run_repository.hpp"
#include "workflow/tool_invoker.hpp"

namespace oap::orchestration {

/// The agents as configured: the four, and those of one's own that tasks may be delegated to.
struct AgentSet {
  AgentProfile commander;
  AgentProfile planner;
  AgentProfile worker;
  AgentProfile reviewer;
  std::map<std::string, AgentProfile> others = {};
};

struct TaskRequest {
  std::string task_id;
  std::string session_id;
  std::string prompt;
  std::optional<ExecutionPath> path;  ///< forced; else the router decides
  std::vector<Message> history;       ///< of the session that is continued
  Principal principal;
  std::string workspace;
  std::vector<std::string> context = {};  ///< texts that the model gets before the prompt
};

struct OrchestratorOptions {
  router::RouterConfig routing;
  Millis agent_timeout{300'000};
  int max_planning_depth = 5;
  int retry_attempts = 0;
  double quality_threshold = 0.8;
  int max_parallel = 4;
};

/// What does a task that is a mission (`/task`, `/plan`).
class MissionPath {
 public:
  virtual ~MissionPath() = default;
  /// Whether the session's newest message asked for one.
  virtual bool wished(const std::string& session_id) const = 0;
  /// Carries it out; how it ended is put into the report.
  virtual Task<void> carry_out(const TaskRequest& request, RunEvents& events,
                               TaskReport& report) = 0;
};

/// What a message becomes that is a slash command of a file.
struct ExpandedCommand {
  session::Expansion expansion;
  std::optional<AgentProfile> agent;  ///< who does it, on the fast path; nothing: as any message
};

/// What carries slash commands of files out.
class CommandPath {
 public:
  virtual ~CommandPath() = default;
  /// What the session's newest message asked for; once.
  virtual std::optional<CommandWish> take(const std::string& session_id) = 0;
  /// Fills the command in. What it reads and runs goes through the gateway; a call that was denied
  /// ends it, and is added to `denials`. `request` and `denials` outlive the task.
  virtual Task<Result<ExpandedCommand>> expand(const TaskRequest& request, CommandWish wish,
                                               Deadline deadline, std::vector<Denial>& denials) = 0;
};

/// Takes a task from its text to its report. The walk: chat.message hooks → router → fast path
/// (one Worker's turns) or agent path (Commander → Planner → Workers on the graph → Reviewer, and
/// again with the review in hand while that helps, at most `max_planning_depth` times).
/// Never fails: what goes wrong is in the report. The collaborators outlive it.
class Orchestrator {
 public:
  struct Parts {
    AgentSet agents;
    workflow::ToolInvoker& invoker;
    gateway::Catalog& catalog;
    hooks::Registry& hooks;
    store::RunRepository& runs;
    RunEvents& events;
    Conversation& conversation;
    const Clock& clock;
    MissionPath* missions = nullptr;    ///< borrowed; null: there are none
    ContextControl* context = nullptr;  ///< borrowed; null: no conversation is shortened
    CommandPath* commands = nullptr;    ///< borrowed; null: there are no commands of files
    SkillScopes* scopes = nullptr;      ///< borrowed; null: no skill narrows
  };

  Orchestrator(Parts parts, OrchestratorOptions options);

  Task<TaskReport> process_task(TaskRequest request);

 private:
  struct Run;
  Task<bool> command(Run& run);
  Task<void> shorten(Run& run, std::string hint);
  Task<void> work(Run& run);
  Task<void> fast_path(Run& run);
  Task<void> agent_path(Run& run);
  Task<Result<json::Object>> require(Run& run);
  Task<Result<ExecutionPlan>> plan(Run& run, const json::Object& requirements,
                                   const json::Object& previous);
  Task<Result<PlanOutcome>> execute(Run& run, const ExecutionPlan& plan);
  Task<Result<Review>> review(Run& run, const ExecutionPlan& plan, const PlanOutcome& outcome);
  void set_status(Run& run, TaskStatus status);
  StructuredQuestion question(const Run& run, const AgentProfile& agent, std::string tool,
                              std::string schema, json::Object prompt) const;
  void settle_agent_path(Run& run, const ExecutionPlan& plan, const PlanOutcome& outcome);

  Parts parts_;
  OrchestratorOptions options_;
  std::vector<ToolSpec> tools_;
};

}  // namespace oap::orchestration
