#include "security/role_matrix.hpp"

#include <algorithm>
#include <cstdlib>

namespace oap::security {
namespace {

using Commands = RoleRow::Commands;
using Todo = RoleRow::Todo;

/// The built-in matrix: one row a role.
std::vector<RoleRow> builtin_rows() {
  const std::vector<std::string> notes = {".opencode/todo.md", "**/.opencode/todo.md", "docs/**",
                                          "**/docs/**"};
  const std::vector<std::string> reads = {"read_file", "list_dir",    "glob", "grep",
                                          "skill",     "read_output", "*__*"};
  const auto with = [&reads](std::vector<std::string> more) {
    more.insert(more.begin(), reads.begin(), reads.end());
    return more;
  };
  return {
      {"commander",
       with({"write_file", "edit_file", "bash", "run_command", "todo", "delegate_task"}), notes,
       Commands::kLook, Todo::kEdit, true, false},
      {"planner", with({"write_file", "edit_file", "run_command", "todo"}), notes,
       Commands::kSkills, Todo::kEdit, false, false},
      {"worker",
       with({"write_file", "edit_file", "bash", "run_command", "python"}),
       {"**"},
       Commands::kAll,
       Todo::kNone,
       false,
       true},
      {"reviewer",
       with({"bash", "run_command", "todo"}),
       {},
       Commands::kLook,
       Todo::kTick,
       false,
       false},
  };
}

}  // namespace

std::string_view to_string(RoleRow::Commands commands) {
  switch (commands) {
    case Commands::kNone:
      return "none";
    case Commands::kSkills:
      return "skills";
    case Commands::kLook:
      return "look";
    case Commands::kAll:
      return "all";
  }
  return "none";
}

std::string_view to_string(RoleRow::Todo todo) {
  return todo == Todo::kEdit ? "edit" : todo == Todo::kTick ? "tick" : "none";
}

bool names_tool(const std::vector<std::string>& names, std::string_view public_name) {
  return std::any_of(names.begin(), names.end(), [public_name](std::string_view name) {
    if (name == "*__*") {
      return public_name.find("__") != std::string_view::npos;
    }
    return name.ends_with('*') ? public_name.starts_with(name.substr(0, name.size() - 1))
                               : name == public_name;
  });
}

RoleMatrix RoleMatrix::builtin() {
  RoleMatrix matrix;
  for (RoleRow& row : builtin_rows()) {
    // A row that is left out would be a role without limits.
    if (const auto set = matrix.set(std::move(row)); !set) {
      std::abort();
    }
  }
  return matrix;
}

Result<void> RoleMatrix::set(RoleRow row) {
  Entry entry{std::move(row), {}};
  for (const std::string& pattern : entry.row.write) {
    auto glob = text::Glob::compile(pattern);
    if (!glob) {
      return fail(Code::kConfiguration, "the agent {} may not write '{}': {}", entry.row.role,
                  pattern, glob.error().message());
    }
    entry.write.push_back(*std::move(glob));
  }
  std::erase_if(entries_, [&](const Entry& other) { return other.row.role == entry.row.role; });
  entries_.push_back(std::move(entry));
  return {};
}

const RoleMatrix::Entry* RoleMatrix::entry(std::string_view role) const {
  for (const Entry& each : entries_) {
    if (each.row.role == role) {
      return &each;
    }
  }
  return nullptr;
}

const RoleRow* RoleMatrix::find(std::string_view role) const {
  const Entry* const found = entry(role);
  return found == nullptr ? nullptr : &found->row;
}

bool RoleMatrix::may_write(std::string_view role, std::string_view path) const {
  const Entry* const found = entry(role);
  return found != nullptr &&
         std::any_of(found->write.begin(), found->write.end(),
                     [path](const text::Glob& glob) { return glob.matches(path); });
}

std::vector<RoleRow> RoleMatrix::rows() const {
  std::vector<RoleRow> rows;
  for (const Entry& each : entries_) {
    rows.push_back(each.row);
  }
  return rows;
}

}  // namespace oap::security
