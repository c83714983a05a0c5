#include <algorithm>

#include "security/code_bash.hpp"
#include "security/code_rules.hpp"
#include "shell/parse.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

using shell::Redirect;
using shell::SimpleCommand;
using shell::WordKind;
using Words = std::vector<std::string>;

constexpr std::size_t kLongestPipe = 16;
constexpr std::size_t kLongestWord = 16U << 10U;

/// An interpreter, and the letters of its options that give it its program.
struct Interpreter {
  std::string_view name;
  std::string_view letters;
};
constexpr Interpreter kInterpreters[] = {{"python", "cm"}, {"perl", "eE"},    {"ruby", "e"},
                                         {"node", "ep"},   {"php", "rf"},     {"lua", "e"},
                                         {"fish", "c"},    {"osascript", "e"}};

const Interpreter* interpreter(std::string_view program) {
  const auto* found =
      std::find_if(std::begin(kInterpreters), std::end(kInterpreters), [&](const Interpreter& one) {
        return program.starts_with(one.name) &&
               program.find_first_not_of("0123456789.", one.name.size()) == std::string_view::npos;
      });
  return found == std::end(kInterpreters) ? nullptr : found;
}

bool is_input(std::string_view word) {
  return word == "-" || word == "/dev/stdin" || word.starts_with("/dev/fd/") ||
         word.starts_with("/proc/self/fd/");
}

/// Where, in a call that may run another (`sudo -u x env bash`), the program stands whose name
/// `wanted` takes; its size where none does.
template <class Test>
std::size_t program_at(const Words& argv, Test wanted) {
  if (argv.empty() || wanted(shell::base_name(argv[0]))) {
    return 0;
  }
  std::size_t at = 1;
  if (!shell::is_command_runner(shell::base_name(argv[0]))) {
    return argv.size();
  }
  while (at < argv.size() && !wanted(shell::base_name(argv[at]))) {
    ++at;
  }
  return at;
}

/// The shell or interpreter takes its program from its input: no script, no `-c`.
bool takes_program(const SimpleCommand& command) {
  const Words& argv = command.argv;
  std::size_t at = program_at(argv, [](std::string_view name) {
    return is_bash_like(name) || interpreter(name) != nullptr;
  });
  if (argv.empty() || at >= argv.size()) {
    return false;
  }
  const std::string_view name = shell::base_name(argv[at]);
  const bool shell = is_bash_like(name);
  const std::string_view letters = shell ? std::string_view("c") : interpreter(name)->letters;
  for (++at; at < argv.size(); ++at) {
    const std::string_view word = argv[at];
    const bool option = word.size() > 1 && (word[0] == '-' || word[0] == '+') && word != "--";
    if (is_input(word) ||
        (shell && option && word[1] != '-' && word.find('s') != std::string_view::npos)) {
      return true;
    }
    if (!option && word != "--") {
      return false;  // a script
    }
    if (word[1] != '-' && word.find_first_of(letters, 1) != std::string_view::npos) {
      return false;
    }
    if (word == "--eval" || word == "--print" || word == "--command" || word == "--run") {
      return false;
    }
    at += shell && (word.ends_with('o') || word.ends_with('O') || word == "--rcfile") ? 1 : 0;
  }
  return true;
}

bool fetches(const SimpleCommand& command) {
  static constexpr std::string_view kFetchers[] = {
      "curl", "wget", "wget2", "fetch", "aria2c", "http", "https", "lynx", "nc", "ncat", "netcat"};
  return !command.argv.empty() && program_at(command.argv, [](std::string_view name) {
                                    return is_any(name, kFetchers);
                                  }) < command.argv.size();
}

bool decodes(const SimpleCommand& command) {
  static constexpr std::string_view kDecoders[] = {"base64", "base32",  "basenc",
                                                   "xxd",    "openssl", "uudecode"};
  if (command.argv.empty() || !is_any(shell::base_name(command.argv[0]), kDecoders)) {
    return false;
  }
  const std::string_view program = shell::base_name(command.argv[0]);
  return program == "uudecode" ||
         std::any_of(command.argv.begin() + 1, command.argv.end(), [&](const std::string& word) {
           return program == "xxd"       ? word.starts_with("-") && word.find('r') < word.size()
                  : program == "openssl" ? word == "enc" || word == "base64"
                                         : word == "-D" || word.starts_with("--d") ||
                                               (word.starts_with("-") && !word.starts_with("--") &&
                                                word.find('d') < word.size());
         });
}

/// Prints the environment, or a file of secrets.
bool shows_secrets(const SimpleCommand& command) {
  if (command.argv.empty()) {
    return false;
  }
  const std::string_view program = shell::base_name(command.argv[0]);
  if (program == "export" || program == "declare") {
    return command.argv.size() > 1 && command.argv[1].starts_with("-");
  }
  if (program == "env" || program == "printenv" || program == "set") {
    return command.argv.size() == 1;
  }
  static constexpr std::string_view kPrinters[] = {"cat",  "base64", "tar", "gzip",
                                                   "head", "tail",   "xxd", "tac"};
  static constexpr std::string_view kFiles[] = {
      ".env", ".ssh/", ".aws/credentials", "/etc/passwd", "/etc/shadow", "id_rsa", "id_ed25519"};
  return is_any(program, kPrinters) &&
         std::any_of(command.argv.begin() + 1, command.argv.end(), [](const std::string& word) {
           return std::any_of(std::begin(kFiles), std::end(kFiles), [&](std::string_view file) {
             return word.find(file) != std::string::npos;
           });
         });
}

/// `curl -d "$(env)"`.
bool shows_secrets_inside(std::string_view word);

/// echo or printf of something that is not a constant.
bool prints_values(const SimpleCommand& command) {
  if (command.argv.empty() || (command.argv[0] != "echo" && command.argv[0] != "printf")) {
    return false;
  }
  for (std::size_t i = 1; i < command.argv.size(); ++i) {
    if (command.kinds[i] == WordKind::kDynamic) {
      return true;
    }
  }
  return false;
}

bool sends(const SimpleCommand& command) {
  static constexpr std::string_view kSenders[] = {"curl",   "wget",   "nc",   "ncat",
                                                  "netcat", "telnet", "socat"};
  return program_at(command.argv, [](std::string_view name) { return is_any(name, kSenders); }) <
         command.argv.size();
}

/// The known text that a command prints: its here-document, or the words of echo.
std::string printed(const SimpleCommand& command) {
  for (const Redirect& redirect : command.redirects) {
    if (redirect.kind == Redirect::Kind::kHereDocument) {
      return redirect.text;
    }
    if (redirect.kind == Redirect::Kind::kHereString) {
      return redirect.target;
    }
  }
  std::string out;
  const bool echo =
      !command.argv.empty() && (command.argv[0] == "echo" || command.argv[0] == "printf");
  for (std::size_t i = 1; echo && i < command.argv.size(); ++i) {
    if (!command.argv[i].starts_with('-')) {
      out += text::replace_all(command.argv[i], "\\n", "\n") + " ";
    }
  }
  return out;
}

/// Behind the `(` of each substitution in the word, or behind its backtick.
std::vector<std::string_view> substituted(std::string_view word) {
  std::vector<std::string_view> out;
  word = word.substr(0, kLongestWord);
  for (std::size_t at = word.find_first_of("$<`"); at != std::string_view::npos && out.size() < 8;
       at = word.find_first_of("$<`", at + 1)) {
    if (word[at] == '`') {
      const std::size_t end = std::min(word.find('`', at + 1), word.size());
      out.push_back(word.substr(at + 1, end - at - 1));
      at = end;
    } else if (word.substr(at + 1).starts_with('(') && !word.substr(at + 1).starts_with("((")) {
      out.push_back(word.substr(at + 2));
    }
  }
  return out;
}

bool shows_secrets_inside(std::string_view word) {
  const auto inner = substituted(word);
  return std::any_of(inner.begin(), inner.end(), [](std::string_view text) {
    const shell::Script script = shell::parse(text);
    return !script.commands.empty() && shows_secrets(script.commands.front());
  });
}

/// The call runs the text of its words: eval, source, `sh -c`, `bash <(…)`.
bool runs_words(const SimpleCommand& command) {
  return !command.argv.empty() && program_at(command.argv, [](std::string_view name) {
                                    return is_bash_like(name) || name == "eval" ||
                                           name == "source" || name == ".";
                                  }) < command.argv.size();
}

/// `source <(echo "$x")`
bool prints_values_inside(std::string_view word) {
  const auto inner = word.starts_with("<(") ? substituted(word) : std::vector<std::string_view>();
  return std::any_of(inner.begin(), inner.end(), [](std::string_view text) {
    const shell::Script script = shell::parse(text);
    return !script.commands.empty() && prints_values(script.commands.front());
  });
}

/// `python3 <(curl …)`: the program itself is what is fetched.
bool runs_fetched_file(const SimpleCommand& command) {
  if (command.argv.empty() || interpreter(shell::base_name(command.argv[0])) == nullptr) {
    return false;
  }
  std::size_t at = 1;
  while (at < command.argv.size() && command.argv[at].starts_with('-')) {
    ++at;
  }
  return at < command.argv.size() && command.argv[at].starts_with("<(") &&
         fetches_inside(command.argv[at]);
}

/// `sh -i`
bool is_open_shell(const SimpleCommand& command) {
  return !command.argv.empty() && is_bash_like(shell::base_name(command.argv[0])) &&
         std::find(command.argv.begin(), command.argv.end(), "-i") != command.argv.end();
}

bool is_settings_tool(const SimpleCommand& command) {
  static constexpr std::string_view kTools[] = {
      "ssh-agent", "direnv",    "rbenv",          "pyenv",
      "nodenv",    "starship",  "zoxide",         "dircolors",
      "minikube",  "mise",      "asdf",           "register-python-argcomplete",
      "keychain",  "thefuck",   "docker-machine", "goenv",
      "conda",     "gpg-agent", "resize",         "lesspipe",
      "ssh-add",   "rustup",    "gpgconf",        "lesspipe.sh"};
  static constexpr std::string_view kVerbs[] = {"brew shellenv", "fnm env", "opam env",
                                                "luarocks path", "npm completion"};
  if (command.argv.empty() || command.kinds[0] != WordKind::kStatic) {
    return false;
  }
  const std::string_view program = shell::base_name(command.argv[0]);
  const std::string verb =
      std::string(program) + " " + (command.argv.size() > 1 ? command.argv[1] : "");
  return is_any(program, kTools) || is_any(std::string_view(verb), kVerbs);
}

}  // namespace

bool is_bash_like(std::string_view program) {
  static constexpr std::string_view kShells[] = {"sh",  "bash", "zsh",   "dash",
                                                 "ksh", "ash",  "rbash", "mksh"};
  return is_any(program, kShells);
}

bool fetches_inside(std::string_view word) {
  const auto inner = substituted(word);
  return std::any_of(inner.begin(), inner.end(), [](std::string_view text) {
    const shell::Script script = shell::parse(text);
    return std::any_of(
        script.commands.begin(), script.commands.end(),
        [](const SimpleCommand& command) { return !command.possible && fetches(command); });
  });
}

bool sets_options(const SimpleCommand& command) {
  std::string text;
  for (std::size_t i = 1; i < command.argv.size(); ++i) {
    text.append(text.empty() ? "" : " ").append(command.argv[i]);
  }
  std::string_view rest = text;
  const auto skip_quotes = [&rest] {
    rest.remove_prefix(std::min(rest.find_first_not_of('"'), rest.size()));
    rest.remove_suffix(rest.size() - std::min(rest.find_last_not_of('"') + 1, rest.size()));
  };
  skip_quotes();
  if (!rest.starts_with("set -- ")) {
    return false;
  }
  rest.remove_prefix(7);
  skip_quotes();
  if (!rest.starts_with("$(") || !rest.ends_with(')') ||
      rest.find_first_of("`)") + 1 != rest.size()) {
    return false;
  }
  const shell::Script script = shell::parse(rest.substr(2, rest.size() - 3));
  return script.commands.size() == 1 && !script.commands[0].argv.empty() &&
         shell::base_name(script.commands[0].argv[0]) == "getopt";
}

bool prints_settings(std::string_view word) {
  std::string_view text = text::trim(word);
  if (text.size() > 1 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  if (text.starts_with("$(") && text.ends_with(')')) {
    text = text.substr(2, text.size() - 3);
  } else if (text.size() > 2 && text.starts_with('`') && text.ends_with('`')) {
    text = text.substr(1, text.size() - 2);
  } else {
    return false;
  }
  const shell::Script script = shell::parse(text);
  std::size_t calls = 0;
  for (const SimpleCommand& command : script.commands) {
    if (command.possible) {
      continue;
    }
    const bool plain = std::all_of(command.assignments.begin(), command.assignments.end(),
                                   [](const std::string& one) {
                                     return one.starts_with("SHELL=") || one.starts_with("TERM=");
                                   });
    if (++calls > 1 || !plain || !is_settings_tool(command)) {
      return false;
    }
  }
  return calls == 1 && text.find_first_of(")`") == std::string_view::npos;
}

BashFlow bash_flow(const shell::Script& script, std::size_t index) {
  BashFlow out;
  const SimpleCommand& command = script.commands[index];
  const bool runs_input = takes_program(command);
  const bool sender = sends(command);
  for (const Redirect& redirect : command.redirects) {
    if (runs_input && redirect.kind == Redirect::Kind::kHereString) {
      out.runs_fetched = out.runs_fetched || fetches_inside(redirect.target);
      out.runs_text = out.runs_text || redirect.word == WordKind::kDynamic;
    }
    if (runs_input && redirect.kind == Redirect::Kind::kRead) {
      out.runs_fetched = out.runs_fetched || fetches_inside(redirect.target);
    }
  }
  std::size_t from = command.fed_by;
  for (std::size_t n = 0;
       (runs_input || sender) && from < script.commands.size() && n < kLongestPipe; ++n) {
    const SimpleCommand& feeder = script.commands[from];
    out.runs_fetched = out.runs_fetched || (runs_input && fetches(feeder));
    out.runs_decoded = out.runs_decoded || (runs_input && decodes(feeder));
    out.runs_text = out.runs_text || (runs_input && prints_values(feeder));
    out.sends_secrets = out.sends_secrets || (sender && shows_secrets(feeder));
    out.serves_shell = out.serves_shell || (sender && is_open_shell(feeder));
    if (std::string text = runs_input ? printed(feeder) : std::string(); !text.empty()) {
      out.programs.push_back(std::move(text));
    }
    from = feeder.fed_by < from ? feeder.fed_by : SimpleCommand::kNobody;
  }
  out.unread = (runs_input || sender) && from < script.commands.size();
  for (std::size_t i = 1; sender && i < command.argv.size(); ++i) {
    out.sends_secrets = out.sends_secrets || (command.kinds[i] == WordKind::kDynamic &&
                                              shows_secrets_inside(command.argv[i]));
  }
  out.runs_fetched = out.runs_fetched || runs_fetched_file(command);
  if (runs_words(command)) {
    for (std::size_t i = 1; i < command.argv.size(); ++i) {
      out.runs_text = out.runs_text || prints_values_inside(command.argv[i]);
      out.runs_fetched = out.runs_fetched || (command.kinds[i] == WordKind::kDynamic &&
                                              fetches_inside(command.argv[i]));
    }
  }
  return out;
}

}  // namespace oap::security
