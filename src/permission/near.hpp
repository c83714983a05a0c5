#pragma once

#include <vector>

#include "permission/evaluation.hpp"

namespace oap::permission {

/// Rules that did not match but for one condition: the role, the action, the project's trust, a
/// word, or the path's end. At most ten, strongest tier first. Private to this folder.
std::vector<NearMiss> near_misses(const Compiled& compiled, const Facets& facets,
                                  const RoleView& roles, const std::vector<RuleMatch>& matched);

}  // namespace oap::permission
