#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"

namespace oap::migration {

/// Which MCP servers Claude Code's settings let start (`deniedMcpServers`, `allowedMcpServers`):
/// entries with `serverName`, `serverCommand` (the whole command line) or `serverUrl` (with `*`).
struct ServerPolicy {
  std::vector<json::Object> denied;
  std::optional<std::vector<json::Object>> allowed;  ///< nothing: every server
};

/// Why a server (`command` and `args`, or `url`) may not be used, a sentence's end; "" where it
/// may. Where the list of allowed ones has command lines or URLs, a name alone lets no server of
/// that kind in. Pure.
std::string refused(const ServerPolicy& policy, std::string_view name, const json::Object& server);

}  // namespace oap::migration
