#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "approval/approver.hpp"
#include "async/task.hpp"
#include "audit/event.hpp"
#include "audit/log.hpp"
#include "base/clock.hpp"
#include "gateway/catalog.hpp"
#include "gateway/upstream/upstream.hpp"
#include "hooks/registry.hpp"
#include "model/tool.hpp"

namespace oap::gateway {

/// Where the gateway writes what it decided and did. An error before the effect denies the call.
class AuditSink {
 public:
  virtual ~AuditSink() = default;
  /// As durable as asked when it returns; in the order of the calls.
  virtual Task<Result<void>> append(audit::Event event, audit::Durability durability) = 0;
  /// On disk when it returns; for what happens outside calls (a task's begin and end).
  virtual Result<void> append_now(audit::Event event) = 0;
};

/// How durable a tool's intent must be before it runs: `written` only for tools that trusted
/// configuration declares to change nothing.
using AuditClass = std::function<audit::Durability(const ToolCall& call)>;

/// Removes secrets from what is about to be shown or stored.
class Redactor {
 public:
  virtual ~Redactor() = default;
  virtual std::string redact(std::string_view text) const = 0;
  virtual json::Value redact(const json::Value& value) const = 0;
  /// Whether redact() would change anything.
  virtual bool has_secret(const json::Object& members) const {
    const json::Value value(members);
    return redact(value) != value;
  }
};

/// What a person watching a run is told of one call while it walks.
struct Progress {
  enum class Kind { kStarted, kApproval, kFinished } kind;
  const ToolCall& call;
  const approval::Request* approval = nullptr;
  const approval::Answer* answer = nullptr;
  const ToolOutcome* outcome = nullptr;
  double risk_score = 0;  ///< kFinished: what the guards gave
};
using ProgressObserver = std::function<void(const Progress&)>;

/// What connects one walk with whoever made the call. Everything in it may be empty.
struct CallLink {
  mcp::RequestOptions request;             ///< progress, questions and the like, for the upstream
  approval::Approver* approver = nullptr;  ///< borrowed; instead of the gateway's own
};

/// The one way to every tool, and to what else servers offer (a ToolCall whose name begins with
/// `kMethodPrefix` is such a request; its result is in `extra`). Whoever makes a call, it walks
/// exactly these steps:
///   1 resolve the name; check the arguments against the tool's schema where it is known
///   2 tool.execute.before hooks (StrictRoleGuard, Permission, SecurityPolicy, plugins)
///   3 an `ask` goes to the caller's approver
///     and a server that had not been asked for its tools yet is started and step 1 finished
///   4 the intent is audited, durable before any effect
///   5 the upstream runs it, within the deadline
///   6 tool.execute.after hooks (SecretScanner first)
///   7 the result is audited
/// A failure before 5 means: not run, and audited. Used from one executor, by many calls at once.
/// The collaborators outlive the gateway.
class Gateway {
 public:
  struct Parts {
    hooks::Registry& hooks;
    approval::Approver& approver;
    AuditSink& audit;
    Redactor& redactor;
    UpstreamSet& upstreams;
    Catalog& catalog;
    const Clock& clock;
    std::string workspace;
    Millis default_timeout{300'000};
    Millis approval_timeout{300'000};
    AuditClass audit_class;  ///< empty: `sync` for all
    approval::Desk* desk =
        nullptr;  ///< borrowed; null: questions are plain and nobody else is asked
  };

  explicit Gateway(Parts parts);

  /// Never throws; never returns before the walk's audit is written. Texts that after-hooks inject
  /// are appended to `injected` where it is given.
  Task<ToolOutcome> invoke(ToolCall call) { return invoke(std::move(call), CallLink{}); }
  Task<ToolOutcome> invoke(ToolCall call, CallLink link);

  void set_observer(ProgressObserver observer) { observer_ = std::move(observer); }

 private:
  struct Walk;
  Task<void> walk(Walk& walk);
  Result<void> resolve(Walk& walk);
  Task<Result<void>> start_and_resolve(Walk& walk);
  Result<void> check(Walk& walk, const ToolSpec& spec);
  Task<bool> judge(Walk& walk);
  Task<bool> announce(Walk& walk);
  Task<bool> approve(Walk& walk);
  Task<Result<approval::Answer>> ask(Walk& walk, approval::Request& request);
  Task<bool> audit_intent(Walk& walk);
  Task<void> run(Walk& walk);
  Task<void> clean(Walk& walk);
  Task<void> audit_result(Walk& walk);
  void clean_call(Walk& walk) const;
  void deny(Walk& walk, std::string rule, std::string reason, bool unanswered = false);
  audit::Event event_of(const Walk& walk, std::string type) const;
  void tell(const Progress& progress) const;

  Parts parts_;
  ProgressObserver observer_;
};

}  // namespace oap::gateway
