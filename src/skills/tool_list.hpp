#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::skills {

/// The tools that a frontmatter's field names: a YAML list, or one text with commas or blanks
/// between (blanks in parentheses separate nothing: "Bash(git add *)"). Empty where the field is
/// absent. kConfiguration where it is neither. Pure.
Result<std::vector<std::string>> tool_list(const json::Object& fields, std::string_view key,
                                           std::string_view file);

}  // namespace oap::skills
