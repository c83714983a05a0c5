#include "security/code_rules.hpp"

namespace oap::security {
namespace {

constexpr std::string_view kShells[] = {"child_process.exec",
                                        "child_process.execSync",
                                        "shelljs.exec",
                                        "execa.command",
                                        "execa.execaCommand",
                                        "Bun.$",
                                        "zx.$"};
constexpr std::string_view kProcesses[] = {"child_process.spawn",
                                           "child_process.spawnSync",
                                           "child_process.execFile",
                                           "child_process.execFileSync",
                                           "execa",
                                           "execa.execa"};
constexpr std::string_view kRuns[] = {"Bun.spawn", "Bun.spawnSync", "Deno.run", "Deno.Command"};

/// `{ shell: true }`
bool asks_for_shell(const CodeCall& call) {
  return std::any_of(call.arguments.begin(), call.arguments.end(),
                     [](const CodeArgument& argument) {
                       for (std::size_t i = 0; i + 2 < argument.value.size(); ++i) {
                         if (argument.value[i].is("shell") && argument.value[i + 1].is(":") &&
                             !argument.value[i + 2].is("false")) {
                           return true;
                         }
                       }
                       return false;
                     });
}

/// A program and its arguments, as the shell would be told.
void look_at_list(const CodeLook& look, const CodeCall& call, const CodeValue& program) {
  std::string command(program.constant ? program.text : "x");
  for (const CodeToken& token : call.positional(1)) {
    if (token.is_string()) {
      command.append(" ").append(token.text);
    }
  }
  look_at_bash(command, call.line, look.reporter);
}

}  // namespace

void look_at_javascript_processes(const CodeLook& look, const CodeCall& call) {
  const bool shell = is_any(call.name, kShells);
  const bool process = is_any(call.name, kProcesses);
  const TokenSpan first = call.positional(0);
  if (first.empty() || (!shell && !process && !is_any(call.name, kRuns))) {
    return;
  }
  const CodeValue command = look.value(first);
  if (shell || (process && asks_for_shell(call))) {
    const bool varies =
        !shell && !call.positional(1).empty() && !look.value(call.positional(1)).constant;
    if (command.constant && !varies) {
      look_at_bash(command.text, call.line, look.reporter);
    } else if (!command.cleaned) {
      look.report(runs_shell("javascript.shell"), call);
    }
  } else if (runs_shell_text(look, call)) {
    look.report(runs_shell("javascript.shell"), call);
  } else if (process) {
    look_at_list(look, call, command);
  }
}

}  // namespace oap::security
