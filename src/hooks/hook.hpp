#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "model/message.hpp"
#include "model/permission.hpp"
#include "model/tool.hpp"

namespace oap::hooks {

/// What a hook may know of where it runs. Data; lives for one event.
struct Context {
  std::string session_id;
  std::string task_id;
  std::string workspace;
  Principal principal;
  std::string cwd = {};    ///< where relative paths and commands start; empty: the workspace
  bool delegated = false;  ///< the turns of an agent beside the session's own
};

/// How a hook's own failure is treated: a guard's is a denial, an observer's a log line.
enum class FailurePolicy { kGuard, kObserver };

// chat.message ---------------------------------------------------------------------------------
struct ChatVerdict {
  enum class Action { kProcess, kIntercept, kModify } action = Action::kProcess;
  std::string text;  ///< kModify: the new message; kIntercept: the answer that replaces the turn
  bool refused = false;                   ///< kIntercept: the message was refused, for `text`
  std::vector<std::string> context = {};  ///< texts that the model gets beside the message
  static ChatVerdict process() { return {}; }
};
class ChatHook {
 public:
  virtual ~ChatHook() = default;
  virtual std::string_view name() const = 0;
  virtual Task<Result<ChatVerdict>> on_message(const Context& context, std::string text) = 0;
};

// tool.execute.before --------------------------------------------------------------------------
struct BeforeVerdict {
  /// By severity; deny > ask > modify > allow.
  enum class Action { kAllow = 0, kModify = 1, kAsk = 2, kBlock = 3 } action = Action::kAllow;
  std::string rule;
  std::string reason;
  json::Object arguments;  ///< kModify only
  double risk_score = 0;   ///< 0 to 1: how dangerous what the call would run or write is
  std::vector<std::string> inject = {};  ///< texts that the model gets beside the result
  std::optional<std::string> stop = {};  ///< the run ends after this call, for this reason
  static BeforeVerdict allow() { return {}; }
};
class BeforeToolHook {
 public:
  virtual ~BeforeToolHook() = default;
  virtual std::string_view name() const = 0;
  /// False where it never waits: then no clock runs beside it.
  virtual bool waits() const { return true; }
  virtual Task<Result<BeforeVerdict>> before(const Context& context, const ToolCall& call) = 0;
};

// tool.execute.after ---------------------------------------------------------------------------
struct AfterVerdict {
  std::optional<ToolResult> replacement;  ///< decorate: also an empty one counts
  std::vector<std::string> inject;        ///< texts added to the model's next turn
  std::optional<std::string> stop = {};   ///< the run ends after this call, for this reason
  static AfterVerdict keep() { return {}; }
};
class AfterToolHook {
 public:
  virtual ~AfterToolHook() = default;
  virtual std::string_view name() const = 0;
  /// False where it never waits: then no clock runs beside it.
  virtual bool waits() const { return true; }
  virtual Task<Result<AfterVerdict>> after(const Context& context, const ToolCall& call,
                                           const ToolResult& result) = 0;
};

// assistant.done -------------------------------------------------------------------------------
struct DoneVerdict {
  enum class Action { kContinue, kStop, kInject } action = Action::kContinue;
  std::string reason;
  std::vector<std::string> prompts;  ///< kInject
  bool failed = false;               ///< kStop: the turn ends as a failure with that reason
  static DoneVerdict proceed() { return {}; }
};
class DoneHook {
 public:
  virtual ~DoneHook() = default;
  virtual std::string_view name() const = 0;
  /// True for hooks that run even after another has ended the vote (ResourceControl).
  virtual bool always_runs() const { return false; }
  virtual Task<Result<DoneVerdict>> done(const Context& context, std::string final_text) = 0;
};

// session.event ------------------------------------------------------------------------------
/// What happens around a session's turns and calls.
struct SessionEvent {
  enum class Kind {
    kStart,              ///< detail: "startup" or "resume"
    kEnd,                ///< detail: why
    kBeforeCompact,      ///< detail: "auto" or "manual"
    kPermissionRequest,  ///< somebody is about to be asked about `call`
    kNotification,       ///< detail: which kind; message: what the person is told
  };
  Kind kind = Kind::kNotification;
  std::string detail = {};
  std::string message = {};
  const ToolCall* call = nullptr;  ///< outlives the event
};
struct EventVerdict {
  bool block = false;  ///< it is not to happen; of no effect on kStart, kEnd and kNotification
  std::string reason = {};
  std::vector<std::string> context = {};  ///< kStart: texts for the model
};
class EventHook {
 public:
  virtual ~EventHook() = default;
  virtual std::string_view name() const = 0;
  virtual Task<Result<EventVerdict>> on_event(const Context& context, SessionEvent event) = 0;
};

}  // namespace oap::hooks
