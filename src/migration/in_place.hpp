#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::migration {

struct RulesInPlace {
  std::string text;          ///< of a permissions.yaml; empty: none
  bool asks_nobody = false;  ///< `dontAsk`: what no rule allows is denied
};
/// The permission rules of a workspace's own `.claude/settings.json` and `settings.local.json`,
/// without anything being written (platform.compatibility_mode); none where an import has put them
/// into the workspace's permissions.yaml already. kConfiguration where they cannot be read in full:
/// a rule that is lost would loosen. Blocking.
Result<RulesInPlace> rules_in_place(const std::string& workspace);

/// The hooks of one of a workspace's own settings files, as they stand there.
struct HooksInPlace {
  std::string file;       ///< relative to the workspace
  json::Object hooks;     ///< event → groups
  json::Object settings;  ///< the whole file
};
/// Those of `.claude/settings.json` and `settings.local.json`; no hooks where one of them disables
/// all. Files that cannot be read have none: rules_in_place() says what is wrong with them.
/// Blocking.
std::vector<HooksInPlace> hooks_in_place(const std::string& workspace);

/// One instruction file of a workspace's, as Claude Code reads it.
struct InstructionsInPlace {
  std::string path;  ///< absolute
  std::string text;
};
/// What Claude Code reads of a workspace beside CLAUDE.md: `.claude/CLAUDE.md`, `CLAUDE.local.md`
/// and `.claude/rules`, with their imports put in; none where an import has put them into
/// AGENTS.md. `warnings`: what was left, a sentence each. Blocking.
std::vector<InstructionsInPlace> instructions_in_place(const std::string& workspace,
                                                       std::vector<std::string>& warnings);
/// A CLAUDE.md of the workspace or of a directory above it, up to the git root, with its imports
/// put in; files outside that root stay as they are written. `text` where it cannot be read as
/// such.
std::string expanded_in_place(const std::string& workspace, const std::string& path,
                              std::string text, std::vector<std::string>& warnings);

/// The files that rules_in_place() looks at, absolute, for who watches them.
std::vector<std::string> rule_files_in_place(const std::string& workspace);

}  // namespace oap::migration
