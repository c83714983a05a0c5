#pragma once

#include <optional>
#include <string>

#include "async/task.hpp"

namespace oap::cli {

/// Shows `prompt` on stderr and reads one line from /dev/tty; nothing at the end of the input or
/// where there is no terminal. The line is without its end and at most 64 KiB.
Task<Result<std::optional<std::string>>> ask_line(Executor executor, std::string prompt);
/// The same for y or yes; anything else is no.
Task<Result<bool>> ask_yes(Executor executor, std::string question);

/// The same where no event loop runs yet.
bool ask_yes_now(const std::string& question);

}  // namespace oap::cli
