#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "hooks/hook.hpp"

namespace oap::hooks {

/// How one hook stands in the registry. Lower priorities run first; equal ones by name.
struct Registration {
  int priority = 50;
  FailurePolicy policy = FailurePolicy::kObserver;
  Millis timeout{5'000};  ///< a hook that takes longer counts as failed
};

/// One thing a hook did that was not "nothing": for the audit, which says who changed what.
struct TrailEntry {
  std::string hook;
  std::string action;  ///< block, ask, modify, decorate, inject, intercept, stop, error
  std::string detail;
};
json::Array to_json(const std::vector<TrailEntry>& trail);

struct ChatOutcome {
  bool intercepted = false;
  bool refused = false;              ///< intercepted, because the message may not be handled
  std::string text;                  ///< the message as modified, or the answer where intercepted
  std::vector<std::string> context;  ///< texts that the model gets beside the message
  std::vector<TrailEntry> trail;
};

/// What tool.execute.before decided, and the call as it would run.
struct BeforeOutcome {
  Level level = Level::kAllow;
  std::string hook;  ///< which hook's verdict counts; empty where all allowed
  std::string rule;
  std::string reason;
  ToolCall call;
  std::vector<TrailEntry> trail;
  double risk_score = 0;            ///< the highest that a hook gave
  std::vector<std::string> inject;  ///< texts that the model gets beside the result
};

struct AfterOutcome {
  ToolResult result;
  bool withheld = false;  ///< a guard failed: the result was replaced by a note that says so
  std::vector<std::string> inject;
  std::vector<TrailEntry> trail;
};

struct DoneOutcome {
  DoneVerdict verdict;
  std::string hook;
  std::vector<TrailEntry> trail;
};

/// Holds every hook of the program and runs the five points. Handlers delegate to it and decide
/// nothing themselves. Filled once by the composition root, then used from one executor.
///
/// chat.message: each hook sees the text as modified so far; the first intercept ends the point.
/// tool.execute.before: verdicts merge by severity deny > ask > modify > allow; the first deny ends
///   it; after a modification the call is judged again from the first hook on (at most
///   `kMaxRewrites` times), so that what runs is what was judged. A guard that errs, throws or runs
///   out of time is a deny; an observer that does is a log line.
/// tool.execute.after: replacements chain. A guard's failure withholds the result.
/// assistant.done: the first stop or inject ends the vote; hooks that always run still run.
/// session.event: every hook is told; any block counts. A guard's failure is a block.
class Registry {
 public:
  static constexpr int kMaxRewrites = 8;

  void add(std::unique_ptr<ChatHook> hook, Registration registration);
  void add(std::unique_ptr<BeforeToolHook> hook, Registration registration);
  void add(std::unique_ptr<AfterToolHook> hook, Registration registration);
  void add(std::unique_ptr<DoneHook> hook, Registration registration);
  void add(std::unique_ptr<EventHook> hook, Registration registration);

  Task<ChatOutcome> chat_message(Context context, std::string text);
  Task<BeforeOutcome> before_tool(Context context, ToolCall call);
  /// `call` outlives the task.
  Task<AfterOutcome> after_tool(Context context, const ToolCall& call, ToolResult result);
  Task<DoneOutcome> assistant_done(Context context, std::string final_text);
  Task<EventVerdict> session_event(Context context, SessionEvent event);
  /// Why a hook wants the session's run to end, if one does; a new message forgets it.
  std::optional<std::string> stop_wanted(const std::string& session_id) const;

  /// Names in running order, by point: what `oap doctor` shows.
  json::Object describe() const;
  /// Every hook in running order: {point, order, hook, kind, priority, on_error, timeout_ms,
  /// always_runs}: what `oap hooks list` shows.
  json::Array list() const;

 private:
  template <class Hook>
  struct Entry {
    std::unique_ptr<Hook> hook;
    Registration registration;
  };
  template <class Hook>
  static void insert(std::vector<Entry<Hook>>& list, std::unique_ptr<Hook> hook,
                     Registration registration);
  Task<bool> judge_once(const Context& context, BeforeOutcome& outcome);
  void note_stop(const Context& context, std::optional<std::string> stop);

  std::vector<Entry<ChatHook>> chat_;
  std::vector<Entry<BeforeToolHook>> before_;
  std::vector<Entry<AfterToolHook>> after_;
  std::vector<Entry<DoneHook>> done_;
  std::vector<Entry<EventHook>> events_;
  std::map<std::string, std::string> stops_;  ///< session → reason
};

}  // namespace oap::hooks
