#pragma once

#include <set>
#include <string>
#include <vector>

#include "migration/report.hpp"
#include "migration/tree.hpp"

namespace oap::migration {

/// The text of one instruction file with its `@path` imports put in their places (hosts.md 2.6):
/// relative to the file that holds them, at most 4 deep, not in code spans or fences; HTML comments
/// that stand on lines of their own are left out. What cannot be put in stays as it is written, and
/// the report says why: a cycle, a path outside the tree, a file of credentials or something that
/// is no text file is an error; the home directory, a file that is missing, and too deep a nesting
/// are warnings.
/// Deterministic: files of `own`, which a former import has written, count as missing.
std::string inline_imports(const Tree& source, const std::string& path,
                           const std::set<std::string>& own, Report& report);

/// One file of rules.
struct RuleText {
  std::string path;  ///< relative to the source
  std::string name;  ///< the file's
  std::string text;  ///< without its head; a first line says for which files it is, where it does
};
/// The files of `.claude/rules`, at most 8 directories deep, with their imports put in.
std::vector<RuleText> rule_texts(const Tree& source, const std::set<std::string>& own,
                                 Report& report);

/// True where the file leads to AGENTS.md beside it and says nothing else: as a link, or as its
/// only import.
bool is_agents_file(const Tree& source, const std::string& path);

}  // namespace oap::migration
