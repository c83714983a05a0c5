#pragma once

#include "cli/parse_mcp.hpp"

namespace oap::cli {

/// Adds `oap migrate …`; the one that is chosen is put into `command`. What is given outlives the
/// parsing.
void add_migrate_commands(CLI::App& app, MigrateArgs& args, Command& command,
                          const CommandMaker& make);

}  // namespace oap::cli
