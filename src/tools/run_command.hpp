#pragma once

#include <memory>

#include "tools/entry.hpp"

namespace oap::tools {

/// The same tool, but that `npx skills add …` and `npx skills find …`, where a call is exactly
/// that, are done by this program itself: fetched in the sandbox, scanned, pinned; looked for in
/// the configured registries. npx is not run.
std::unique_ptr<mcp::Tool> with_skill_installs(std::unique_ptr<mcp::Tool> inner,
                                               std::shared_ptr<const Shared> shared);

}  // namespace oap::tools
