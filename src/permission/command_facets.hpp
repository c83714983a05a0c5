#pragma once

#include <string>
#include <string_view>

#include "permission/facets.hpp"

namespace oap::permission {

/// Adds what a shell command comes down to: its program calls, the files they and its redirections
/// touch, and what is not understood. `cwd` and `workspace` are canonical.
void add_command(std::string_view source, std::string_view cwd, std::string_view workspace,
                 Facets& facets);

}  // namespace oap::permission
