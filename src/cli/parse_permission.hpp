#pragma once

#include "cli/parse_mcp.hpp"

namespace oap::cli {

/// Adds `oap permission …` and `oap approvals …`; the one that is chosen is put into `command`.
/// What is given outlives the parsing.
void add_permission_commands(CLI::App& app, PermissionArgs& permission, ApprovalArgs& approval,
                             Command& command, const CommandMaker& make);

}  // namespace oap::cli
