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

/// Takes over what is the person's own in `places.user_dir` (which must be called ".claude") into
/// `target`, the folder of their own settings here (~/.config/oap), for all projects: CLAUDE.md and
/// rules, skills, commands, agents, hooks, the servers of ~/.claude.json, and of the permissions
/// those that deny or ask. What would loosen their own policy is named and left. As
/// import_claude_code otherwise; `source` does not count.
Report import_claude_user(const ClaudeImport& options);

/// Takes over what Claude Code has in `source`, for the person and for the machine: settings in all
/// their layers, permissions, hooks, skills, commands, agents, CLAUDE.md with its imports and
/// rules, .mcp.json, sandbox, and the seeds' legacy keys. Settings that cannot be read fail the
/// import before anything is written, as a lost rule would loosen; other faults leave out what is
/// at fault. Runs nothing and contacts nobody; writes below `target` alone. Blocking.
Report import_claude_code(const ClaudeImport& options);

}  // namespace oap::migration
