#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "hooks/hook.hpp"
#include "store/mission_repository.hpp"

namespace oap::orchestration {

/// A message that begins with a command: "/task", and all that follows it, over any number of
/// lines.
struct SlashCall {
  std::string name;       ///< in lower case, without the slash
  std::string arguments;  ///< trimmed
};
/// Nothing where the text is no command: "/etc/passwd is …" is none. Pure.
std::optional<SlashCall> parse_slash(std::string_view text);

/// chat.message: answers the commands about missions and agents itself: /help, /agents, /status,
/// /stop, /cancel. /task and /plan are left to MissionControl, unknown ones to custom commands.
class SlashCommandHook final : public hooks::ChatHook {
 public:
  /// Ends a mission by its id, whoever drives it; a sentence that says what was done.
  using Stop = std::function<Result<std::string>(const std::string& id)>;
  /// The repository outlives the hook; null: it answers nothing about missions.
  SlashCommandHook(store::MissionRepository* missions, Stop stop)
      : missions_(missions), stop_(std::move(stop)) {}
  std::string_view name() const override { return "SlashCommand"; }
  Task<Result<hooks::ChatVerdict>> on_message(const hooks::Context& context,
                                              std::string text) override;

 private:
  Result<std::string> status(const std::string& workspace);
  Result<std::string> stop(const hooks::Context& context, const std::string& which);

  store::MissionRepository* missions_;
  Stop stop_;
};

}  // namespace oap::orchestration
