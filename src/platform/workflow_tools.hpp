#pragma once

#include <memory>

#include "gateway/catalog.hpp"
#include "platform/settings.hpp"
#include "workflow/definition/blueprint.hpp"

namespace oap::platform {

/// What the catalog knows of tools without starting a server: the built-in ones for certain, those
/// of configured servers as far as they have answered. Both outlive it.
std::unique_ptr<workflow::ToolSchemas> tool_schemas(const gateway::Catalog& catalog,
                                                    const Settings& settings);

}  // namespace oap::platform
