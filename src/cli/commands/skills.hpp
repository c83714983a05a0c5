#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/args.hpp"
#include "platform/skill_settings.hpp"
#include "skills/acquire.hpp"

namespace oap::cli {

// The parts of `oap skills`; each returns the exit code.
Result<int> add_skills(const platform::Settings& settings, const SkillsArgs& args, bool as_json);
Result<int> search_skills(const platform::Settings& settings, const SkillsArgs& args, bool as_json);

/// What the scan finds in a skill, whatever its pin.
std::vector<skills::Finding> scan_of(const skills::Entry& entry);
std::string findings_text(const std::vector<skills::Finding>& findings);
std::string files_text(const skills::Folder& files);
/// One event of the audit about a skill.
Result<void> note(const platform::Settings& settings, const std::string& type,
                  const skills::Entry& entry);

}  // namespace oap::cli
