#pragma once

#include "cli/parse_mcp.hpp"

namespace oap::cli {

/// Adds `oap skills …`, `oap agents …` and `oap hooks …`; the one that is chosen is put into
/// `command`. What is given outlives the parsing.
void add_skill_commands(CLI::App& app, SkillsArgs& skills, AgentsArgs& agents, Command& command,
                        const CommandMaker& make);

}  // namespace oap::cli
