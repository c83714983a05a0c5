#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "json/value.hpp"
#include "migration/tree.hpp"

namespace oap::migration {

/// A server's name as Claude Code's rules write it: all but letters, digits, `_` and `-` as `_`.
std::string rule_name(std::string_view server);

/// From that to the name of the configuration, where they differ.
std::map<std::string, std::string> server_names(const json::Object& servers);
/// The same of a tree's `.mcp.json`; empty where it cannot be read.
std::map<std::string, std::string> server_names(const Tree& tree);

/// The servers of a tree's `.mcp.json` that start `oap mcp serve`, as rules write them.
std::set<std::string> gateway_names(const Tree& tree);

}  // namespace oap::migration
