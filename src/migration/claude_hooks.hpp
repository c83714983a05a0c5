#pragma once

#include "migration/claude_settings.hpp"
#include "migration/plan.hpp"

namespace oap::migration {

/// Keeps the hooks of all settings files, as they are, in `.opencode/hooks/claude-code.json`, with
/// a warning that nothing runs them. Unknown events are kept and named.
void plan_hooks(const ClaudeSettings& settings, Plan& plan, Report& report);

}  // namespace oap::migration
