#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::migration {

/// `mcpServers` of the state that Claude Code keeps beside its folder (~/.claude.json): the
/// person's own. Empty where there is none; kInvalidArgument where it cannot be read. Values may be
/// secrets. Blocking.
Result<json::Object> user_servers(const std::string& user_dir);

/// Names for a report: "mcpServers.NAME" of the person's own servers, "mcpServers.NAME (DIR)" of
/// those for this project alone. Empty where the state cannot be read.
std::vector<std::string> own_servers(const std::string& user_dir, const std::string& project);

}  // namespace oap::migration
