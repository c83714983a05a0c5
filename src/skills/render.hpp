#pragma once

#include <string>
#include <string_view>

#include "skills/library.hpp"

namespace oap::skills {

/// Where a skill is used, for the variables of its text.
struct RenderContext {
  std::string session_id;
  std::string workspace;
};

/// The instructions as the model gets them: `$ARGUMENTS`, `$ARGUMENTS[N]`, `$N` (from 0), `$name`
/// of the head's `arguments`, `${CLAUDE_SKILL_DIR}`, `${CLAUDE_PROJECT_DIR}`,
/// `${CLAUDE_SESSION_ID}`;
/// `\$` stays a dollar sign. Without arguments `$N` stays as written. Where the text names none,
/// they are added as "ARGUMENTS: …". `` !`command` `` is not run. In front stands what the skill
/// is, behind the list of its files. Pure.
std::string render(const Entry& entry, std::string_view arguments, const RenderContext& context);

/// The skills that the model may call, a line each, for a prompt: at most `budget` bytes. Where
/// that is short, descriptions are cut alike, then left out, then the end of the list is counted
/// only. Always the same for the same skills. Empty where there are none. Pure.
std::string listing(const Library& library, std::size_t budget);

/// All skills with their state, for a model or person that asks. Of those that may not be used only
/// name and reason. Pure.
std::string overview(const Library& library);

}  // namespace oap::skills
