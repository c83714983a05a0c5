#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "config/paths.hpp"
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

/// What a server's program and address need from the environment that is not set there: why not; ""
/// where nothing is missing.
std::string missing_for(const json::Object& server, const config::Env& env);
/// The server with an empty default for each variable of its `env` and `headers`, as an unset one
/// there is no reason to refuse the whole configuration. `changed` is set where there was any.
json::Object with_empty_defaults(json::Object server, bool& changed);

}  // namespace oap::migration
