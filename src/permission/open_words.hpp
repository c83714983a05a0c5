#pragma once

#include "shell/script.hpp"

namespace oap::permission {

/// True where the words of a call that are not known before it runs cannot make it do more than its
/// program is there for: `echo "$x"`, `basename "$f"`, `[ -n "$x" ]`, `xargs grep -l foo`. What
/// files it reads is another matter. argv is not empty. Private to this folder.
bool words_cannot_matter(const shell::SimpleCommand& command, const shell::Script& script);

/// True where all that is not known is a message: `git commit -m "$text"`, `gh pr create -b "$x"`.
bool is_open_in_message(const shell::SimpleCommand& command);

/// True where all that is not known is an option's number: `make -j$(nproc)`.
bool is_open_in_number(const shell::SimpleCommand& command, const shell::Script& script);

/// `cat` with nothing but a here-document: it prints what stands in the command.
bool prints_here_document(const shell::SimpleCommand& command);

/// True for builtins that steer the script and touch nothing else: `true`, `set -e`, `exit 1`,
/// `[ -f x ]`, `read -r line`, `break`. `open`: words_cannot_matter() of the command.
bool is_control(const shell::SimpleCommand& command, const shell::Script& script, bool open);

}  // namespace oap::permission
