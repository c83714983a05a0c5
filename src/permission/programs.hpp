#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "permission/rule.hpp"
#include "shell/script.hpp"

namespace oap::permission {

/// A file operand of a program call, by what the program does with it.
struct FileOperand {
  std::string path;
  Action access = Action::kRead;
  bool tree = false;
  bool exact = true;          ///< false: not known before the shell expands it
  bool glob = false;          ///< not exact, but a glob that can be looked up
  bool possible = false;      ///< only perhaps touched
  bool unsure = false;        ///< of a tree, an unknown part
  bool creates = false;       ///< of such a part, also what is not there yet
  bool skips_hidden = false;  ///< of a tree, nothing whose name begins with a dot
  bool skips_links = false;   ///< of a tree, no file that is only linked to
  std::vector<std::string>
      only;  ///< of a tree, only files with such names (globs); all where empty
};

/// The files that a call of a well-known program (cat, cp, rm, find …) touches; nothing for others.
/// Pure. Errs on the side of naming an operand too many.
std::vector<FileOperand> file_operands(const shell::SimpleCommand& command);

/// The files whose names a command gives to what xargs or find runs, as they are read: trees for
/// find, nothing more than it read itself for grep -l. Nothing where they cannot be told. `finds`:
/// the names are those that find puts into the place of {}.
std::optional<std::vector<FileOperand>> names_given_by(const shell::SimpleCommand& command,
                                                       bool finds);

/// True where NAME may be set before a command without changing what the command is.
bool is_safe_variable(std::string_view name);

/// True where NAME, assigned on its own, is a script's own affair: no program and no shell reads
/// it.
bool is_own_variable(std::string_view name);

/// True where NAME looks like one that programs or the shell read (PATH, LD_PRELOAD, http_proxy),
/// rather than a script's own.
bool is_environment_name(std::string_view name);

/// True where NAME is one that well-known programs, loaders or shells read, or is formed like
/// those: what a call sets by such a name may change what its command runs.
bool is_program_variable(std::string_view name);

/// What of the call's arguments is code, a command or a program of its own: inline_code(), else
/// program_hazard(). "" where there is nothing.
std::string call_hazard(const shell::SimpleCommand& command);

/// Why this call does more than its words say: its hazard, git options that run programs, a name
/// that looks like another. "" where there is nothing.
std::string call_doubt(const shell::SimpleCommand& command, const std::string& hazard);

/// True for directories whose programs are what their names say.
bool is_trusted_directory(std::string_view directory);

}  // namespace oap::permission
