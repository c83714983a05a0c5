#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"

namespace oap::migration {

/// A key, rule or file of the source that has no counterpart in the target, and why.
struct NotCarried {
  std::string key;    ///< "statusLine", "permissions.allow: Cd(~/x)", ".claude/skills/a"
  std::string where;  ///< "file:line", or the file
  std::string reason;
};

/// What became of one file of the target.
struct FileOutcome {
  std::string path;    ///< relative to the target
  std::string action;  ///< created, updated, unchanged, kept, removed
};

/// What an import did: the seeds' report (platform guide 5.1) and what was left behind. A value.
struct Report {
  std::string host;
  std::string source;
  std::string target;
  bool dry_run = false;
  bool failed = false;  ///< nothing was written
  std::vector<std::string> components;
  std::vector<std::string> warnings;
  std::vector<std::string> errors;
  std::vector<NotCarried> not_carried;
  std::vector<FileOutcome> files;

  /// "success", "partial" where there are errors but something was done, "failed".
  std::string_view status() const;
  /// Adds a component once.
  void migrated(std::string_view component);
  bool changed() const;
  /// Keeps the first 1,000 of each list, and says how many more there were.
  void bound();
};

/// One object: status, host, source, target, dry_run, changed, migrated_components, warnings,
/// errors, not_carried, files.
json::Object to_json(const Report& report);
/// The same for a person, with what to do next.
std::string to_text(const Report& report);

}  // namespace oap::migration
