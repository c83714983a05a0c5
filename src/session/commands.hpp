#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "base/result.hpp"

namespace oap::session {

/// A slash command as one Markdown file defines it. Data.
struct CommandDefinition {
  std::string name;  ///< the file's path below the folder without ".md"; folders are joined by ":"
  std::string description;
  std::string argument_hint;
  std::string agent;  ///< who is to do it; empty: whoever is at work
  std::string model;  ///< provider/model; empty: the agent's
  bool subtask = false;
  std::vector<std::string> allowed_tools;  ///< empty: no narrowing
  std::string body;                        ///< the template
  std::string file;
};

struct CommandSources {
  std::string workspace;
  std::string project_dir;  ///< .opencode/
  std::string user_dir;     ///< ${XDG_CONFIG_HOME:-~/.config}/oap; empty: none
  std::string home;         ///< of ~/.claude; empty: none
  bool trusted = false;     ///< false: nothing of the project counts
};

struct CommandListing {
  std::vector<CommandDefinition> commands;  ///< by name; a project's hides a user's
  std::vector<std::string> problems;        ///< what was left out and why, a sentence each
};

/// The commands of `commands/` and `command/` in the project's and the user's folder, and of
/// `.claude/commands` in both. Links, files over 256 KiB, and more than 1,000 files are left out
/// with a sentence. Blocking reads.
CommandListing find_commands(const CommandSources& sources);

/// One file's text. kConfiguration "file:line: …" where its head is wrong; keys that are not known
/// are let be. Pure.
Result<CommandDefinition> parse_command(std::string_view text, std::string name, std::string file);

/// "/name the rest", as a person typed it: the rest may have many lines.
struct SlashCall {
  std::string name;  ///< lower case
  std::string arguments;
};
/// Nothing where the message is no slash command (a path such as "/usr/bin" is none). Pure.
std::optional<SlashCall> parse_slash(std::string_view message);

/// The arguments as words: blanks separate, "…" and '…' group, `\` escapes. Pure.
std::vector<std::string> split_arguments(std::string_view arguments);

/// What an expansion takes from outside; the caller governs both.
class CommandWorld {
 public:
  virtual ~CommandWorld() = default;
  /// Runs a `` !`command` `` and returns what it printed. Goes through the gateway; a denial is
  /// kPermissionDenied and ends the expansion.
  virtual Task<Result<std::string>> run(std::string command) = 0;
  /// The text of an `@file`. Goes through the gateway. kNotFound: the words stay as they are.
  virtual Task<Result<std::string>> read(std::string path) = 0;
};

/// A command with everything filled in: the message that takes its place.
struct Expansion {
  std::string text;
  std::string agent;
  std::string model;
  bool subtask = false;
  std::vector<std::string> allowed_tools;
};

/// Fills the template: `$ARGUMENTS`, `$1` … `$9` (the highest one takes all that is left; a missing
/// one is empty; `\$` is a dollar sign), `@file` at the start of a word, `` !`command` `` at the
/// start of a line or after a blank. In a command arguments are quoted for their place
/// (`fill_shell`), and kConfiguration where they would be read as a program. Only what the template
/// itself says is read or run, never what arguments, files or commands hold. Where it names no
/// arguments they are added at the end. At most 32 commands and files, and 256 KiB each. `world`
/// outlives the task.
Task<Result<Expansion>> expand_command(CommandDefinition command, std::string arguments,
                                       CommandWorld& world);

}  // namespace oap::session
