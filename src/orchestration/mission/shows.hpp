#pragma once

#include <cstdint>
#include <string_view>

#include "orchestration/mission/evidence.hpp"

namespace oap::orchestration {

/// What it tells that a shell command ended with exit code 0.
enum class Shows : std::uint8_t {
  kNothing,  ///< it would have ended so anyway, or the exit code is that of something else
  kLook,     ///< what it names is there, or holds what was looked for: `cat a.md`, `test -f a`
  kRun       ///< a program ran and ended well: tests, a build, the program itself
};

/// Reads the command as bash does: the exit code of `a | b` is that of b (unless pipefail is set),
/// of `a; b` that of b (unless errexit is set, or a is followed by `|| exit 1`), `a || b` shows
/// only what both show, `a &` and `! a` nothing. What it does not follow (if, loops, functions,
/// traps, a changed PATH) shows nothing. Pure. Source: bash 5.2 manual, 3.2 and 4.3.1.
Shows what_success_shows(std::string_view command);
/// The same of a command that was seen to end well.
Shows what_shows(const Evidence& seen);

/// Why a command shows nothing, for the agent that ran it: a half sentence; "" where it does show
/// something.
std::string_view why_nothing(std::string_view command);
std::string_view why_nothing(const Evidence& seen);

}  // namespace oap::orchestration
