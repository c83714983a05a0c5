#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "permission/rule.hpp"

namespace oap::permission {

/// The rules of a permissions file with this text; errors as yaml::parse() and read_rules() give
/// them. The last two long files are kept as they were read: who asks for the same text, name, tier
/// and tools gets a copy, so that a reload reads only what has changed. Thread-safe. Private to
/// this folder.
Result<RuleFile> rules_of_text(const std::string& text, const std::string& file, Tier tier,
                               const std::vector<std::string>& known_tools);

}  // namespace oap::permission
