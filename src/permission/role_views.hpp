#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "permission/evaluation.hpp"
#include "permission/rule.hpp"

namespace oap::permission {

/// What each role sees of the rules: `compiled.roles` and `compiled.everyone`. `written` are the
/// roles of all files, of which unknown names and circles are faults ("file:line: inherits: …"),
/// whether or not they count; `counted` are the same without what does not count. `ids` are those
/// of the rules. Where there are faults, the views are not made. Private to this folder.
void build_role_views(const std::vector<Role>& written, const std::vector<Role>& counted,
                      const std::map<std::string, std::uint32_t>& ids, Compiled& compiled,
                      std::vector<std::string>& faults);

}  // namespace oap::permission
