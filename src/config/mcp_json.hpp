#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/paths.hpp"
#include "config/sources.hpp"

namespace oap::config {

/// The servers of Claude Code's project file `.mcp.json` ({"mcpServers": {name: {type, command,
/// args, env, url, headers}}}) as a document of ours. What only that program knows is a warning. An
/// entry that starts `oap mcp serve` is meant for the other program alone: the gateway is not a
/// server of its own, and would start itself without end.
struct ForeignServers {
  std::optional<Source> source;  ///< {"mcp_servers": …}; nothing where there is no such file
  std::vector<Problem> problems;
  std::vector<std::string> warnings;
};

/// Reads `<workspace>/.mcp.json`. Text that is not strict JSON and values of wrong types are
/// problems with their line.
ForeignServers read_mcp_json(const std::string& workspace);
/// The same of a text. Pure.
ForeignServers parse_mcp_json(std::string_view text, const std::string& file);

/// Leaves out servers that `own` files name too, with a warning for each that they have otherwise:
/// what is written for this program wins.
void drop_known(ForeignServers& servers, const std::vector<Source>& own);
/// Leaves out servers whose variables are not set, with a warning each: the file is another
/// program's, and must not keep this one from working.
void drop_unset(ForeignServers& servers, const Env& env);

}  // namespace oap::config
