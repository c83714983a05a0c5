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
  bool unread = false;                ///< the pipe to it is too long to be followed
  std::vector<std::string> programs;  ///< shell text that it is given: `cat <<E | bash`
};
/// For the command at `index` of the script.
BashFlow bash_flow(const shell::Script& script, std::size_t index);

/// Statements, remote commands and archives among a command's arguments.
void bash_arguments(const shell::SimpleCommand& command, std::string_view program,
                    const std::function<void(const Danger&)>& report);

/// sh, bash and their like, by base name.
bool is_bash_like(std::string_view program);
/// Something is fetched within the word's substitutions.
bool fetches_inside(std::string_view word);
/// The word is nothing but the output of a tool that prints settings for a shell:
/// `$(ssh-agent -s)`.
bool prints_settings(std::string_view word);

}  // namespace oap::security
