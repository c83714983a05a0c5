#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shell/script.hpp"

namespace oap::permission {

/// True for a program that runs code in a language of its own from a file.
bool is_interpreter(std::string_view program);

/// `python -m pytest x` as `pytest x`, which is what it does; nothing for other calls. Pure.
std::optional<shell::SimpleCommand> module_call(const shell::SimpleCommand& command);

/// Why a call runs code or commands that stand in its own arguments or come from its input: an
/// interpreter's inline code, awk's system(), sed's e, an option that names a program. "" where it
/// does not. Pure. Errs on the side of a reason. Private to this folder.
std::string inline_code(const shell::SimpleCommand& command);

/// True for a sed script of commands that touch nothing but the text that passes through.
bool is_plain_sed(std::string_view script);
/// True for an awk program that runs nothing, reads no other files and writes none.
bool is_plain_awk(std::string_view program);

}  // namespace oap::permission
