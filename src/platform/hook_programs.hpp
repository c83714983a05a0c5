#pragma once

#include <functional>
#include <memory>
#include <string>

#include "async/task.hpp"
#include "config/load.hpp"
#include "config/paths.hpp"
#include "model/tool.hpp"
#include "programs/hook_set.hpp"
#include "programs/runner.hpp"
#include "security/secret_scanner.hpp"

namespace oap::platform {

struct Settings;

/// Reads all hooks there are into `hooks` (managed, then the user's `hooks/*.json`, then the
/// project's, then, with `reads_others`, those of `.claude/settings*.json` in place that no file of
/// the project's has word for word) and says which commands of the project's need its trust.
/// Blocking.
config::ForeignCommands hook_commands(const config::Paths& paths, bool reads_others,
                                      programs::HookSet& hooks);

/// The hooks that count: a project's only where it is trusted.
programs::HookSet counted_hooks(programs::HookSet hooks, bool trusted);

/// The runner of the settings' hooks. The scanner outlives it. `transcript`, `elsewhere` as in
/// Runner::Parts.
std::unique_ptr<programs::Runner> make_runner(
    const Settings& settings, Executor executor, const security::SecretScanner& scanner,
    std::function<std::string(const std::string& session_id)> transcript,
    decltype(programs::Runner::Parts::elsewhere) elsewhere = {});

}  // namespace oap::platform
