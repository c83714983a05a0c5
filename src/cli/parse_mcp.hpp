#pragma once

#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/args.hpp"

namespace oap::cli {

/// Adds a command with the options that all have; calls `chosen` when it is the one.
using CommandMaker =
    std::function<CLI::App*(CLI::App& parent, const std::string& name, const std::string& help,
                            std::function<void()> chosen)>;

/// What the commands below `oap mcp` are parsed into.
struct McpWords {
  McpArgs use;
  McpEditArgs edit;
  McpTrustArgs trust;
  McpLoginArgs login;
  McpServeArgs serve;
};

/// Adds the commands below `oap mcp`; the one that is chosen is put into `command`. `words` and
/// `command` outlive the parsing.
void add_mcp_commands(CLI::App& mcp, McpWords& words, Command& command, const CommandMaker& make);

}  // namespace oap::cli
