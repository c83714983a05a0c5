#include <algorithm>

#include "shell/wrappers.hpp"
#include "shell/wrapping.hpp"
#include "text/strings.hpp"

namespace oap::shell {

namespace {

/// Where the words that find and xargs add to a command come from.
std::size_t names_from(const Wrapping& w) {
  if (w.program == "find") {
    return w.index;
  }
  const bool file = std::any_of(
      w.command.argv.begin(), w.command.argv.end(),
      [](const std::string& word) { return word.starts_with("-a") || word.starts_with("--arg"); });
  return w.program == "xargs" && w.command.redirects.empty() && !file ? w.command.fed_by
                                                                      : SimpleCommand::kNobody;
}

}  // namespace

/// The words from `from` to `to` as a command of their own.
bool list_payload(const Wrapping& w, std::size_t from, std::size_t to, bool more_arguments,
                  std::vector<std::string> assignments) {
  if (from >= to) {
    return false;
  }
  w.findings.spend(16 * (to - from));
  SimpleCommand payload;
  const auto begin = static_cast<std::ptrdiff_t>(from);
  const auto end = static_cast<std::ptrdiff_t>(to);
  payload.argv.assign(w.command.argv.begin() + begin, w.command.argv.begin() + end);
  payload.kinds.assign(w.command.kinds.begin() + begin, w.command.kinds.begin() + end);
  if (w.command.spellings.size() == w.size()) {
    payload.spellings.assign(w.command.spellings.begin() + begin,
                             w.command.spellings.begin() + end);
  }
  payload.dynamic = more_arguments || payload.kinds.front() == WordKind::kGlob ||
                    std::find(payload.kinds.begin(), payload.kinds.end(), WordKind::kDynamic) !=
                        payload.kinds.end();
  payload.splits = w.command.splits;
  payload.assignments = std::move(assignments);
  payload.wrapper = w.program;
  payload.fed_by = names_from(w);
  return list_command(std::move(payload), w.findings, w.depth + 1);
}

void parse_text(const Wrapping& w, std::string_view source) {
  parse_into(source, w.findings, w.depth + 1, w.program);
}

/// One word that is shell text.
void parse_argument(const Wrapping& w, std::size_t at) {
  if (!w.known(at)) {
    w.findings.doubt(w.program + " runs text that is not known before it runs");
    w.findings.reads_input = true;
    guess_text(w, w.word(at));
    return;
  }
  parse_text(w, w.word(at));
}

/// All words from `from` on, joined by blanks, as shell text.
std::string parse_joined(const Wrapping& w, std::size_t from) {
  std::string source;
  for (std::size_t i = from; i < w.size(); ++i) {
    if (!w.known(i)) {
      w.findings.doubt(w.program + " runs text that is not known before it runs");
      w.findings.reads_input = true;
    }
    source += (i > from ? " " : "") + w.word(i);
  }
  parse_text(w, source);
  return source;
}

namespace {

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

/// The program takes its input for commands: here-strings are read; true, so that here-documents
/// are.
bool reads_commands(const Wrapping& w) {
  w.findings.doubt(w.program + " reads its commands from its input");
  w.findings.reads_input = true;
  for (const Redirect& redirect : w.command.redirects) {
    if (redirect.kind == Redirect::Kind::kHereString && redirect.word == WordKind::kStatic) {
      parse_text(w, redirect.target);
    }
  }
  return true;
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
      w.findings.reads_input = true;
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
      at += is_one_of(word, {"--rcfile", "--init-file"}) ? 1 : 0;
      continue;
    }
    command_string = command_string || (word[0] == '-' && word.find('c') != std::string::npos);
    from_input = from_input || (word[0] == '-' && word.find('s') != std::string::npos);
    if (word[0] == '+' && word.find('B') != std::string::npos) {
      w.findings.doubt("without brace expansion braces are ordinary characters");
    }
    at += word.ends_with('o') || word.ends_with('O') ? 1 : 0;
    if (word.ends_with('o') && at < w.size() && w.word(at) == "braceexpand") {
      w.findings.doubt("without brace expansion braces are ordinary characters");
    }
  }
  if (w.program == "zsh" || w.program == "rzsh") {
    w.findings.doubt("zsh reads commands by rules of its own");
  }
  if (command_string) {
    if (at < w.size()) {
      parse_argument(w, at);
      note_dialect(w, w.word(at));
      guess_from(w, at + 1);
    }
    return false;
  }
  if (at < w.size() && !from_input && !is_input(w.word(at))) {
    const Guessing guessing(w.findings);
    list_payload(w, at, w.size(), false);
    return false;
  }
  return reads_commands(w);
}

/// `su user -c text`, `script -qc text`, `flock file -c text`, `runuser -c text`.
bool unwrap_text_option(const Wrapping& w) {
  for (std::size_t i = 1; i < w.size(); ++i) {
    const std::string_view word = w.word(i);
    const std::size_t letter = word.size() > 1 && word[0] == '-' && word[1] != '-'
                                   ? word.find('c')
                                   : std::string_view::npos;
    if (letter != std::string_view::npos && letter + 1 < word.size()) {
      parse_text(w, word.substr(letter + 1));
      note_plain_shell(w, word.substr(letter + 1));
      return true;
    }
    if (letter != std::string_view::npos ||
        (word.starts_with("--c") && word.find('=') > word.size())) {
      if (i + 1 < w.size()) {
        parse_argument(w, i + 1);
        note_plain_shell(w, w.word(i + 1));
      }
      return true;
    }
    if (word.starts_with("--c")) {
      note_plain_shell(w, word.substr(word.find('=') + 1));
      parse_text(w, word.substr(word.find('=') + 1));
      return true;
    }
  }
  return false;
}

void unwrap_find(const Wrapping& w) {
  for (std::size_t i = 1; i < w.size(); ++i) {
    if (!is_one_of(w.word(i), {"-exec", "-execdir", "-ok", "-okdir"})) {
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

std::string rest_of(const Wrapping& w, std::size_t from) {
  std::string out;
  for (std::size_t i = from; i < w.size(); ++i) {
    out += (i > from ? " " : "") + w.word(i);
  }
  return out;
}

/// `env -S text`: the text becomes words by rules of its own.
void unwrap_env_split(const Wrapping& w, std::size_t end) {
  for (std::size_t i = 1; i < end; ++i) {
    const std::string& word = w.word(i);
    const bool split =
        word.starts_with("--s") || (word[0] == '-' && word.size() > 1 && word[1] != '-' &&
                                    word.find('S') != std::string::npos);
    if (split) {
      w.findings.doubt("env -S splits its argument by rules of its own");
      const std::size_t attached = word[1] == '-' ? word.find('=') : word.find('S');
      parse_text(w,
                 attached == std::string::npos ? "" : std::string_view(word).substr(attached + 1));
      parse_joined(w, i + 1);
      guess_text(w, "env " + (attached == std::string::npos ? "" : word.substr(attached + 1)) +
                        " " + rest_of(w, i + 1));
    }
  }
}

/// An option before the wrapped command: one of the letters in a group, or one of the words.
bool has_option(const Wrapping& w, std::size_t end, std::string_view letters,
                std::initializer_list<std::string_view> words) {
  for (std::size_t i = 1; i < std::min(end, w.size()); ++i) {
    const std::string_view word = w.word(i);
    const bool group = word.size() > 1 && word[0] == '-' && word[1] != '-';
    if ((group && word.find_first_of(letters) != std::string_view::npos) ||
        is_one_of(word.substr(0, word.find('=')), words)) {
      return true;
    }
  }
  return false;
}

/// Where the wrapped command does not run in the directory that is known here.
bool moves_elsewhere(const Wrapping& w, std::size_t end) {
  return w.program == "chroot" || (w.program == "env" && has_option(w, end, "C", {"--chdir"})) ||
         (w.program == "sudo" && has_option(w, end, "DR", {"--chdir", "--chroot"})) ||
         has_option(w, end, "", {"--chdir", "--wd", "--root", "--working-directory"});
}

/// `sudo -s`, `doas -s`, `unshare`, `chroot /x`: a shell that reads its input.
bool starts_shell(const Wrapping& w, const WrappedAt& wrapped) {
  const bool nothing = wrapped.index >= w.size();
  if (w.program == "sudo" || w.program == "doas") {
    return nothing && has_option(w, w.size(), "si", {"--shell", "--login"});
  }
  return nothing && is_one_of(w.program, {"unshare", "chroot", "nsenter", "fakeroot", "setarch"});
}

bool unwrap_form(const Wrapping& w, const WrapperForm& form) {
  if (w.program == "command" && w.size() > 1 && has_option(w, 2, "vV", {})) {
    return false;
  }
  WrappedAt wrapped = find_wrapped(form, w.command);
  const std::size_t index = wrapped.index;
  if (!wrapped.doubt.empty()) {
    w.findings.doubt(wrapped.doubt);
    guess_from(w, 1);
  }
  if (moves_elsewhere(w, index)) {
    w.findings.doubt(w.program + " runs the command in another directory");
  }
  if (w.program == "env") {
    unwrap_env_split(w, index);
  }
  const bool watches = w.program == "watch";
  const bool shell_text =
      (watches && !has_option(w, index, "x", {"--exec"})) ||
      (w.program == "sudo" && has_option(w, index, "si", {"--shell", "--login"}));
  if (shell_text && index < w.size()) {
    note_plain_shell(w, parse_joined(w, index));
  }
  if (starts_shell(w, wrapped)) {
    return reads_commands(w);
  }
  if (runs_operands(w.program)) {
    guess_from(w, 1);
  }
  if (!watches || !shell_text) {
    return list_payload(w, index, w.size(), w.program == "xargs", std::move(wrapped.assignments));
  }
  return false;
}

/// Launchers whose first operand is a verb of their own: `docker rm` is no rm.
bool has_verbs(std::string_view program) {
  return is_one_of(program,
                   {"docker", "podman", "nerdctl", "kubectl", "oc", "vagrant", "lxc", "multipass",
                    "crictl", "ctr", "machinectl", "guix", "tmux", "ansible", "dotenv", "perf"});
}

/// Where their commands may begin: behind a verb that runs one.
std::size_t behind_verb(const Wrapping& w) {
  for (std::size_t i = 1; i < w.size(); ++i) {
    if (is_one_of(w.word(i),
                  {"stat", "record", "trace", "bench", "new", "new-session", "new-window", "neww",
                   "split-window", "splitw", "run-shell", "respawn-pane", "respawn-window", "run",
                   "exec", "shell", "-f", "-f.env"})) {
      return i + 1;
    }
  }
  return w.program == "dotenv" ? 1 : w.size();
}

/// Programs whose whole way of running others is not known.
bool unwrap_operands(const Wrapping& w) {
  if (is_one_of(w.program, {"at", "batch", "crontab"})) {
    return reads_commands(w);
  }
  if (w.program == "newgrp" || (w.program == "sg" && w.size() < 3)) {
    return reads_commands(w);
  }
  if (w.program == "parallel" || w.program == "sem") {
    w.findings.doubt(w.program + " runs commands that are not looked at");
    guess_from(w, 1);
  } else if (runs_operands(w.program)) {
    guess_from(w, has_verbs(w.program) ? behind_verb(w) : 1);
  }
  return false;
}

bool unwrap(const Wrapping& w) {
  note_builtin(w);
  note_code_input(w);
  guess_programs(w);
  if (is_shell(w.program)) {
    return unwrap_shell(w);
  }
  if (is_one_of(w.program, {".", "source"})) {
    w.findings.doubt(w.program + " runs a file in this shell");
    w.findings.reads_input = w.findings.reads_input || (w.size() > 1 && !w.known(1));
    return w.size() > 1 && is_input(w.word(1)) && reads_commands(w);
  }
  if (w.program == "find") {
    unwrap_find(w);
  } else if (w.program == "git") {
    unwrap_git(w);
  } else if (is_one_of(w.program, {"su", "runuser", "script"})) {
    if (!unwrap_text_option(w)) {
      w.findings.doubt(w.program + " starts a shell");
      guess_from(w, 1);
      return reads_commands(w);
    }
  } else if (w.program == "flock" && unwrap_text_option(w)) {
    return false;
  } else if (const WrapperForm* form = wrapper_form(w.program)) {
    return unwrap_form(w, *form);
  }
  if (takes_code(w.program)) {
    guess_code(w);
  }
  unwrap_options(w);
  return unwrap_operands(w);
}

}  // namespace

namespace {

/// Variables whose value is a command of its own, or text that is expanded as a prompt.
void guess_assignments(const Wrapping& w) {
  static constexpr std::string_view kCommands =
      " PROMPT_COMMAND PAGER GIT_PAGER MANPAGER SYSTEMD_PAGER EDITOR VISUAL FCEDIT GIT_EDITOR "
      "GIT_SEQUENCE_EDITOR GIT_SSH_COMMAND GIT_SSH GIT_EXTERNAL_DIFF GIT_ASKPASS SSH_ASKPASS "
      "SUDO_ASKPASS "
      "SUDO_EDITOR GIT_PROXY_COMMAND LESSOPEN LESSCLOSE BROWSER RSYNC_RSH CVS_RSH SVN_SSH SHELL "
      "BASH_ENV ENV "
      "HGEDITOR HGMERGE KUBE_EDITOR CARGO_BUILD_RUSTC_WRAPPER RUSTC_WRAPPER CC CXX MAKE TEXEDIT ";
  for (const std::string& assignment : w.command.assignments) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos) {
      continue;
    }
    const std::string name = assignment.substr(0, equals);
    std::string_view value = std::string_view(assignment).substr(equals + 1);
    value.remove_prefix(value.starts_with('|') || value.starts_with('!') ? 1 : 0);
    if (name.size() == 3 && name.starts_with("PS")) {
      guess_text(w, ": \"" + std::string(value) + "\"");
    } else if (kCommands.find(" " + name + " ") != std::string_view::npos) {
      guess_text(w, value);
    }
  }
}

}  // namespace

bool list_command(SimpleCommand command, Findings& findings, int depth) {
  if (findings.script.commands.size() >= findings.most_commands()) {
    findings.stop("the script has too many commands");
    return false;
  }
  command.possible = findings.guessing > 0;
  const std::size_t index = findings.script.commands.size();
  findings.script.commands.push_back(command);
  if (!command.assignments.empty()) {
    guess_assignments({command, "", findings, depth});
  }
  if (command.argv.empty() || command.kinds.front() == WordKind::kDynamic ||
      command.kinds.front() == WordKind::kGlob) {
    return false;
  }
  if (depth >= kMaxDepth) {
    findings.stop("the script is nested too deeply");
    return false;
  }
  const Wrapping wrapping{command, std::string(base_name(command.argv.front())), findings, depth,
                          index};
  return unwrap(wrapping);
}

}  // namespace oap::shell
