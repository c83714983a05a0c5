#pragma once

#include <string>

#include "config/paths.hpp"
#include "migration/claude_settings.hpp"
#include "migration/report.hpp"

namespace oap::migration {

struct ClaudeImport {
  std::string source;  ///< the project's directory
  std::string target;
  ClaudePlaces places;
  bool dry_run = false;
  config::Env env = config::process_env();
};

/// Takes over what Claude Code has in `source`, for the person and for the machine: settings in all
/// their layers, permissions, hooks, skills, commands, agents, CLAUDE.md with its imports and
/// rules, .mcp.json, sandbox, and the seeds' legacy keys. Settings that cannot be read fail the
/// import before anything is written, as a lost rule would loosen; other faults leave out what is
/// at fault. Runs nothing and contacts nobody; writes below `target` alone. Blocking.
Report import_claude_code(const ClaudeImport& options);

}  // namespace oap::migration
