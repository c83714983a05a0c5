#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace oap::migration {

/// The permission rules of a workspace's own `.claude/settings.json` and `settings.local.json` as
/// the text of a permissions.yaml, without anything being written (platform.compatibility_mode);
/// "" where there are none, or where an import has put them into the workspace's permissions.yaml
/// already. kConfiguration where they cannot be read in full: a rule that is lost would loosen.
/// Blocking.
Result<std::string> rules_in_place(const std::string& workspace);

/// The files that rules_in_place() looks at, absolute, for who watches them.
std::vector<std::string> rule_files_in_place(const std::string& workspace);

}  // namespace oap::migration
