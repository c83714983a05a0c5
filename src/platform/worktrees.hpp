#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "approval/approver.hpp"
#include "async/blocking_pool.hpp"
#include "async/semaphore.hpp"
#include "gateway/gateway.hpp"
#include "orchestration/mission/mission_run.hpp"
#include "platform/builtin_upstream.hpp"
#include "platform/settings.hpp"

namespace oap::checkpoint {
class Journal;
}

namespace oap::platform {

/// Git worktrees for delegated agents that write at the same time, below `.opencode/worktrees`.
/// Each has built-in tools of its own that work there, behind the same hooks, approver and audit;
/// MCP servers are not offered in it. Git runs in the sandbox, without the repository's hooks, and
/// never looks at what the agent has made of the worktree's own `.git` (see worktree_git.hpp).
///
/// A worktree begins at HEAD. At its end what was changed there is committed on its branch
/// (`oap/<task>`), and put into the workspace's files where nobody has changed the same files
/// since; else the branch stays, and the files that both changed are named.
class Worktrees final : public orchestration::Workplaces {
 public:
  struct Parts {
    const Settings& settings;
    hooks::Registry& hooks;
    approval::Approver& approver;
    approval::Desk* desk = nullptr;
    gateway::AuditSink& audit;
    gateway::Redactor& redactor;
    Executor executor;
    LocalTools local;
    checkpoint::Journal* checkpoints = nullptr;  ///< what is merged can be taken back; null: not
    /// The session in which a task's mission was begun.
    std::function<std::string(const std::string& task_id)> session_of = {};
  };
  explicit Worktrees(Parts parts) : parts_(std::move(parts)) {}

  Task<Result<std::unique_ptr<orchestration::Workplace>>> open(std::string task_id,
                                                               std::string description) override;

 private:
  Parts parts_;
  async::BlockingPool blocking_{1};
  async::Semaphore one_at_a_time_{1};  // what is taken away must not be in another one's sandbox
};

}  // namespace oap::platform
