#pragma once

#include <string_view>

#include "shell/script.hpp"

namespace oap::shell {

inline constexpr std::size_t kMaxSourceBytes = 64U << 10U;
inline constexpr int kMaxDepth = 64;
inline constexpr std::size_t kMaxCommands = 4096;

/// Finds every simple command that `bash -c source` can run: in lists, pipelines, compound
/// commands, functions, substitutions, here-documents, arithmetic, and inside known wrappers (env,
/// sudo, xargs, find -exec, bash -c, eval …), whose payload is listed after them. Expansions are
/// not carried out: a word with one is kDynamic. Whatever is not understood, or beyond the limits,
/// makes the result incomplete, never shorter. Pure; any bytes are fine; no allocation beyond a
/// multiple of the source. `most` bytes are read, and commands and work are bounded in proportion
/// to it. Source: bash 5.2 manual, chapters 3.1-3.5.
Script parse(std::string_view source, std::size_t most = kMaxSourceBytes);

/// The same, and as `possible` what commands are with the values that variables of the script can
/// have: those of `for` lists and assignments that are written out, `~` and `.` for `$HOME` and
/// `$PWD` at the front of a word, and for an unquoted variable none.
Script parse_with_values(std::string_view source);

}  // namespace oap::shell
