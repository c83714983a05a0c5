#pragma once

#include "permission/facets.hpp"
#include "shell/script.hpp"

namespace oap::permission {

/// What rules can match of one program call: its words, its names, its texts. `doubt`, `launches`
/// and what follows from them are left empty. argv is not empty. Pure. Private to this folder.
CommandFacet call_facet(const shell::SimpleCommand& command);

}  // namespace oap::permission
