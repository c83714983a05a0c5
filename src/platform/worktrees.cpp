#include "platform/worktrees.hpp"

#include "base/log.hpp"
#include "orchestration/mission/mission_tools.hpp"
#include "os/file.hpp"
#include "platform/gateway_invoker.hpp"
#include "platform/upstreams.hpp"
#include "platform/worktree_end.hpp"
#include "platform/worktree_git.hpp"
#include "text/strings.hpp"
#include "tools/builtin.hpp"

namespace oap::platform {
namespace {

/// One worktree and the tools that work in it.
class Worktree final : public orchestration::Workplace {
 public:
  Worktree(const Worktrees::Parts& parts, async::BlockingPool& blocking, async::Semaphore& turn,
           WorkspaceGit git, std::string path, std::string branch, std::string base,
           std::string description)
      : parts_(parts),
        git_(std::move(git)),
        path_(std::move(path)),
        branch_(std::move(branch)),
        base_(std::move(base)),
        description_(std::move(description)),
        blocking_(blocking),
        turn_(turn) {
    BuiltinParts builtin{true, parts_.local, {}, {}};
    if (const std::string objects = git_.objects(); !objects.empty()) {
      builtin.readable.push_back(objects);
    }
    upstreams_.add(builtin_at(parts_.settings, parts_.executor, path_, std::move(builtin)));
    std::vector<ToolSpec> specs = tools::builtin_specs();
    const std::vector<ToolSpec> more = tools::agent_specs();
    specs.insert(specs.end(), more.begin(), more.end());
    for (ToolSpec& spec : orchestration::mission_tool_specs()) {
      specs.push_back(std::move(spec));
    }
    catalog_ = std::make_unique<gateway::Catalog>(parts_.executor, upstreams_, std::move(specs),
                                                  gateway::CatalogOptions{}, nullptr);
    gateway_ = std::make_unique<gateway::Gateway>(
        gateway::Gateway::Parts{parts_.hooks, parts_.approver, parts_.audit, parts_.redactor,
                                upstreams_, *catalog_, system_clock(), path_, Millis(300'000),
                                Millis(300'000), audit_class_of(parts_.settings), parts_.desk});
    invoker_ = std::make_unique<GatewayInvoker>(*gateway_);
  }

  workflow::ToolInvoker& invoker() override { return *invoker_; }
  const std::string& path() const override { return path_; }

  Task<Result<std::string>> leave() override {
    co_await catalog_->close();
    co_await upstreams_.close();
    co_return std::string();
  }

  Task<Result<std::string>> finish(bool ok) override {
    co_await catalog_->close();
    co_await upstreams_.close();
    const Deadline never = Deadline::never();
    OAP_CO_TRY([[maybe_unused]] const async::Semaphore::Permit turn, co_await turn_.acquire(never));
    EndedWorktree ended{parts_.settings, git_,    blocking_, parts_.checkpoints, parts_.session_of,
                        path_,           branch_, base_,     description_};
    co_return co_await end_worktree(std::move(ended), ok);
  }

 private:
  const Worktrees::Parts& parts_;
  WorkspaceGit git_;
  std::string path_;
  std::string branch_;
  std::string base_;
  std::string description_;
  async::BlockingPool& blocking_;
  async::Semaphore& turn_;
  gateway::UpstreamSet upstreams_;
  std::unique_ptr<gateway::Catalog> catalog_;
  std::unique_ptr<gateway::Gateway> gateway_;
  std::unique_ptr<GatewayInvoker> invoker_;
};

}  // namespace

Task<Result<std::unique_ptr<orchestration::Workplace>>> Worktrees::open(std::string task_id,
                                                                        std::string description) {
  const std::string& workspace = parts_.settings.paths.workspace;
  if (!os::is_directory(workspace + "/.git")) {
    co_return fail(Error(Code::kFailedPrecondition,
                         "there can be no worktree: the workspace is not the root of a git "
                         "repository; let one writer work after the other",
                         Audience::kModel));
  }
  const Deadline never = Deadline::never();
  OAP_CO_TRY([[maybe_unused]] const async::Semaphore::Permit turn,
             co_await one_at_a_time_.acquire(never));
  const std::string folder = workspace + "/.opencode/worktrees";
  OAP_CO_CHECK_OK(os::make_dirs(folder));
  if (!os::exists(folder + "/.gitignore")) {
    OAP_CO_CHECK_OK(os::write_file_atomic(folder + "/.gitignore", "*\n"));
  }
  const std::string path = folder + "/" + task_id;
  const std::string branch = "oap/" + task_id;
  WorkspaceGit git(parts_.executor, workspace, folder);
  std::vector<std::string> words{"rev-parse", "--verify", "HEAD"};
  auto head = co_await git.run(std::move(words));
  if (!head) {
    co_return fail(Error(Code::kFailedPrecondition,
                         "there can be no worktree: the repository has no commit yet",
                         Audience::kModel));
  }
  std::string base(text::trim(*head));
  std::vector<std::string> known{"rev-parse", "--verify", "--quiet", "refs/heads/" + branch};
  if ((co_await git.run(std::move(known))).has_value()) {  // of a task that is taken up again
    std::vector<std::string> fork{"merge-base", "HEAD", branch};
    OAP_CO_TRY(const std::string found, co_await git.run(std::move(fork)));
    base = text::trim(found);
  } else {
    std::vector<std::string> make{"branch", "--quiet", "--no-track", branch, base};
    OAP_CO_CHECK_OK(co_await git.run(std::move(make)));
  }
  if (!os::is_directory(path)) {
    OAP_CO_CHECK_OK(co_await git.make_tree(path, index_of(path), branch));
  }
  std::unique_ptr<orchestration::Workplace> place =
      std::make_unique<Worktree>(parts_, blocking_, one_at_a_time_, std::move(git), path, branch,
                                 std::move(base), std::move(description));
  co_return place;
}

}  // namespace oap::platform
