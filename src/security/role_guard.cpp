#include "security/role_guard.hpp"

#include <algorithm>
#include <initializer_list>
#include <vector>

#include <fmt/format.h>

#include "json/value.hpp"
#include "shell/parse.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

bool one_of(std::string_view word, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// What a role may do: the rows of the matrix in README.md.
struct RoleLimits {
  std::string_view role;
  bool edits_source;
  bool edits_notes;  ///< .opencode/todo.md and docs/
  bool runs_commands;
  bool uses_todo;
  bool delegates;
};
constexpr RoleLimits kLimits[] = {
    {"commander", false, true, true, true, true},
    {"planner", false, true, false, true, false},
    {"worker", true, true, true, false, false},
    {"reviewer", false, false, true, true, false},
};

const RoleLimits* limits_of(std::string_view role) {
  for (const RoleLimits& limits : kLimits) {
    if (limits.role == role) {
      return &limits;
    }
  }
  return nullptr;
}

RoleVerdict refuse(const RoleLimits& limits, std::string_view what) {
  return {false, fmt::format("role:{}", limits.role),
          fmt::format("the {} may not {}", limits.role, what)};
}

std::string_view argument(const ToolCall& call, std::string_view key) {
  const json::Value* value = json::find(call.arguments, key);
  return value != nullptr && value->is_string() ? json::view(value->get_string())
                                                : std::string_view();
}

/// The path without "." components; "" where it climbs with "..".
std::string plain_path(std::string_view path) {
  std::string out;
  for (const std::string_view part : text::split(path, '/')) {
    if (part == "..") {
      return {};
    }
    if (part == "." || part.empty()) {
      continue;
    }
    out += (out.empty() ? "" : "/") + std::string(part);
  }
  return path.starts_with('/') ? "/" + out : out;
}

bool is_todo(std::string_view path) {
  const std::string plain = plain_path(path);
  return plain == ".opencode/todo.md" || plain.ends_with("/.opencode/todo.md");
}

bool is_note(std::string_view path) {
  const std::string plain = plain_path(path);
  return is_todo(path) || plain.starts_with("docs/") || plain.find("/docs/") != std::string::npos;
}

RoleVerdict judge_edit(const RoleLimits& limits, std::string_view path) {
  if (is_todo(path)) {
    return limits.uses_todo ? RoleVerdict{}
                            : refuse(limits, "write .opencode/todo.md; report to the commander");
  }
  if (limits.edits_source || (limits.edits_notes && is_note(path))) {
    return {};
  }
  return refuse(limits, limits.edits_notes
                            ? fmt::format("write {}; only .opencode/todo.md and docs/", path)
                            : fmt::format("write {}; send it back with a comment", path));
}

/// Programs that write where the role may only look. Redirections count too.
RoleVerdict judge_command(const RoleLimits& limits, std::string_view source) {
  if (limits.edits_source) {
    return {};
  }
  const shell::Script script = shell::parse(source);
  for (const shell::SimpleCommand& command : script.commands) {
    for (const shell::Redirect& redirect : command.redirects) {
      const bool writes = redirect.kind == shell::Redirect::Kind::kWrite ||
                          redirect.kind == shell::Redirect::Kind::kAppend ||
                          redirect.kind == shell::Redirect::Kind::kReadWrite;
      if (writes && !redirect.target.starts_with("/dev/") &&
          !redirect.target.starts_with("/tmp/")) {
        if (RoleVerdict verdict = judge_edit(limits, redirect.target); !verdict.allowed) {
          return verdict;
        }
      }
    }
    if (command.argv.empty()) {
      continue;
    }
    const std::string_view program = shell::base_name(command.argv.front());
    const bool in_place =
        (program == "sed" || program == "perl") &&
        std::any_of(command.argv.begin() + 1, command.argv.end(), [](const std::string& word) {
          return word.starts_with("--in-place") ||
                 (word.size() > 1 && word[0] == '-' && word[1] != '-' &&
                  word.substr(0, 4).find('i') != std::string::npos);
        });
    const bool changes_tree =
        program == "git" && command.argv.size() > 1 &&
        one_of(command.argv[1], {"apply", "am", "checkout", "restore", "reset", "stash", "rebase",
                                 "merge", "cherry-pick", "revert", "clean", "rm", "mv"});
    if (in_place || changes_tree ||
        one_of(program, {"rm", "rmdir", "mv", "cp", "tee", "patch", "truncate", "ln", "install",
                         "dd", "shred", "unlink"})) {
      return refuse(limits, fmt::format("change files with '{}'", program));
    }
  }
  return {};
}

RoleVerdict judge_role(const RoleLimits& limits, const ToolCall& call) {
  if (call.server != kBuiltinServer && !call.server.empty() && call.server != "default") {
    return {};
  }
  const std::string& tool = call.tool;
  if (one_of(tool, {"write_file", "edit_file"})) {
    const std::string_view path = argument(call, "path");
    return judge_edit(limits, path.empty() ? argument(call, "file_path") : path);
  }
  if (one_of(tool, {"bash", "run_command", "python"})) {
    if (!limits.runs_commands) {
      return refuse(limits, "run commands");
    }
    if (tool != "python") {
      return judge_command(limits, argument(call, "command"));
    }
    return limits.edits_source ? RoleVerdict{}
                               : refuse(limits, "run python code; bash runs the tests");
  }
  if (tool == "delegate_task" && !limits.delegates) {
    return refuse(limits, "delegate; only the commander does");
  }
  if (tool == "todo" && !limits.uses_todo) {
    return refuse(limits, "change the todo list; report to the commander");
  }
  if (tool == "todo") {
    const std::string_view action = argument(call, "action");
    const bool ticks = one_of(action, {"tick", "check", "done", "complete"});
    if (limits.role == "reviewer" && !action.empty() && !ticks &&
        !one_of(action, {"list", "read", "show", "untick"})) {
      return refuse(limits, "change the todo list but for ticks");
    }
    if (limits.role != "reviewer" && ticks) {
      return refuse(limits, "tick a todo item; only the reviewer does");
    }
  }
  return {};
}

}  // namespace

RoleVerdict role_guard(const ToolCall& call, const Principal& principal) {
  if (call.tool == "bash" || call.tool == "run_command" || call.tool.ends_with("__bash")) {
    if (RoleVerdict verdict = never_rules(argument(call, "command")); !verdict.allowed) {
      return verdict;
    }
  }
  const RoleLimits* limits = limits_of(principal.role);
  return limits == nullptr ? RoleVerdict{} : judge_role(*limits, call);
}

}  // namespace oap::security
