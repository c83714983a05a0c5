#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "migration/rules.hpp"

namespace oap::migration {

/// One policy file of Gemini CLI, parsed.
struct GeminiFile {
  std::string file;
  int tier = 4;  ///< user 4, workspace 3 (hosts.md 3)
  json::Object value;
};

/// Its `[[rule]]` tables: there the rule of the highest tier and priority decides, here the
/// strictest, so that a rule carries a condition where a stronger one is less strict. Rules about
/// arguments' text, modes other than the default and subagents have no counterpart; a deny rule
/// among them is named with what to write instead. Wrong types are kConfiguration errors. Pure.
Result<Translation> translate_gemini(const std::vector<GeminiFile>& files);

}  // namespace oap::migration
