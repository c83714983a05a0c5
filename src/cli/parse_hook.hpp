#pragma once

#include <CLI/CLI.hpp>

#include "cli/args.hpp"
#include "cli/parse_mcp.hpp"

namespace oap::cli {

/// `oap hook`: the events of other hosts, and their configuration.
void add_hook_commands(CLI::App& app, HookArgs& args, Command& command, const CommandMaker& make);

}  // namespace oap::cli
