#pragma once

#include <string>
#include <vector>

#include "orchestration/hooks/skill_scope.hpp"
#include "orchestration/hooks/slash_command.hpp"
#include "orchestration/orchestrator.hpp"
#include "platform/models.hpp"
#include "platform/settings.hpp"
#include "session/commands.hpp"

namespace oap::platform {

/// The slash commands of files that count here: the user's, and a trusted folder's.
session::CommandListing command_files(const Settings& settings);

/// The same for the hook that looks them up.
class CommandFiles final : public orchestration::CommandBook {
 public:
  explicit CommandFiles(const Settings& settings) : settings_(settings) {}
  session::CommandListing commands() const override { return command_files(settings_); }
  session::CommandListing withheld() const override;

 private:
  const Settings& settings_;
};

/// Carries the slash commands of one run out: reads and runs for the person, through the gateway;
/// gives the turn to the agent and model that the command names; narrows it to the command's tools.
/// What it borrows outlives it.
class CustomCommands final : public orchestration::CommandPath {
 public:
  struct Parts {
    const Settings& settings;
    ModelSet& models;
    orchestration::MissionDesk& desk;
    orchestration::SkillScopes& scopes;
    workflow::ToolInvoker& invoker;
    std::string model;  ///< as the run was given it, or empty
  };
  explicit CustomCommands(Parts parts) : parts_(std::move(parts)) {}

  std::optional<orchestration::CommandWish> take(const std::string& session_id) override {
    return parts_.desk.take_command(session_id);
  }
  Task<Result<orchestration::ExpandedCommand>> expand(const orchestration::TaskRequest& request,
                                                      orchestration::CommandWish wish,
                                                      Deadline deadline,
                                                      std::vector<Denial>& denials) override;

 private:
  Result<std::optional<orchestration::AgentProfile>> agent_for(
      const session::Expansion& expansion) const;

  Parts parts_;
};

}  // namespace oap::platform
