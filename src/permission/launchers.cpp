#include "permission/launchers.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include <fmt/format.h>

namespace oap::permission {
namespace {

using shell::SimpleCommand;

bool one_of(std::string_view word, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// Programs whose operands are a command, whatever their options.
bool is_launcher(std::string_view program) {
  return one_of(program, {"setarch",
                          "linux32",
                          "linux64",
                          "i386",
                          "x86_64",
                          "uname26",
                          "nsenter",
                          "prlimit",
                          "numactl",
                          "pkexec",
                          "ssh",
                          "rsh",
                          "mosh",
                          "sshpass",
                          "dbus-run-session",
                          "dbus-launch",
                          "start-stop-daemon",
                          "perf",
                          "proxychains",
                          "proxychains4",
                          "torsocks",
                          "torify",
                          "tsocks",
                          "tini",
                          "dumb-init",
                          "npx",
                          "pnpx",
                          "bunx",
                          "uvx",
                          "pipx",
                          "gdb",
                          "valgrind",
                          "xvfb-run",
                          "catchsegv",
                          "firejail",
                          "bwrap",
                          "capsh",
                          "cgexec",
                          "chpst",
                          "daemonize",
                          "expect",
                          "screen",
                          "tmux",
                          "run-parts",
                          "entr",
                          "unbuffer",
                          "rlwrap",
                          "newgrp",
                          "sg",
                          "faketime",
                          "eatmydata",
                          "trickle",
                          "cset",
                          "runcon",
                          "softlimit",
                          "setlock",
                          "schedtool",
                          "socat",
                          "docker",
                          "podman",
                          "ed",
                          "red",
                          "xonsh",
                          "elvish"}) ||
         program.starts_with("ld-linux") || program.starts_with("ld-musl") ||
         program.starts_with("ld.so") || program.starts_with("ld-2.");
}

bool is_code_interpreter(std::string_view program) {
  return program.starts_with("python") || program.starts_with("pypy") ||
         program.starts_with("perl") || program.starts_with("ruby") || program.starts_with("lua") ||
         program.starts_with("php") || program.starts_with("tclsh") ||
         one_of(program, {"node", "nodejs", "deno", "bun", "R", "Rscript", "osascript", "pwsh",
                          "groovy", "scala", "irb", "guile", "julia", "wish"});
}

class Call {
 public:
  explicit Call(const SimpleCommand& command)
      : command_(command), program_(shell::base_name(command.argv.front())) {}

  bool launches() const {
    if (is_launcher(program_)) {
      return true;
    }
    if (is_code_interpreter(program_)) {
      return interprets();
    }
    if (one_of(program_, {"fish", "csh", "tcsh", "rc", "es", "yash", "posh"})) {
      return first_operand() == 0 || any_short("c") || any_word({"--command"});
    }
    if (one_of(program_, {"awk", "gawk", "mawk", "nawk", "original-awk"})) {
      return awk();
    }
    if (program_ == "sed" || program_ == "gsed") {
      return sed();
    }
    if (one_of(program_, {"vi", "vim", "nvim", "view", "vimdiff", "ex", "emacs", "emacsclient"})) {
      return program_ == "ex" || any_short("ceEsS") || any_prefix({"+", "--cmd", "--eval"}) ||
             any_prefix({"--batch", "--script", "--load", "--funcall", "--execute"});
    }
    return by_option();
  }

 private:
  bool by_option() const {
    if (one_of(program_, {"make", "gmake", "bmake"})) {
      return any_word({"-f-", "--file=-", "--makefile=-", "-f/dev/stdin"}) || any_pair("-f", "-") ||
             any_prefix({"--eval", "-E", "SHELL="}) || any_pair("-f", "/dev/stdin");
    }
    if (one_of(program_, {"npm", "pnpm", "yarn"})) {
      return any_word({"exec", "x", "dlx", "explore"});
    }
    if (program_ == "git") {
      return git();
    }
    if (one_of(program_, {"tar", "gtar", "bsdtar"})) {
      const bool bundled = command_.argv.size() > 1 && !command_.argv[1].starts_with('-') &&
                           command_.argv[1].find_first_of("IF") != std::string::npos;
      return bundled || any_short("IF") ||
             any_prefix(
                 {"--checkpoint-", "--to-", "--use-", "--info-s", "--new-v", "--rs", "--rm"});
    }
    if (program_ == "sort") {
      return any_prefix({"--com"});
    }
    if (program_ == "split") {
      return any_prefix({"--fi"});
    }
    if (program_ == "rsync") {
      return any_short("eM") || any_prefix({"--rs"});
    }
    if (one_of(program_, {"scp", "sftp"})) {
      return any_short("oSDF");
    }
    if (program_ == "find") {
      return any_word({"-fls", "-fprint", "-fprint0", "-fprintf"});
    }
    if (one_of(program_, {"zip"})) {
      return any_word({"-TT"}) || any_prefix({"--unzip-command"});
    }
    return one_of(program_, {"man", "less", "more"}) && any_short("PH+");
  }

  std::size_t first_operand() const {
    for (std::size_t i = 1; i < command_.argv.size(); ++i) {
      if (!command_.argv[i].starts_with('-')) {
        return i;
      }
    }
    return 0;
  }

  bool any_word(std::initializer_list<std::string_view> words) const {
    return std::any_of(command_.argv.begin() + 1, command_.argv.end(),
                       [&](const std::string& word) { return one_of(word, words); });
  }

  bool any_prefix(std::initializer_list<std::string_view> prefixes) const {
    return std::any_of(command_.argv.begin() + 1, command_.argv.end(), [&](std::string_view word) {
      return std::any_of(prefixes.begin(), prefixes.end(),
                         [&](std::string_view prefix) { return word.starts_with(prefix); });
    });
  }

  bool any_pair(std::string_view option, std::string_view value) const {
    const auto& argv = command_.argv;
    for (std::size_t i = 1; i + 1 < argv.size(); ++i) {
      if (argv[i] == option && argv[i + 1] == value) {
        return true;
      }
    }
    return false;
  }

  bool any_dynamic() const {
    return std::find(command_.kinds.begin(), command_.kinds.end(), shell::WordKind::kDynamic) !=
           command_.kinds.end();
  }

  bool any_short(std::string_view letters) const {
    return std::any_of(command_.argv.begin() + 1, command_.argv.end(), [&](std::string_view word) {
      return word.size() > 1 && word[0] == '-' && word[1] != '-' &&
             word.find_first_of(letters) != std::string_view::npos;
    });
  }

  /// Code in an option, or a program on the standard input.
  bool interprets() const {
    for (std::size_t i = 1; i < command_.argv.size(); ++i) {
      const std::string& word = command_.argv[i];
      if (one_of(word, {"--version", "--help", "-V", "-v", "--check", "-m"})) {
        return false;
      }
      if (word == "-" || word.starts_with("/dev/stdin") || word.starts_with("/dev/fd/") ||
          (word.starts_with("/proc/") && word.find("/fd/") != std::string::npos)) {
        return true;
      }
      if (!word.starts_with('-')) {
        return one_of(program_, {"deno", "bun"}) && one_of(word, {"eval", "x", "repl"});
      }
      const bool text = word.starts_with("--")
                            ? one_of(std::string_view(word).substr(0, word.find('=')),
                                     {"--eval", "--print", "--execute", "--run", "--require"})
                            : word.find_first_of("ceEprRM") != std::string::npos;
      if (text) {
        return true;
      }
    }
    return true;
  }

  bool awk() const {
    if (any_dynamic() || any_short("fielE") ||
        any_prefix({"--file", "--exec", "--source", "--load", "--include"})) {
      return true;
    }
    return std::any_of(command_.argv.begin() + 1, command_.argv.end(), [](const std::string& word) {
      return word.find("system") != std::string::npos || word.find('|') != std::string::npos ||
             word.find('>') != std::string::npos || word.find('@') != std::string::npos ||
             word.find("getline") != std::string::npos;
    });
  }

  bool sed() const {
    if (any_dynamic() || any_prefix({"--fi", "--exp", "--line", "-l"})) {
      return true;
    }
    bool script = true;
    for (std::size_t i = 1; i < command_.argv.size(); ++i) {
      const std::string& word = command_.argv[i];
      if (word.size() > 1 && word[0] == '-' && word[1] != '-') {
        const std::size_t at = word.find_first_of("efl", 1);
        const std::size_t suffix = word.find('i', 1);
        if (at == std::string::npos || suffix < at) {
          continue;
        }
        if (word[at] != 'e') {
          return true;
        }
        script = false;
        const bool attached = at + 1 < word.size();
        const std::string_view text = attached ? std::string_view(word).substr(at + 1)
                                      : i + 1 < command_.argv.size()
                                          ? std::string_view(command_.argv[++i])
                                          : std::string_view();
        if (!is_plain_sed(text)) {
          return true;
        }
      } else if (script && !word.starts_with("--")) {
        script = false;
        if (!is_plain_sed(word)) {
          return true;
        }
      }
    }
    return false;
  }

  /// Behind the delimiter that follows an unescaped text; npos where there is none.
  static std::size_t past(std::string_view text, std::size_t at, char delimiter) {
    bool bracket = false;
    for (; at < text.size(); ++at) {
      const char c = text[at];
      if (c == '\\') {
        ++at;
      } else if (c == delimiter) {
        return bracket ? std::string_view::npos : at + 1;
      } else if (c == '[' || c == ']') {
        bracket = c == '[';
      }
    }
    return std::string_view::npos;
  }

  /// A sed script of commands that touch nothing but the text that passes through.
  static bool is_plain_sed(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
      const char c = text[at++];
      if (std::string_view(" \t\n;{}0123456789,$!~+pdqQDGHNPghnlxzI=").find(c) !=
          std::string_view::npos) {
        continue;
      }
      if (c == '/') {
        at = past(text, at, '/');
      } else if ((c == 's' || c == 'y') && at < text.size()) {
        const char delimiter = text[at];
        at = past(text, at + 1, delimiter);
        at = at == std::string_view::npos ? at : past(text, at, delimiter);
        while (c == 's' && at < text.size() &&
               (text[at] == 'e' || text[at] == 'w' ||
                std::string_view("gpiIMm0123456789").find(text[at]) != std::string_view::npos)) {
          if (text[at] == 'e' || text[at] == 'w') {
            return false;
          }
          ++at;
        }
      } else {
        return false;
      }
    }
    return at == text.size();
  }

  bool git() const {
    std::size_t at = 1;
    const auto& argv = command_.argv;
    while (at < argv.size() && argv[at].starts_with('-')) {
      if (one_of(argv[at], {"-c", "--config-env"}) || argv[at].starts_with("--exec-path=")) {
        return true;
      }
      at += one_of(argv[at], {"-C", "--git-dir", "--work-tree", "--namespace"}) ? 2 : 1;
    }
    if (at >= argv.size()) {
      return false;
    }
    const std::string& verb = argv[at];
    if (one_of(verb, {"filter-branch", "difftool", "mergetool", "instaweb", "send-email"})) {
      return true;
    }
    if (verb == "submodule") {
      return any_word({"foreach"});
    }
    if (verb == "bisect") {
      return any_word({"run", "visualize", "view"});
    }
    if (verb == "rebase") {
      return any_short("x") || any_prefix({"--exec", "--exe"});
    }
    if (verb == "grep") {
      return any_short("O") || any_prefix({"--open"});
    }
    return verb == "config" && !any_word({"--get", "--list", "-l", "--get-all", "--get-regexp"});
  }

  const SimpleCommand& command_;
  std::string_view program_;
};

}  // namespace

std::string launch_doubt(const SimpleCommand& command) {
  if (command.argv.empty() || !Call(command).launches()) {
    return {};
  }
  return fmt::format("{} can run other commands; only a rule that names it may allow this",
                     shell::base_name(command.argv.front()));
}

}  // namespace oap::permission
