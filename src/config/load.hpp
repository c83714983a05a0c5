#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/config.hpp"
#include "config/paths.hpp"
#include "config/problem.hpp"
#include "json/value.hpp"

namespace oap::config {

/// Commands of a project's that stand outside the configuration files, for its trust.
struct ForeignCommands {
  std::map<std::string, std::string> digests;  ///< name → digest of all that decides what runs
  std::map<std::string, std::string> shown;    ///< name → what a person is asked to trust
  std::vector<std::string> withheld;           ///< what does not count where it is not trusted
  std::vector<Problem> problems;
};

struct LoadOptions {
  Paths paths;
  Env env = process_env();
  std::vector<std::string> settings;  ///< command line, "routing.agent_timeout=60"; values are YAML
  bool trust = false;                 ///< --trust: the project counts in full for this process
  std::uint32_t managed_owner = 0;    ///< uid that must own the managed files
  /// Asked once, with whether what other programs have in the workspace is read; empty: none.
  std::function<ForeignCommands(bool reads_others)> commands = {};
};

struct Loaded {
  Config config;                  ///< meaningful only where there are no problems
  std::vector<Problem> problems;  ///< every fault of every file, in file order
};

/// Reads all layers (built-in < user < project < LOG_LEVEL and command line < managed), checks them
/// against the tables in `shapes.hpp`, expands ${VAR}, leaves out what an untrusted project may not
/// set, merges (maps by key; lists, scalars and whole definitions replaced) and types the result.
/// Reads files only; contacts nobody, creates nothing. No files at all is fine.
Loaded load_all(const LoadOptions& options);

/// The same, where any problem is one kConfiguration error with a line for each.
Result<Config> load(const LoadOptions& options);

/// The effective settings for `oap config show`: {"settings": …, "origins": {pointer: "file:line"},
/// "files": […], "trusted": …, "withheld": […], "warnings": […]}, secrets masked as "***".
json::Value to_json(const Config& config);

/// The JSON Schema's text for config, agents, mcp-servers, permissions or plugins, with or without
/// ".yaml"; empty for any other name.
std::string schema(std::string_view name);
std::vector<std::string> schema_names();

}  // namespace oap::config
