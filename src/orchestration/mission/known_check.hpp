#pragma once

#include "shell/script.hpp"

namespace oap::orchestration {

/// Whether a call is of a kind that can find programs broken: a test runner, build, linter, type
/// checker or compiler, a verb of such a tool (`cargo test`, `npm run x`), a program or script of
/// the workspace (`./x`, `python3 file.py`, `node file.js`), or a module that is not the
/// language's own. `openssl version`, `python3 -m site` and what nobody knows are none. The argv is
/// not empty. Pure.
bool is_known_check(const shell::SimpleCommand& command);

}  // namespace oap::orchestration
