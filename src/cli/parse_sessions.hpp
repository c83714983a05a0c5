#pragma once

#include "cli/parse_mcp.hpp"

namespace oap::cli {

/// Adds `oap sessions …`; the one that is chosen is put into `command` (`resume` is a run). What is
/// given outlives the parsing.
void add_session_commands(CLI::App& app, SessionsArgs& sessions, RunArgs& run, std::string& format,
                          Command& command, const CommandMaker& make);

}  // namespace oap::cli
