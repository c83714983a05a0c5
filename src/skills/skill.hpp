#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace oap::skills {

/// What a SKILL.md says (agentskills.io specification; Claude Code's further keys). Data.
struct Skill {
  std::string name;
  std::string description;
  std::string when_to_use;
  std::string argument_hint;
  std::string license;
  std::string compatibility;
  std::vector<std::string> arguments;         ///< names of the positional arguments
  std::vector<std::string> allowed_tools;     ///< empty: no narrowing
  std::vector<std::string> disallowed_tools;  ///< taken away as well
  bool model_may_call = true;                 ///< false: only a person's slash command
  std::string body;
  std::vector<std::string> remarks;  ///< what does not follow the specification, a sentence each
};

constexpr std::size_t kMostSkillBytes = 256U << 10U;

/// Whether a text may be a skill's name: 1 to 64 of letters, digits, `-`, `_`, `.`, beginning with
/// a letter or digit. Never a path.
bool is_skill_name(std::string_view name);

/// Reads a SKILL.md, or a flat Markdown file, whose folder (or file) is called `name`; that is the
/// skill's name, and a `name` key that says otherwise is an error. A flat file needs no head.
/// Keys that are not known are let be; known ones of a wrong type, or out of bounds (description
/// 1,024 characters, compatibility 500), are kConfiguration "file:line: …". Pure.
Result<Skill> parse_skill(std::string_view text, std::string_view name, const std::string& file,
                          bool flat = false);

}  // namespace oap::skills
