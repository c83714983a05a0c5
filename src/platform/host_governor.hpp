#pragma once

#include <memory>
#include <string>

#include "api/governor.hpp"
#include "platform/host_ledger.hpp"
#include "platform/host_sessions.hpp"
#include "platform/host_workspaces.hpp"

namespace oap::platform {

/// What the daemon decides by: each folder's workspace and its HostGuard, the same that `oap hook`
/// uses, and the budget of each session. Every decision is in its workspace's audit. Belongs to
/// the executor's thread.
class HostGovernor final : public api::Governor {
 public:
  HostGovernor(Executor executor, SettingsOptions options);

  /// Takes up the budgets of the sessions of before, and keeps them in the file from here on.
  Result<void> keep_usage(const std::string& file);

  Task<Result<std::string>> begin(std::string directory) override;
  Task<Result<api::ToolVerdict>> before(api::ToolAsked asked) override;
  Task<Result<api::ToolCleaned>> after(api::ToolDone done) override;
  Task<Result<api::ChatVerdict>> message(api::ChatAsked asked) override;
  Task<Result<api::PermissionVerdict>> permission(api::PermissionAsked asked) override;
  Task<Result<std::optional<std::string>>> idle(api::Place place) override;
  Task<Result<api::UsageVerdict>> usage(api::UsageTold told) override;
  Task<Result<void>> created(api::Place place) override;
  Task<Result<api::HookAnswer>> hook(api::HookAsked asked) override;
  api::DaemonStatus status() const override;

  /// Reads every workspace's files again; those that are wrong stay as they were. How many.
  std::size_t reload() { return workspaces_.reload(); }

 private:
  Task<Result<api::ToolVerdict>> refused(std::shared_ptr<HostWorkspace> workspace,
                                         hosts::Event event, std::string rule, std::string reason);
  api::ToolVerdict undecided(const hosts::Event& event, const std::string& directory,
                             const Error& why);
  api::ToolVerdict deny(std::string reason);

  HostWorkspaces workspaces_;
  std::optional<HostLedger> ledger_;
  HostSessions sessions_;
  os::EnvLookup env_;
  std::uint64_t calls_ = 0;
  std::uint64_t denied_ = 0;
};

}  // namespace oap::platform
