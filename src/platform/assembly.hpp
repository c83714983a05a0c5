#pragma once

#include <memory>
#include <optional>
#include <string>

#include "audit/log.hpp"
#include "checkpoint/journal.hpp"
#include "gateway/catalog.hpp"
#include "gateway/gateway.hpp"
#include "platform/agents.hpp"
#include "platform/approval_desk.hpp"
#include "platform/custom_commands.hpp"
#include "platform/gateway_invoker.hpp"
#include "platform/hook_calls.hpp"
#include "platform/hook_programs.hpp"
#include "platform/hook_table.hpp"
#include "platform/live_policy.hpp"
#include "platform/missions.hpp"
#include "platform/models.hpp"
#include "platform/own_audit.hpp"
#include "platform/platform.hpp"
#include "platform/session_events.hpp"
#include "platform/session_opener.hpp"
#include "platform/tool_pins.hpp"
#include "platform/transcripts.hpp"
#include "platform/upstreams.hpp"
#include "platform/workflows.hpp"
#include "platform/worktrees.hpp"
#include "security/security_policy.hpp"

namespace oap::platform {

/// The parts of a Platform. They end from the last to the first, and none touches another when it
/// ends that stands below it. Most borrow only from those above them; `asked`, `session_hooks`,
/// `programs`, `transcripts` and `events` also from some below, which they use while the platform
/// works and never in their destructors. In which order they are made, make() says. Used from one
/// executor.
struct Assembly {
  /// Errors as of Platform::open.
  static Result<std::unique_ptr<Assembly>> make(PlatformOptions options);
  ~Assembly();
  Assembly(const Assembly&) = delete;
  Assembly& operator=(const Assembly&) = delete;

  Workflows& the_workflows();  ///< made at the first use
  Missions& the_missions();    ///< made at the first use

  PlatformOptions options;
  Principal principal;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<gateway::AuditSink> audit;
  std::unique_ptr<security::SecretScanner> scanner;
  std::unique_ptr<security::SecurityPolicy> security_policy;
  std::unique_ptr<gateway::ScannerRedactor> redactor;
  std::unique_ptr<OwnAudit> own_audit;
  std::unique_ptr<LivePolicy> policy;
  std::unique_ptr<ApprovalDesk> desk;
  std::optional<TimedApprover> asked;  ///< whoever approves, with the time that it takes
  orchestration::MissionDesk mission_desk;
  std::unique_ptr<SessionHookParts> session_hooks;
  std::unique_ptr<CommandFiles> commands;
  std::unique_ptr<programs::Runner> programs;
  std::unique_ptr<Transcripts> transcripts;
  std::unique_ptr<SessionEvents> events;
  hooks::Registry hooks;
  approval::FixedApprover nobody = approval::FixedApprover::nobody();
  std::unique_ptr<net::HttpClient> http;
  CredentialList credentials;
  std::unique_ptr<checkpoint::Journal> checkpoints;
  gateway::UpstreamSet upstreams;
  std::unique_ptr<ToolPins> trust;
  std::unique_ptr<gateway::Catalog> catalog;
  std::unique_ptr<gateway::Gateway> gateway;
  std::unique_ptr<GatewayInvoker> invoker;
  std::unique_ptr<session::SessionManager> sessions;
  std::unique_ptr<session::SessionLocks> locks;
  std::unique_ptr<SessionOpener> opener;
  std::unique_ptr<ModelSet> models;
  std::unique_ptr<HookCalls> hook_calls;
  std::unique_ptr<Workflows> workflows;
  std::unique_ptr<Worktrees> worktrees;
  std::unique_ptr<Missions> missions;

 private:
  explicit Assembly(PlatformOptions given) : options(std::move(given)) {}

  Result<void> open_state();
  Result<void> make_guards();
  Result<void> make_servers();
  void make_gateway();
  void make_sessions();
  BuiltinParts builtin_parts();
};

}  // namespace oap::platform
