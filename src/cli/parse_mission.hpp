#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "cli/args.hpp"
#include "cli/parse_mcp.hpp"

namespace oap::cli {

/// Adds the commands below `oap mission`; the one that is chosen is put into `command`. `words`,
/// `format` (what --output-format gives) and `command` outlive the parsing.
void add_mission_commands(CLI::App& mission, MissionArgs& words, std::string& format,
                          Command& command, const CommandMaker& make);

}  // namespace oap::cli
