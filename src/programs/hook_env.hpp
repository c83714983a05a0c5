#pragma once

#include "os/env.hpp"
#include "programs/hook_set.hpp"

namespace oap::programs {

/// Adds what a file says beside its hooks: `env`, `allowedHttpHookUrls`, `httpHookAllowedEnvVars`
/// (Claude Code's settings reference). A variable that decides what a shell, the loader or this
/// program runs is named in a warning and left out, as is what is no text. Pure.
void take_settings(const HookFile& file, HookSet& out);

/// A header's value with `$NAME` and `${NAME}` replaced: by the variable where the handler and the
/// files' list allow it, else by nothing. Pure.
std::string filled(std::string_view value, const Handler& handler, const HookSet& hooks,
                   const os::EnvLookup& env);

}  // namespace oap::programs
