#include "security/code_rules.hpp"

namespace oap::security {
namespace {

constexpr std::string_view kShells[] = {"os.system",
                                        "os.popen",
                                        "commands.getoutput",
                                        "commands.getstatusoutput",
                                        "subprocess.getoutput",
                                        "subprocess.getstatusoutput",
                                        "popen2.popen2",
                                        "platform.popen",
                                        "asyncio.create_subprocess_shell"};
constexpr std::string_view kProcesses[] = {"subprocess.run",
                                           "subprocess.call",
                                           "subprocess.Popen",
                                           "subprocess.check_call",
                                           "subprocess.check_output",
                                           "asyncio.create_subprocess_exec",
                                           "os.execv",
                                           "os.execvp",
                                           "os.execl",
                                           "os.execlp",
                                           "os.spawnl",
                                           "os.spawnv",
                                           "pty.spawn"};

bool is_off(const CodeToken& value) {
  return value.is("False") || value.is("0") || value.is("None");
}

bool through_shell(const CodeCall& call) {
  const TokenSpan shell = call.named("shell");
  const bool on = !shell.empty() && (shell.front().is("True") || shell.front().is("1"));
  const bool perhaps = !shell.empty() && !is_off(shell.front()) && is_any(call.name, kProcesses);
  return on || perhaps || is_any(call.name, kShells);
}

TokenSpan command_of(const CodeCall& call) {
  return call.positional(0).empty() ? call.named("args") : call.positional(0);
}

/// The items of a list, or of what is no list the whole.
std::vector<TokenSpan> items_of(TokenSpan list) {
  std::vector<TokenSpan> items;
  std::size_t start = 0;
  if (!list.empty() && list.front().is("[")) {
    list = list.subspan(1);
  }
  for (std::size_t i = 0; i <= list.size(); ++i) {
    if (i == list.size() || list[i].is(",") || list[i].is("]")) {
      if (i > start) {
        items.push_back(list.subspan(start, i - start));
      }
      start = i + 1;
    }
  }
  return items;
}

/// `subprocess.run(["sudo", …])`: as the shell would be told.
void look_at_list(const CodeLook& look, const CodeCall& call) {
  const std::vector<TokenSpan> items = items_of(command_of(call));
  if (items.empty() || !items.front().front().is_string()) {
    return;
  }
  if (names_shell(items.front().front().text) && items.size() >= 3) {
    const CodeValue script = look.value(items[2]);
    if (script.constant) {
      look_at_bash(script.text, call.line, look.reporter);
    }
    return;
  }
  std::string command;
  for (const TokenSpan& item : items) {
    const CodeValue word = look.value(item);
    command.append(command.empty() ? "" : " ").append(word.constant ? word.text : "x");
  }
  look_at_bash(command, call.line, look.reporter);
}

/// A shell of another machine: paramiko, fabric, invoke.
bool runs_remotely(const CodeLook& look, const CodeCall& call, TokenSpan text) {
  if (call.name.ends_with(".exec_command")) {
    return true;
  }
  const bool runs =
      call.name.ends_with("run") || call.name.ends_with("sudo") || call.name.ends_with("local");
  return runs && is_put_together(text) &&
         std::any_of(look.names.imported.begin(), look.names.imported.end(), [](const auto& one) {
           return one.second.starts_with("fabric") || one.second.starts_with("invoke");
         });
}

}  // namespace

void look_at_python_processes(const CodeLook& look, const CodeCall& call) {
  const TokenSpan first = call.positional(0);
  const bool replaces = call.name.starts_with("os.exec") || call.name.starts_with("os.spawn") ||
                        call.name.starts_with("os.posix_spawn");
  if (through_shell(call) && !call.arguments.empty()) {
    const CodeValue command = look.value(command_of(call));
    if (command.constant) {
      look_at_bash(command.text, call.line, look.reporter);
    } else if (!command.cleaned) {
      look.report(runs_shell("python.shell"), call);
    }
  } else if (replaces || is_any(call.name, kProcesses)) {
    if (runs_shell_text(look, call)) {
      look.report(runs_shell("python.shell"), call);
    } else if (call.name == "pty.spawn" && !first.empty()) {
      look.report({Severity::kHigh, kInjection, "python.pty-shell",
                   "a shell is given a terminal, as remote shells do", "start the program itself"},
                  call);
    } else {
      look_at_list(look, call);
    }
  }
  if (!first.empty() && runs_remotely(look, call, first)) {
    const CodeValue text = look.value(first);
    if (!text.constant && !text.cleaned) {
      look.report({Severity::kHigh, kInjection, "python.remote-shell",
                   "a shell of another machine runs text that is not a constant",
                   "quote the values with shlex.quote"},
                  call);
    }
  }
}

}  // namespace oap::security
