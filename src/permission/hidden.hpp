#pragma once

#include <string>
#include <vector>

#include "permission/evaluation.hpp"

namespace oap::permission {

/// What Policy::hidden_from_search() answers.
std::vector<std::string> hidden_globs(const Compiled& compiled, const RoleView& view);

}  // namespace oap::permission
