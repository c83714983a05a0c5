#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace oap::cli::chat {

/// One line of the table of slash commands. A new one of the program's own: a line here and an
/// action in `chat_commands.cpp`; one that a chat.message hook answers: a line here with `kHooks`.
struct SlashCommand {
  enum class Goes {
    kNow,    ///< acts at once, also while an agent works
    kQueue,  ///< acts when what is under way has ended
    kHooks,  ///< is sent as it stands, for the hooks to take
  };
  std::string_view name;  ///< without the slash
  std::string_view arguments;
  std::string_view help;
  Goes goes = Goes::kNow;
};

std::span<const SlashCommand> slash_commands();
const SlashCommand* find_slash(std::string_view name);

/// A command that comes from elsewhere: a file of the workspace.
struct MoreCommand {
  std::string name;
  std::string help;
};

struct Slash {
  std::string name;
  std::string arguments;  ///< trimmed; may have several lines
};
/// What a text that begins with a slash commands; nothing where it is a path or no command's name.
/// Pure.
std::optional<Slash> parse_slash(std::string_view text);
/// "There is no command /x (did you mean '/y'?). /help lists them." Pure.
std::string unknown_slash(std::string_view name, const std::vector<MoreCommand>& more);
/// The commands whose names begin so, with their slash. Pure.
std::vector<std::string> slash_candidates(std::string_view start,
                                          const std::vector<MoreCommand>& more);

}  // namespace oap::cli::chat
