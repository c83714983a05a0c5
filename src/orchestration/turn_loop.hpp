#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "gateway/catalog.hpp"
#include "hooks/registry.hpp"
#include "llm/provider.hpp"
#include "model/tool.hpp"
#include "orchestration/context_control.hpp"
#include "orchestration/conversation.hpp"
#include "orchestration/hooks/skill_scope.hpp"
#include "orchestration/run_events.hpp"
#include "workflow/tool_invoker.hpp"

namespace oap::orchestration {

struct CompactionWork;

/// Whether a tool's public name is that of a built-in one that only reads: it may run side by side
/// with others, and again.
bool only_reads(std::string_view tool);

/// Why an agent's turns ended with an error, as far as a protocol has words of its own for it.
enum class Ending { kTurnLimit, kTokenLimit, kRefusal, kOther };
Ending ending_of(const Error& error);

/// One tool call of a turn and how it ended: the runtime's own record, the reviewer's evidence.
struct CallRecord {
  ToolCall call;
  ToolOutcome outcome;
};

/// What an agent needs for its turns beside the conversation.
struct AgentProfile {
  std::string name;  ///< commander, planner, worker, reviewer
  llm::Provider* provider = nullptr;
  std::string model;  ///< without the provider prefix
  std::string system;
  std::optional<int> max_tokens;
  std::optional<double> temperature;
  std::int64_t window = 200'000;  ///< tokens that the model takes
  std::optional<int> max_turns;   ///< questions to the model in one go; no limit where absent
  /// What it is offered, as in its role's row; nothing: everything.
  std::optional<std::vector<std::string>> tools;
  std::string description = {};  ///< for who may delegate to it
};

class Repetition;

struct TurnResult {
  std::string final_text;
  std::vector<CallRecord> calls;
  Usage usage;
  llm::StopReason stop = llm::StopReason::kEndTurn;
  std::string stuck_on;  ///< the tool of a call that failed too often in the same way
};

/// A conversation of one agent with its tools until the model stops calling them:
/// ask the model, run its calls through the invoker, give the results back, and again; then the
/// assistant.done hooks may inject a prompt and the loop goes on. Bounded by the deadline, and by
/// `kMaxInjections`. Where the conversation is due for it, and once where the model says that it is
/// too long, it is shortened (`compact`) before the next question; repeating a call that succeeded
/// is no reason to stop, one that keeps failing in the same way is (`Repetition`). Calls of one
/// turn run in order, except that built-in reads run side by side.
class TurnLoop {
 public:
  static constexpr int kMaxInjections = 8;

  struct Parts {
    workflow::ToolInvoker& invoker;
    gateway::Catalog& catalog;
    hooks::Registry& hooks;
    RunEvents& events;
    ContextControl* context = nullptr;  ///< null: no conversation is shortened
    SkillScopes* scopes = nullptr;      ///< null: no skill narrows
  };
  struct Scope {
    std::string session_id;
    std::string task_id;
    Principal principal;
    std::string workspace;
    Deadline deadline = Deadline::never();
    /// Asked before each turn (from 1) with what was used so far; an Error ends the conversation.
    std::function<Result<void>(int turn, const Usage& used)> may_begin;
    int max_injections = kMaxInjections;
    std::string side = {};   ///< of turns beside the session's own; filled in by the loop
    bool keep_calls = true;  ///< false: the result has none; for conversations without end
  };

  explicit TurnLoop(Parts parts) : parts_(parts) {}

  /// What was done and used before an Error is in `so_far`, where that is given.
  Task<Result<TurnResult>> run(AgentProfile agent, Scope scope, std::vector<Message> history,
                               std::vector<ToolSpec> tools, Conversation& conversation,
                               TurnResult* so_far = nullptr);

 private:
  Task<Result<llm::Response>> ask(const AgentProfile& agent, const Scope& scope,
                                  const std::vector<Message>& messages,
                                  const std::vector<ToolSpec>& tools);
  struct Talk;
  Task<Result<bool>> shorten(CompactionWork work, const Scope& scope);
  Task<Result<llm::Response>> ask_shortening(Talk& talk);
  void note(const Talk& talk, llm::Response& response);
  Task<Message> run_calls(const Scope& scope, const Message& answer, TurnResult& result,
                          Repetition& repetition);
  Task<ToolOutcome> run_call(Scope scope, ToolUseBlock use, ToolCall* made);

  Parts parts_;
};

}  // namespace oap::orchestration
