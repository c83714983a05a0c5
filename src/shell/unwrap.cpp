#include <algorithm>
#include <array>

#include "shell/parser.hpp"
#include "shell/wrappers.hpp"
#include "text/strings.hpp"

namespace oap::shell {
namespace {

/// What the steps below need to know of the command in hand.
struct Wrapping {
  const SimpleCommand& command;
  std::string program;
  Findings& findings;
  int depth;

  std::size_t size() const { return command.argv.size(); }
  const std::string& word(std::size_t at) const { return command.argv[at]; }
  bool known(std::size_t at) const { return command.kinds[at] != WordKind::kDynamic; }
};

bool contains(std::initializer_list<std::string_view> list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// The words from `from` to `to` as a command of their own.
void list_payload(const Wrapping& w, std::size_t from, std::size_t to, bool more_arguments,
                  std::vector<std::string> assignments = {}) {
  if (from >= to) {
    return;
  }
  w.findings.spend(16 * (to - from));
  SimpleCommand payload;
  const auto begin = static_cast<std::ptrdiff_t>(from);
  const auto end = static_cast<std::ptrdiff_t>(to);
  payload.argv.assign(w.command.argv.begin() + begin, w.command.argv.begin() + end);
  payload.kinds.assign(w.command.kinds.begin() + begin, w.command.kinds.begin() + end);
  payload.dynamic = more_arguments || payload.kinds.front() == WordKind::kGlob ||
                    std::find(payload.kinds.begin(), payload.kinds.end(), WordKind::kDynamic) !=
                        payload.kinds.end();
  payload.assignments = std::move(assignments);
  payload.wrapper = w.program;
  list_command(std::move(payload), w.findings, w.depth + 1);
}

void parse_text(const Wrapping& w, std::string_view source) {
  parse_into(source, w.findings, w.depth + 1, w.program);
}

/// One word that is shell text.
void parse_argument(const Wrapping& w, std::size_t at) {
  if (!w.known(at)) {
    w.findings.doubt(w.program + " runs text that is not known before it runs");
    return;
  }
  parse_text(w, w.word(at));
}

/// All words from `from` on, joined by blanks, as shell text.
void parse_joined(const Wrapping& w, std::size_t from) {
  std::string source;
  for (std::size_t i = from; i < w.size(); ++i) {
    if (!w.known(i)) {
      w.findings.doubt(w.program + " runs text that is not known before it runs");
    }
    source += (i > from ? " " : "") + w.word(i);
  }
  parse_text(w, source);
}

/// A file name that stands for what the process has open already.
bool is_input(std::string_view word) {
  std::string path;
  for (const std::string_view part : text::split(word, '/')) {
    if (!part.empty() && part != ".") {
      path += "/" + std::string(part);
    }
  }
  if (!word.starts_with('/')) {
    return false;
  }
  const bool process = path.starts_with("/proc/") && path.find("/fd/") != std::string::npos;
  return process || path == "/dev/stdin" || path.starts_with("/dev/fd/") ||
         path.find("..") != std::string::npos;
}

/// `bash -c text`, `bash file`, `bash` on its own: true for the last, which reads its input.
bool unwrap_shell(const Wrapping& w) {
  bool command_string = false;
  bool from_input = false;
  std::size_t at = 1;
  for (; at < w.size(); ++at) {
    const std::string& word = w.word(at);
    if (!w.known(at)) {
      w.findings.doubt("an option of " + w.program + " is not known before it runs");
      return false;
    }
    if (word == "--" || word == "-") {
      ++at;
      break;
    }
    if (word.size() < 2 || (word[0] != '-' && word[0] != '+')) {
      break;
    }
    if (word.starts_with("--")) {
      at += contains({"--rcfile", "--init-file"}, word) ? 1 : 0;
      continue;
    }
    command_string = command_string || (word[0] == '-' && word.find('c') != std::string::npos);
    from_input = from_input || (word[0] == '-' && word.find('s') != std::string::npos);
    at += word.ends_with('o') || word.ends_with('O') ? 1 : 0;
  }
  if (command_string) {
    if (at < w.size()) {
      parse_argument(w, at);
    }
    return false;
  }
  if (at < w.size() && !from_input && !is_input(w.word(at))) {
    return false;
  }
  w.findings.doubt(w.program + " reads its commands from its input");
  for (const Redirect& redirect : w.command.redirects) {
    if (redirect.kind == Redirect::Kind::kHereString && redirect.word == WordKind::kStatic) {
      parse_text(w, redirect.target);
    }
  }
  return true;
}

/// `su user -c text`, `script -c text`, `flock file -c text`, `runuser -c text`.
bool unwrap_text_option(const Wrapping& w) {
  for (std::size_t i = 1; i < w.size(); ++i) {
    if (w.word(i) == "-c" || w.word(i) == "--command") {
      if (i + 1 < w.size()) {
        parse_argument(w, i + 1);
      }
      return true;
    }
    if (w.word(i).starts_with("--command=")) {
      parse_text(w, std::string_view(w.word(i)).substr(10));
      return true;
    }
  }
  return false;
}

void unwrap_find(const Wrapping& w) {
  for (std::size_t i = 1; i < w.size(); ++i) {
    if (!contains({"-exec", "-execdir", "-ok", "-okdir"}, w.word(i))) {
      continue;
    }
    std::size_t end = i + 1;
    while (end < w.size() && w.word(end) != ";" &&
           !(w.word(end) == "+" && w.word(end - 1) == "{}")) {
      ++end;
    }
    list_payload(w, i + 1, end, true);
    i = end;
  }
}

void unwrap_trap(const Wrapping& w) {
  std::size_t at = 1;
  if (at < w.size() && w.word(at) == "--") {
    ++at;
  }
  if (at < w.size() && w.word(at) != "-" && !contains({"-l", "-p", "-lp"}, w.word(at)) &&
      at + 1 < w.size()) {
    parse_argument(w, at);
  }
}

void unwrap_alias(const Wrapping& w) {
  for (std::size_t i = 1; i < w.size(); ++i) {
    const std::size_t equals = w.word(i).find('=');
    if (!w.known(i)) {
      w.findings.doubt("an alias is not known before it runs");
    } else if (equals != std::string::npos) {
      w.findings.script.functions.push_back(w.word(i).substr(0, equals));
      parse_text(w, std::string_view(w.word(i)).substr(equals + 1));
    }
  }
}

/// Builtins whose arguments are names, subscripts or numbers that bash evaluates.
void note_evaluating_builtin(const Wrapping& w) {
  const bool gives_values =
      contains({"read", "mapfile", "readarray", "getopts", "printf"}, w.program);
  const bool declares = contains({"declare", "typeset", "local", "export", "readonly"}, w.program);
  if (!gives_values && !declares &&
      !contains({"test", "[", "let", "unset", "wait", "shift", "exit", "return"}, w.program)) {
    return;
  }
  bool integers = w.program == "let";
  for (std::size_t i = 1; i < w.size(); ++i) {
    const std::string& word = w.word(i);
    const bool code = w.known(i) && word.find('[') != std::string::npos &&
                      (word.find("$(") != std::string::npos || word.find('`') != std::string::npos);
    if (code) {
      w.findings.doubt(w.program + " evaluates its argument");
    }
    if (gives_values && is_name(word)) {
      w.findings.others.insert(word);
    }
    integers = integers || (declares && word.size() > 1 && word[0] == '-' &&
                            word.find('i') != std::string::npos);
    if (integers) {
      note_arithmetic(word.substr(0, word.find('=')), w.findings);
    }
    if (w.program == "let") {
      note_arithmetic(word, w.findings);
    }
    const bool callback = contains({"mapfile", "readarray"}, w.program) && word == "-C";
    if (callback && i + 1 < w.size()) {
      parse_argument(w, i + 1);
    }
  }
}

/// Builtins that give a variable a value, or take it away, without an assignment in front.
void note_set_variables(const Wrapping& w) {
  const bool prints = w.program == "printf";
  const bool waits = w.program == "wait";
  const bool exports = w.program == "export";
  if (!prints && !waits && !exports &&
      !contains({"read", "mapfile", "readarray", "getopts", "unset", "declare", "typeset", "local"},
                w.program)) {
    return;
  }
  bool wanted = !prints && !waits && !exports;
  for (std::size_t i = 1; i < w.size(); ++i) {
    const std::string& word = w.word(i);
    if (word.starts_with('-')) {
      const std::string_view letter = prints ? "v" : (waits ? "p" : "n");
      wanted = (wanted && !prints && !waits) || word.find(letter) != std::string::npos;
      const std::string_view takers = prints ? "v" : (waits ? "p" : "adinNptu");
      const std::size_t taker = word.find_first_of(takers, 1);
      if (taker != std::string::npos && taker + 1 < word.size()) {
        w.findings.script.variables.push_back(word.substr(taker + 1));
      }
    } else if (wanted) {
      w.findings.script.variables.push_back(word.substr(0, word.find_first_of("[+=")));
      wanted = !prints && !waits;
    }
  }
}

/// `set -k` makes assignments of words anywhere in a command.
void note_set(const Wrapping& w) {
  for (std::size_t i = 1; w.program == "set" && i < w.size() && w.word(i) != "--"; ++i) {
    const std::string& word = w.word(i);
    if (word == "keyword" || (word.starts_with('-') && word.find('k') != std::string::npos)) {
      w.findings.doubt("set -k makes assignments of later words");
    }
  }
}

/// Builtins that change what later names mean, or run what we cannot see.
void note_redefining_builtin(const Wrapping& w) {
  if (contains({".", "source"}, w.program)) {
    w.findings.doubt(w.program + " runs a file in this shell");
  } else if (w.program == "enable") {
    w.findings.doubt("enable changes what builtins are");
  } else if (w.program == "hash" && w.size() > 3 && w.word(1) == "-p") {
    w.findings.script.functions.push_back(w.word(3));
  } else if (contains({"parallel", "at", "batch", "crontab"}, w.program)) {
    w.findings.doubt(w.program + " runs commands that are not looked at");
  } else if (contains({"bind", "complete", "compgen"}, w.program)) {
    w.findings.doubt(w.program + " can run commands that are not looked at");
  }
}

void unwrap_form(const Wrapping& w, const WrapperForm& form) {
  if (w.program == "command" && w.size() > 1 && (w.word(1) == "-v" || w.word(1) == "-V")) {
    return;
  }
  WrappedAt wrapped = find_wrapped(form, w.command);
  if (!wrapped.doubt.empty()) {
    w.findings.doubt(wrapped.doubt);
    if (w.program == "env" && w.size() > 2) {
      parse_joined(w, 2);
    }
  }
  for (std::size_t i = 1; w.program == "env" && i < wrapped.index; ++i) {
    const std::string& word = w.word(i);
    const bool split = word.starts_with("--split-string") ||
                       (word[0] == '-' && word.size() > 1 && word[1] != '-' &&
                        word.find('S') != std::string::npos);
    if (split) {
      w.findings.doubt("env -S splits its argument by rules of its own");
      const std::size_t attached = word[1] == '-' ? word.find('=') : word.find('S');
      parse_text(w,
                 attached == std::string::npos ? "" : std::string_view(word).substr(attached + 1));
      parse_joined(w, i + 1);
    }
  }
  const bool shell_text =
      w.program == "watch" && w.size() > 1 && !contains({"-x", "--exec"}, w.word(1));
  const bool sudo_shell = w.program == "sudo" && w.size() > 1 &&
                          contains({"-s", "-i", "--shell", "--login"}, w.word(1));
  if (shell_text || sudo_shell) {
    if (wrapped.index < w.size()) {
      parse_joined(w, wrapped.index);
    }
    if (shell_text) {
      return;
    }
  }
  list_payload(w, wrapped.index, w.size(), w.program == "xargs", std::move(wrapped.assignments));
}

bool unwrap(const Wrapping& w) {
  note_evaluating_builtin(w);
  note_redefining_builtin(w);
  note_set_variables(w);
  note_set(w);
  if (is_shell(w.program)) {
    return unwrap_shell(w);
  }
  if (w.program == "eval") {
    parse_joined(w, 1);
  } else if (w.program == "trap") {
    unwrap_trap(w);
  } else if (w.program == "alias") {
    unwrap_alias(w);
  } else if (w.program == "find") {
    unwrap_find(w);
  } else if (contains({"su", "runuser", "script"}, w.program)) {
    if (!unwrap_text_option(w)) {
      w.findings.doubt(w.program + " starts a shell");
    }
  } else if (w.program == "flock" && unwrap_text_option(w)) {
    return false;
  } else if (const WrapperForm* form = wrapper_form(w.program)) {
    unwrap_form(w, *form);
  }
  return false;
}

}  // namespace

bool list_command(SimpleCommand command, Findings& findings, int depth) {
  if (findings.script.commands.size() >= kMaxCommands) {
    findings.stop("the script has too many commands");
    return false;
  }
  findings.script.commands.push_back(command);
  if (command.argv.empty() || command.kinds.front() == WordKind::kDynamic ||
      command.kinds.front() == WordKind::kGlob) {
    return false;
  }
  if (depth >= kMaxDepth) {
    findings.stop("the script is nested too deeply");
    return false;
  }
  const Wrapping wrapping{command, std::string(base_name(command.argv.front())), findings, depth};
  return unwrap(wrapping);
}

}  // namespace oap::shell
