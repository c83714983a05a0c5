#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "hooks/hook.hpp"
#include "orchestration/mission/desk.hpp"
#include "session/commands.hpp"
#include "store/mission_repository.hpp"

namespace oap::orchestration {

using session::parse_slash;
using session::SlashCall;

/// The slash commands of files, as they stand now. Blocks for moments.
class CommandBook {
 public:
  virtual ~CommandBook() = default;
  virtual session::CommandListing commands() const = 0;
  /// Those that do not count, as the folder is not trusted.
  virtual session::CommandListing withheld() const = 0;
};

/// chat.message: answers the commands about missions and agents itself: /help, /agents, /status,
/// /stop, /cancel. /task and /plan are left to MissionControl. A command of a file, /compact, and
/// one that there is not are put to the desk, for who handles the message.
class SlashCommandHook final : public hooks::ChatHook {
 public:
  /// Ends a mission by its id, whoever drives it; a sentence that says what was done.
  using Stop = std::function<Result<std::string>(const std::string& id)>;
  /// What is borrowed outlives the hook. No repository: it answers nothing about missions; no book:
  /// there are no commands but the built-in ones, and those that are not known pass as they are.
  SlashCommandHook(MissionDesk& desk, store::MissionRepository* missions, Stop stop,
                   const CommandBook* book = nullptr)
      : desk_(desk), missions_(missions), stop_(std::move(stop)), book_(book) {}
  std::string_view name() const override { return "SlashCommand"; }
  Task<Result<hooks::ChatVerdict>> on_message(const hooks::Context& context,
                                              std::string text) override;

 private:
  Result<std::string> status(const std::string& workspace);
  Result<std::string> stop(const hooks::Context& context, const std::string& which);
  std::string help() const;
  CommandWish of_file(const SlashCall& call) const;

  MissionDesk& desk_;
  store::MissionRepository* missions_;
  Stop stop_;
  const CommandBook* book_;
};

/// Whether the program answers this command itself, so that no file of that name counts. Pure.
bool is_own_command(std::string_view name);

}  // namespace oap::orchestration
