#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "shell/script.hpp"

namespace oap::security {

struct Danger;

/// What comes to a command through pipes, here-documents and substitutions. Private to this folder,
/// as all below. Pure.
struct BashFlow {
  bool runs_fetched = false;          ///< `curl … | sh`, `bash <(curl …)`, `eval "$(curl …)"`
  bool runs_decoded = false;          ///< `… | base64 -d | sh`
  bool runs_text = false;             ///< `printf %s "$x" | sh`
  bool sends_secrets = false;         ///< `env | curl -d @- …`
  bool serves_shell = false;          ///< `sh -i | nc …`
  bool unread = false;                ///< the pipe to it is too long to be followed
  std::vector<std::string> programs;  ///< shell text that it is given: `cat <<E | bash`
};
/// For the command at `index` of the script.
BashFlow bash_flow(const shell::Script& script, std::size_t index);

/// Statements, remote commands and archives among a command's arguments.
void bash_arguments(const shell::SimpleCommand& command, std::string_view program,
                    const std::function<void(const Danger&)>& report);

/// What of the system's rights a command takes, gives or switches off.
void bash_rights(const shell::SimpleCommand& command, std::string_view program,
                 const std::function<void(const Danger&)>& report);

/// sh, bash and their like, by base name.
bool is_bash_like(std::string_view program);
/// A positional parameter behind a slash: `/srv/$1`.
bool holds_parameter(std::string_view word);
/// A variable that is named like a secret.
bool holds_secret(std::string_view word);
/// Something is fetched within the word's substitutions.
bool fetches_inside(std::string_view word);
/// The word is nothing but the output of a tool that prints settings for a shell:
/// `$(ssh-agent -s)`.
bool prints_settings(std::string_view word);
/// `eval set -- "$(getopt …)"`: options that getopt has quoted for the shell.
bool sets_options(const shell::SimpleCommand& command);

}  // namespace oap::security
