#pragma once

#include <string>
#include <string_view>

#include "migration/plan.hpp"

namespace oap::migration {

// Files that are taken as they are. Links inside the tree are followed and become copies; what
// leads out, loops, is no regular file, is too large or too much is an error that names it.

/// `.claude/skills`: a directory with SKILL.md is a skill; a flat NAME.md becomes one, with the
/// head it lacks. Returns how many.
int plan_skills(const Tree& source, Plan& plan, Report& report);
/// `.claude/commands/**/*.md` to `.opencode/commands`. Returns how many.
int plan_commands(const Tree& source, Plan& plan, Report& report);
/// `.claude/agents/**/*.md` to `.opencode/agents`; a file without name and description is none.
int plan_agents(const Tree& source, Plan& plan, Report& report);

/// A skill's text with a head that has name and description; those that are there stay. Pure.
std::string with_skill_head(std::string_view text, std::string_view name);

}  // namespace oap::migration
