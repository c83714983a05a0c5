#pragma once

#include <memory>

#include "hooks/registry.hpp"
#include "programs/runner.hpp"

namespace oap::programs {

/// Puts the programs to the points of the registry that they have handlers for:
/// PreToolUse before every guard of ours (what a program allows, our guards still judge; what it
/// changes is judged again from the first guard on), PostToolUse after our own clean-up of a
/// result, UserPromptSubmit before everything else, Stop and SubagentStop when nothing of ours
/// goes on, and the others as session events. The runner outlives the registry.
void register_programs(hooks::Registry& registry, Runner& runner);

}  // namespace oap::programs
