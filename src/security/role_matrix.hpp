#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "text/glob.hpp"

namespace oap::security {

/// What one agent may do; what is not named is denied. Data.
struct RoleRow {
  enum class Commands {
    kNone,
    kSkills,  ///< only `npx skills add …`, by run_command
    kLook,    ///< none that change files; and kSkills
    kAll
  };
  enum class Todo { kNone, kEdit, kTick };

  std::string role;
  std::vector<std::string> tools;  ///< public names; a `*` at the end stands for any rest
  std::vector<std::string> write;  ///< globs of files, relative to the workspace; `**`: any
  Commands commands = Commands::kNone;
  Todo todo = Todo::kNone;
  bool delegate = false;
  bool network = false;  ///< commands may be programs for the network
};

std::string_view to_string(RoleRow::Commands commands);
std::string_view to_string(RoleRow::Todo todo);

/// The role matrix: a row an agent. A principal whose role has no row is no agent: permissions
/// alone decide for it. Immutable once filled.
class RoleMatrix {
 public:
  /// commander, planner, worker and reviewer, as in README.md.
  static RoleMatrix builtin();

  /// Adds a row, or puts it in the place of the role's. kConfiguration names a pattern that is
  /// none.
  Result<void> set(RoleRow row);
  /// Null where the role is no agent's.
  const RoleRow* find(std::string_view role) const;
  /// Whether the row's patterns fit a path, relative to the workspace.
  bool may_write(std::string_view role, std::string_view path) const;
  std::vector<RoleRow> rows() const;

 private:
  struct Entry {
    RoleRow row;
    std::vector<text::Glob> write;
  };
  const Entry* entry(std::string_view role) const;
  std::vector<Entry> entries_;
};

/// Whether one of the names (or beginnings, `x*`) is that of the tool. Pure.
bool names_tool(const std::vector<std::string>& names, std::string_view public_name);

}  // namespace oap::security
