#pragma once

#include "permission/words.hpp"

namespace oap::permission {

/// True where a call is given something that can run programs: an archiver's, editor's, pager's or
/// database's option or words. Private to this folder, as the one below.
bool is_given_program(const Words& words);

/// The same for compilers, builders and test runners: a linker, a plugin, a wrapper, a setting that
/// loads code.
bool builds_with_program(const Words& words);

}  // namespace oap::permission
