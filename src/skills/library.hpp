#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"
#include "skills/folder.hpp"
#include "skills/marks.hpp"
#include "skills/skill.hpp"

namespace oap::skills {

enum class Scope { kProject, kUser };
std::string_view to_string(Scope scope);

/// Where skills are and what may be believed. Data.
struct LibraryOptions {
  std::string workspace;
  std::string project_dir;         ///< .opencode/
  std::string user_dir;            ///< ${XDG_CONFIG_HOME:-~/.config}/oap; empty: none
  std::string home;                ///< of ~/.claude and the like; empty: none
  std::vector<std::string> paths;  ///< further folders of skills, of the user's configuration
  std::string project_pins;        ///< a file in the workspace's state; empty: nothing is pinned
  std::string user_pins;
  bool trusted = false;   ///< the folder is trusted, now or by record
  bool recorded = false;  ///< by record: what comes later is not part of it
};

json::Object to_json(const LibraryOptions& options);
LibraryOptions library_options_from(const json::Value& value);

/// One skill that is there, and whether it may be used.
struct Entry {
  enum class State { kReady, kUntrusted, kQuarantined, kShadowed, kBroken };
  Skill skill;
  Scope scope = Scope::kProject;
  std::string folder;  ///< absolute; of a flat skill its file
  bool flat = false;
  bool pinned = false;  ///< the record says these very bytes
  State state = State::kBroken;
  std::string why;  ///< why it is not ready, a sentence that says what to do
  std::string digest;
  std::string source;
  std::string commit;
  std::vector<Finding> findings;
  Folder files;
};
std::string_view to_string(Entry::State state);
json::Object to_json(const Entry& entry);

struct Library {
  std::vector<Entry> entries;         ///< by name; of one name the one that counts first
  std::vector<std::string> problems;  ///< what was left out, a sentence each

  /// The entry that counts for a name; null where there is none.
  const Entry* find(std::string_view name) const;
  std::vector<std::string> names() const;
};

/// Looks through `.opencode/skills`, `.agents/skills` and `.claude/skills` of the project (also
/// `skill`), then of the user, then `paths`; a folder with SKILL.md (up to three folders down) or a
/// flat Markdown file is a skill. Reads every skill whole and decides:
/// - its bytes are pinned: ready; they differ from the pin: quarantined;
/// - without a pin, of the user: ready and pinned at first sight, if the scan finds nothing that
///   blocks;
/// - without a pin, of the project: not in an untrusted folder; in a trusted one at the first look
///   as the user's, afterwards quarantined as new. Trust of one process alone pins nothing.
/// A link from one of these folders into another is the same skill; any other link is a problem.
/// At most 500 skills. Blocking.
Library look(const LibraryOptions& options, const FileScan& file_scan);

/// A person accepts what is there now. kNotFound with the nearest name.
Result<void> trust(const LibraryOptions& options, const Library& library, std::string_view name,
                   std::string_view by);
/// Accepts the project's skills as they stand at the next look (`oap trust`).
Result<void> forget_project(const LibraryOptions& options);

/// The pins' file of a scope.
const std::string& pins_file(const LibraryOptions& options, Scope scope);

/// The present time as pins hold it.
std::string pin_time();

}  // namespace oap::skills
