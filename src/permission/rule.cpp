#include "permission/rule.hpp"

#include <fmt/format.h>

#include "text/strings.hpp"

namespace oap::permission {

std::string_view to_string(Scope scope) {
  switch (scope) {
    case Scope::kTool:
      return "tool";
    case Scope::kMcpServer:
      return "mcp_server";
    case Scope::kFilePattern:
      return "file_pattern";
    case Scope::kCommand:
      return "command";
  }
  return "tool";
}

std::string_view to_string(Action action) {
  switch (action) {
    case Action::kExecute:
      return "execute";
    case Action::kRead:
      return "read";
    case Action::kWrite:
      return "write";
    case Action::kDelete:
      return "delete";
    case Action::kInvoke:
      return "invoke";
    case Action::kAny:
      return "*";
  }
  return "*";
}

std::string_view to_string(Tier tier) {
  switch (tier) {
    case Tier::kManaged:
      return "managed";
    case Tier::kSession:
      return "session";
    case Tier::kUser:
      return "user";
    case Tier::kProject:
      return "project";
  }
  return "project";
}

std::string_view to_string(Precedence precedence) {
  return precedence == Precedence::kStrict ? "strict" : "specific";
}

std::string Rule::describe() const {
  std::string what(to_string(scope));
  if (!argv.empty()) {
    what += fmt::format(" [{}]", text::join(argv, ", "));
  } else if (!program.empty()) {
    what += fmt::format(" program '{}'", program);
  } else {
    what += fmt::format(" '{}'", pattern);
  }
  if (!resource.empty()) {
    what += fmt::format(" on '{}'", resource);
  }
  if (action != Action::kAny) {
    what += fmt::format(", {}", to_string(action));
  }
  if (!condition.empty()) {
    what += fmt::format(", if {}", condition);
  }
  return what;
}

const std::vector<std::string>& known_roles() {
  static const std::vector<std::string> kRoles = {"user",   "commander", "planner",
                                                  "worker", "reviewer",  "executor"};
  return kRoles;
}

const std::vector<std::string>& builtin_tools() {
  static const std::vector<std::string> kTools = {
      "read_file",   "write_file",    "edit_file",   "list_dir",  "glob",
      "grep",        "bash",          "python",      "skill",     "todo",
      "read_output", "delegate_task", "run_command", "web_fetch", "web_search"};
  return kTools;
}

}  // namespace oap::permission
