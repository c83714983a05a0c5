#include "cli/chat/slash.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "session/commands.hpp"
#include "text/nearest.hpp"
#include "text/strings.hpp"

namespace oap::cli::chat {
namespace {

using Goes = SlashCommand::Goes;

constexpr std::array kCommands = {
    SlashCommand{"help", "", "This list, and the keys"},
    SlashCommand{"task", "OBJECTIVE", "A mission: agents carry the objective to its end",
                 Goes::kHooks},
    SlashCommand{"plan", "OBJECTIVE", "A plan for an objective, nothing is done yet", Goes::kHooks},
    SlashCommand{"stop", "", "Stop what works, and the mission", Goes::kHooks},
    SlashCommand{"agents", "", "The agents and their models"},
    SlashCommand{"model", "[PROVIDER/MODEL]", "Show or change the model of this talk"},
    SlashCommand{"cost", "", "Tokens and money so far"},
    SlashCommand{"undo", "[N]", "Take the file changes of the last turn (or N) back", Goes::kQueue},
    SlashCommand{"redo", "[N]", "Make changes again that were taken back", Goes::kQueue},
    SlashCommand{"expand", "[N]", "Show tool call N (the last) in full"},
    SlashCommand{"compact", "[HINT]", "Shorten what the model remembers of this talk",
                 Goes::kHooks},
    SlashCommand{"clear", "", "Begin a new session on an empty screen", Goes::kQueue},
    SlashCommand{"new", "", "The same", Goes::kQueue},
    SlashCommand{"skills", "", "The skills that agents may use here"},
    SlashCommand{"sessions", "", "The sessions of this workspace"},
    SlashCommand{"resume", "ID", "Go on with another session", Goes::kQueue},
    SlashCommand{"status", "", "Session, model, workspace, what is waiting"},
    SlashCommand{"exit", "", "Leave (also Ctrl-D)"},
    SlashCommand{"quit", "", "The same"},
};

}  // namespace

std::span<const SlashCommand> slash_commands() { return kCommands; }

const SlashCommand* find_slash(std::string_view name) {
  const auto* found =
      std::find_if(kCommands.begin(), kCommands.end(),
                   [name](const SlashCommand& command) { return command.name == name; });
  return found == kCommands.end() ? nullptr : found;
}

std::optional<Slash> parse_slash(std::string_view text) {
  auto call = session::parse_slash(text);
  if (!call || !text::is_alpha(call->name.front())) {
    return std::nullopt;
  }
  return Slash{std::move(call->name), std::move(call->arguments)};
}

std::vector<std::string> slash_candidates(std::string_view start,
                                          const std::vector<MoreCommand>& more) {
  std::vector<std::string> names;
  for (const SlashCommand& command : kCommands) {
    names.push_back("/" + std::string(command.name));
  }
  for (const MoreCommand& command : more) {
    names.push_back("/" + command.name);
  }
  std::erase_if(names, [start](const std::string& name) { return !name.starts_with(start); });
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string unknown_slash(std::string_view name, const std::vector<MoreCommand>& more) {
  const std::string word = "/" + std::string(name);
  return fmt::format("There is no command {}{}. /help lists them.", word,
                     text::did_you_mean(word, slash_candidates("/", more)));
}

}  // namespace oap::cli::chat
