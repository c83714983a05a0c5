#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "acp/editor_files.hpp"
#include "acp/protocol.hpp"
#include "acp/updates.hpp"
#include "approval/approver.hpp"
#include "async/task.hpp"
#include "gateway/gateway.hpp"
#include "orchestration/report.hpp"
#include "orchestration/run_events.hpp"
#include "session/session_manager.hpp"
#include "store/session_repository.hpp"

namespace oap::acp {

/// One prompt of a session.
struct TurnRequest {
  std::string text;
  std::string model;  ///< empty: the configured one
  std::optional<ExecutionPath> path;
};

/// What is told of a turn while it goes on, without secrets.
struct TurnEvents {
  orchestration::RunEvents events;
  gateway::ProgressObserver on_call;
};

/// A session that is open: one folder, one conversation, the servers of both. The platform has the
/// one implementation. Of the executor's thread.
class HostSession {
 public:
  virtual ~HostSession() = default;
  virtual const std::string& id() const = 0;
  virtual const std::string& cwd() const = 0;  ///< canonical
  /// Carries a prompt out; cancelling the task pauses it. One at a time.
  virtual Task<Result<orchestration::TaskReport>> prompt(TurnRequest request,
                                                         TurnEvents events) = 0;
  /// After a turn that was cancelled: what was under way is closed in the history.
  virtual Result<void> settle() = 0;
  virtual Result<store::SessionRecord> record() = 0;
  virtual Result<std::vector<session::StoredMessage>> records() = 0;
  virtual std::vector<CommandView> commands() = 0;
  /// The models that a person may choose here, the one in force first.
  virtual std::vector<std::string> models() = 0;
  virtual std::int64_t window(const std::string& model) = 0;
  /// A file's text as it may be shown; nothing where there is none, or none that can be shown.
  virtual std::optional<std::string> file_text(const std::string& path) = 0;
  /// The plan in the folder; empty where there is none.
  virtual std::vector<PlanEntry> plan() = 0;
  /// What a person should know of this folder: what it may not do and why.
  virtual std::vector<std::string> notices() = 0;
  /// Ends what it started. A session in which nothing was said is removed, unless it is to be kept.
  virtual Task<void> close(bool keep) = 0;
};

/// How a session comes to be.
struct OpenRequest {
  enum class How { kNew, kContinue, kFork } how = How::kNew;
  SessionParams params;
  approval::Approver* approver = nullptr;  ///< borrowed
  EditorFiles* files = nullptr;            ///< borrowed; null: the disk
};

/// Where sessions are.
class Host {
 public:
  virtual ~Host() = default;
  /// kNotFound where there is no such session or folder; kConfiguration.
  virtual Result<std::unique_ptr<HostSession>> open(OpenRequest request) = 0;
  /// Last changed first; of one folder, or of all. At most 1,000.
  virtual Result<std::vector<store::SessionRecord>> list(const std::optional<std::string>& cwd) = 0;
  /// Removes a session wherever it is; one that does not exist is no error.
  virtual Result<void> remove(const std::string& id) = 0;
};

}  // namespace oap::acp
