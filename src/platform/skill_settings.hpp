#pragma once

#include "gateway/hooks/guards.hpp"
#include "platform/settings.hpp"
#include "skills/library.hpp"
#include "tools/agent_context.hpp"

namespace oap::platform {

/// Where this workspace's skills are and what may be believed of them.
skills::LibraryOptions library_options(const Settings& settings);
/// What the built-in server's tools for agents work with; makes the folders they need.
tools::AgentContext agent_context(const Settings& settings);
gateway::SkillSources skill_sources(const Settings& settings);

/// What a prompt says of skills: the list within its budget, and to those who may, how to acquire
/// one. Empty where there is nothing to say. The same for the same skills.
std::string skills_section(const Settings& settings, const skills::Library& library,
                           bool may_acquire);

/// The skills as they stand, scanned. Blocking.
skills::Library look_at_skills(const Settings& settings);

}  // namespace oap::platform
