#include "security/role_guard.hpp"

#include <algorithm>
#include <filesystem>
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

RoleVerdict refuse(const RoleRow& limits, std::string_view what) {
  return {false, fmt::format("role:{}", limits.role),
          fmt::format("the {} may not {}", limits.role, what)};
}

std::string_view argument(const ToolCall& call, std::string_view key) {
  const json::Value* value = json::find(call.arguments, key);
  return value != nullptr && value->is_string() ? json::view(value->get_string())
                                                : std::string_view();
}

/// The path without "." and ".." components; one that climbs out keeps its "..".
std::string plain_path(std::string_view path) {
  std::vector<std::string_view> parts;
  for (const std::string_view part : text::split(path, '/')) {
    if (part == ".." && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (part == ".." && path.starts_with('/')) {
      continue;
    } else if (part != "." && !part.empty()) {
      parts.push_back(part);
    }
  }
  std::string out;
  for (const std::string_view part : parts) {
    out += (out.empty() ? "" : "/") + std::string(part);
  }
  return path.starts_with('/') ? "/" + out : out;
}

/// The files that missions are judged by, wherever below `.opencode` they are.
bool is_plan(std::string_view path) {
  const std::filesystem::path plain =
      std::filesystem::path(text::lower_ascii(path)).lexically_normal();
  const std::string name = plain.filename().string();
  return one_of(name, {"todo.md", "verification-checklist.md", "sync-issues.md"}) &&
         std::find(plain.begin(), plain.end(), ".opencode") != plain.end();
}

/// Who is judged, by which row of which matrix.
struct Judged {
  const RoleRow& row;
  const RoleMatrix& matrix;
  const RealPlace& place;
};

std::string list_of(const std::vector<std::string>& patterns) {
  std::string list;
  for (const std::string& pattern : patterns) {
    if (!pattern.starts_with("**/")) {
      list += (list.empty() ? "" : ", ") + pattern;
    }
  }
  return list;
}

RoleVerdict judge_edit(const Judged& judged, std::string_view path) {
  const RoleRow& row = judged.row;
  const std::string plain = plain_path(path);
  const std::string real = judged.place ? judged.place(path) : plain;
  if ((is_plan(plain) || is_plan(real)) && row.todo != RoleRow::Todo::kEdit) {
    return refuse(row, fmt::format("write {}; report to the commander", path));
  }
  const bool any = std::find(row.write.begin(), row.write.end(), "**") != row.write.end();
  const bool climbs = real.empty() || real.starts_with("../") || real == "..";
  if (any || (!climbs && judged.matrix.may_write(row.role, real))) {
    return {};
  }
  return refuse(row, row.write.empty()
                         ? fmt::format("write {}; send it back with a comment", path)
                         : fmt::format("write {}; only {}", path, list_of(row.write)));
}

/// Programs whose work is to reach other machines.
bool is_for_the_network(const shell::SimpleCommand& command) {
  const std::string_view program = shell::base_name(command.argv.front());
  if (one_of(program, {"curl", "wget", "nc", "ncat", "netcat", "socat", "ssh", "scp", "sftp",
                       "telnet", "ftp", "rsync", "dig", "nslookup", "ping", "xh", "http"})) {
    return true;
  }
  return program == "git" && command.argv.size() > 1 &&
         one_of(command.argv[1], {"clone", "fetch", "pull", "push", "ls-remote", "submodule"});
}

/// Adds a skill, or looks for one.
bool adds_a_skill(const shell::Script& script) {
  const auto is_skills = [](const shell::SimpleCommand& command) {
    const std::vector<std::string>& argv = command.argv;
    std::size_t at = 1;
    while (at < argv.size() && (argv[at] == "-y" || argv[at] == "--yes")) {
      ++at;
    }
    return argv.size() > at + 1 && argv[0] == "npx" && !command.dynamic &&
           command.redirects.empty() && command.assignments.empty() &&
           (argv[at] == "skills" || argv[at].starts_with("skills@")) &&
           one_of(argv[at + 1], {"add", "find", "search"});
  };
  if (!script.complete || script.commands.empty() || !is_skills(script.commands.front())) {
    return false;
  }
  return std::all_of(script.commands.begin() + 1, script.commands.end(),
                     [](const shell::SimpleCommand& one) { return one.wrapper == "npx"; });
}

/// Programs that write where the role may only look. Redirections count too.
RoleVerdict judge_command(const Judged& judged, std::string_view source) {
  const RoleRow& row = judged.row;
  if (row.commands == RoleRow::Commands::kAll && row.network) {
    return {};
  }
  const shell::Script script = shell::parse(source);
  if (adds_a_skill(script)) {
    return {};
  }
  if (row.commands == RoleRow::Commands::kSkills) {
    return refuse(row, "run commands but for npx skills add and find");
  }
  for (const shell::SimpleCommand& command : script.commands) {
    if (!row.network && !command.argv.empty() && is_for_the_network(command)) {
      return refuse(
          row, fmt::format("use the network with '{}'", shell::base_name(command.argv.front())));
    }
    if (row.commands == RoleRow::Commands::kAll) {
      continue;
    }
    for (const shell::Redirect& redirect : command.redirects) {
      const bool writes = redirect.kind == shell::Redirect::Kind::kWrite ||
                          redirect.kind == shell::Redirect::Kind::kAppend ||
                          redirect.kind == shell::Redirect::Kind::kReadWrite;
      if (writes && !redirect.target.starts_with("/dev/") &&
          !redirect.target.starts_with("/tmp/")) {
        if (is_plan(redirect.target)) {
          return refuse(row, "write the plan by a command; use the todo tool");
        }
        if (RoleVerdict verdict = judge_edit(judged, redirect.target); !verdict.allowed) {
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
      return refuse(row, fmt::format("change files with '{}'", program));
    }
  }
  return {};
}

RoleVerdict judge_todo(const RoleRow& row, const ToolCall& call) {
  if (row.todo == RoleRow::Todo::kNone) {
    return refuse(row, "change the todo list; report to the commander");
  }
  const std::string_view action = argument(call, "action");
  const bool ticks = one_of(action, {"tick", "check", "done", "complete"});
  if (argument(call, "list") == "issues") {
    return {};  // findings are anyone's who may use the list
  }
  const bool ticks_only = row.todo == RoleRow::Todo::kTick;
  if (ticks_only && !action.empty() && !ticks &&
      !one_of(action, {"list", "read", "show", "untick"})) {
    return refuse(row, "change the todo list but for ticks");
  }
  if (!ticks_only && ticks) {
    return refuse(row, "tick a todo item; only the reviewer does");
  }
  return {};
}

RoleVerdict judge_role(const Judged& judged, const ToolCall& call) {
  const RoleRow& row = judged.row;
  const bool builtin =
      call.server == kBuiltinServer || call.server.empty() || call.server == "default";
  const std::string& tool = call.tool;
  const std::string name = builtin ? tool : call.public_name();
  if (tool == "delegate_task" && builtin && !row.delegate) {
    return refuse(row, "delegate; only the commander does");
  }
  if (builtin && tool == "todo") {
    return judge_todo(row, call);
  }
  const bool shell = builtin && one_of(tool, {"bash", "run_command"});
  if (shell && (row.commands == RoleRow::Commands::kNone ||
                (row.commands == RoleRow::Commands::kSkills && tool == "bash"))) {
    return refuse(row, "run commands");
  }
  if (builtin && one_of(tool, {"write_file", "edit_file"})) {
    const std::string_view path = argument(call, "path");
    const RoleVerdict verdict =
        judge_edit(judged, path.empty() ? argument(call, "file_path") : path);
    if (!verdict.allowed) {
      return verdict;
    }
  }
  if (call.method().empty() && !names_tool(row.tools, name)) {
    return refuse(row, tool == "python" ? std::string("run python code; bash runs the tests")
                                        : "use " + name);
  }
  return shell ? judge_command(judged, argument(call, "command")) : RoleVerdict{};
}

}  // namespace

RoleVerdict role_guard(const ToolCall& call, const Principal& principal, const RoleMatrix& matrix,
                       const RealPlace& place) {
  if (call.tool == "bash" || call.tool == "run_command" || call.tool.ends_with("__bash")) {
    if (RoleVerdict verdict = never_rules(argument(call, "command")); !verdict.allowed) {
      return verdict;
    }
  }
  const RoleRow* const row = matrix.find(principal.role);
  return row == nullptr ? RoleVerdict{} : judge_role({*row, matrix, place}, call);
}

}  // namespace oap::security
