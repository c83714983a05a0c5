#include "permission/launchers.hpp"

#include <fmt/format.h>

#include "permission/words.hpp"

namespace oap::permission {
namespace {

/// A verb after which the words are another program's.
bool has_runner_verb(const Words& words) {
  const bool script =
      words.size() > 1 && Words::one_of(words[1], {"run", "run-script", "test", "start", "stop"});
  if (script && words.is({"npm", "pnpm", "yarn", "bun"})) {
    return false;  // what stands behind is a script's name and its words
  }
  if (words.is({"npm", "pnpm", "yarn", "bun", "corepack"})) {
    return words.any_word({"exec", "x", "dlx", "explore", "create", "init"});
  }
  if (words.is({"poetry", "pipenv",     "uv",        "pdm",       "hatch",   "rye",     "bundle",
                "rbenv",  "pyenv",      "nodenv",    "asdf",      "mise",    "rtx",     "conda",
                "mamba",  "micromamba", "direnv",    "rustup",    "volta",   "nix",     "flatpak",
                "snap",   "toolbox",    "distrobox", "aws-vault", "doppler", "chamber", "op",
                "heroku", "fly",        "gcloud",    "machinectl"})) {
    return words.any_word({"run", "exec", "shell", "develop", "enter", "x", "tool", "ssh"});
  }
  if (words.is({"go"})) {
    return words.size() > 2 && words[1] == "run" && words.any_part("@");
  }
  return words.is({"cargo"}) && words.any_word({"watch"});
}

bool is_other_shell(const Words& words) {
  return words.is({"fish", "csh", "tcsh", "rc", "es", "nu", "ion", "oil", "osh", "ysh"}) &&
         (words.first_operand() == 0 || words.any_short("c") || words.any_word({"--command"}));
}

}  // namespace

std::string launch_doubt(const shell::SimpleCommand& command, const std::string& hazard) {
  if (command.argv.empty()) {
    return {};
  }
  const Words words(command);
  const bool launches = shell::runs_operands(words.program()) || has_runner_verb(words) ||
                        is_other_shell(words) || !hazard.empty();
  if (!launches) {
    return {};
  }
  return fmt::format("{} can run other commands; only a rule that names it may allow this",
                     words.program());
}

}  // namespace oap::permission
