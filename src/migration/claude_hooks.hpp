#pragma once

#include <string>

#include "migration/claude_settings.hpp"
#include "migration/plan.hpp"

namespace oap::migration {

/// Keeps the hooks, `env` and the lists for hooks of type http of the machine's and the project's
/// settings files, as they are, in
/// `.opencode/hooks/claude-code.json`, where they run after `oap trust`. The person's own are named
/// as left. What of them cannot run here is a warning.
void plan_hooks(const ClaudeSettings& settings, Plan& plan, Report& report);

/// The same for hooks that are at hand: event → groups. `beside`: what stands beside them; `where`:
/// the files that they are from. Nothing is written where both are empty.
void put_hooks(json::Object hooks, json::Object beside, const std::string& where, Plan& plan,
               Report& report);

}  // namespace oap::migration
