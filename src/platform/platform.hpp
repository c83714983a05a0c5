#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "approval/approver.hpp"
#include "async/task.hpp"
#include "gateway/gateway.hpp"
#include "net/http_client.hpp"
#include "orchestration/report.hpp"
#include "orchestration/run_events.hpp"
#include "permission/engine.hpp"
#include "platform/live_policy.hpp"
#include "platform/settings.hpp"
#include "platform/tool_pins.hpp"
#include "security/secret_scanner.hpp"
#include "store/store.hpp"

namespace oap::checkpoint {
class Journal;
}

namespace oap::platform {

struct Assembly;
class Missions;
class Workflows;

/// What `oap mcp serve` offers to MCP clients.
struct Served {
  std::optional<config::ToolNaming> naming;  ///< instead of the configured one
};

struct PlatformOptions {
  Settings settings;
  Executor executor;
  approval::Approver* approver = nullptr;  ///< borrowed; null: nobody can be asked
  std::string model;                       ///< --model; empty: OAP_MODEL, configuration, offline
  std::string record;                      ///< write the model exchanges to this file
  std::optional<Served> served;            ///< it is to serve MCP, not to run agents
  /// Put around the built-in server, inside of the checkpoints: an editor's files; empty: nothing.
  std::function<std::unique_ptr<gateway::Upstream>(std::unique_ptr<gateway::Upstream>)>
      around_builtin = {};
};

struct RunRequest {
  std::string prompt;
  std::optional<ExecutionPath> path;
  bool continue_session = false;
  std::string session_id;             ///< continue this one; any unique prefix
  std::string model;                  ///< instead of the platform's; empty: that one
  std::string agent;                  ///< who does it, on the fast path; empty: the Worker
  std::optional<int> max_turns = {};  ///< questions to the Worker's model; absent: as configured
};

/// What is told of a run while it goes on.
struct RunObserver {
  orchestration::RunEvents events;
  gateway::ProgressObserver on_call;
  std::function<void(const std::string& session_id, const std::string& task_id)> on_session;
};

/// The composition root: the one place that names concrete classes and puts them together.
/// Opens the workspace's state and audit; starts no server and contacts nobody until a task, a
/// model or a command asks for it. Used from one executor.
class Platform {
 public:
  /// kConfiguration, kFailedPrecondition (state of a newer version), kDataLoss (damaged state).
  static Result<std::unique_ptr<Platform>> open(PlatformOptions options);
  ~Platform();

  /// Does one task; what goes wrong is in the report. An Error only where it could not begin
  /// (unknown model, no session to continue).
  Task<Result<orchestration::TaskReport>> run_task(RunRequest request, RunObserver observer);

  /// Closes in a session's history what was under way when its last run was given up. The
  /// record of the session; an empty id means the workspace's newest. kNotFound.
  Result<store::SessionRecord> settle_session(const std::string& id);
  store::Store& store();
  /// What tools changed in the workspace, to be taken back.
  checkpoint::Journal& checkpoints();
  const security::SecretScanner& scanner() const;

  /// One governed call, as a command makes it.
  Task<ToolOutcome> call_tool(std::string server, std::string tool, json::Object arguments,
                              gateway::CallLink link = {});

  gateway::Catalog& catalog();
  gateway::UpstreamSet& upstreams();
  const Settings& settings() const;
  gateway::Gateway& gateway();
  gateway::AuditSink& audit();
  const gateway::Redactor& redactor() const;
  /// What servers wrote themselves, as it may be shown: without secrets and hidden characters.
  std::string cleaned(std::string_view text) const;
  ToolPins& pins();
  const permission::Engine& permissions() const;
  PolicyHealth policy_health() const;
  net::HttpClient& http();
  /// The workspace's workflows; their engine is made at the first use.
  Workflows& workflows();
  /// The workspace's missions; likewise.
  Missions& missions();
  Executor executor() const;
  /// Told of every call while it walks, without secrets; empty ends it.
  void watch_calls(gateway::ProgressObserver observer);
  const Principal& principal() const;

  /// Ends every server that was started.
  Task<void> close();

 private:
  explicit Platform(std::unique_ptr<Assembly> parts);
  std::unique_ptr<Assembly> parts_;
};

}  // namespace oap::platform
