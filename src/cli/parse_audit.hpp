#pragma once

#include <CLI/CLI.hpp>

#include "cli/args.hpp"
#include "cli/parse_mcp.hpp"

namespace oap::cli {

/// Adds the commands below `oap audit`; the one that is chosen is put into `command`. `words` and
/// `command` outlive the parsing.
void add_audit_commands(CLI::App& audit, AuditArgs& words, Command& command,
                        const CommandMaker& make);

}  // namespace oap::cli
