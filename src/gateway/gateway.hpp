#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "approval/approver.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"
#include "gateway/asking.hpp"
#include "gateway/audit_sink.hpp"
#include "gateway/call_link.hpp"
#include "gateway/catalog.hpp"
#include "gateway/redactor.hpp"
#include "gateway/upstream/upstream.hpp"
#include "gateway/walk_audit.hpp"
#include "hooks/registry.hpp"
#include "model/tool.hpp"

namespace oap::gateway {

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
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  /// Never throws; never returns before the walk's audit is written. Texts that hooks inject stand
  /// at the end of the result.
  Task<ToolOutcome> invoke(ToolCall call) { return invoke(std::move(call), CallLink{}); }
  Task<ToolOutcome> invoke(ToolCall call, CallLink link);

  void set_observer(ProgressObserver observer) { observer_ = std::move(observer); }

 private:
  Task<void> walk(Walk& walk);
  Result<void> resolve(Walk& walk);
  Task<Result<void>> start_and_resolve(Walk& walk);
  Result<void> check(Walk& walk, const ToolSpec& spec);
  Task<bool> judge(Walk& walk);
  Task<void> run(Walk& walk);
  Task<void> clean(Walk& walk);
  void clean_error(ToolOutcome& outcome) const;
  void tell(const Progress& progress) const;

  Parts parts_;
  ProgressObserver observer_;
  Asking asking_;
  WalkAudit audit_;
};

}  // namespace oap::gateway
