#include "orchestration/mission/shows.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "orchestration/mission/code_shows.hpp"
#include "orchestration/mission/command_list.hpp"
#include "orchestration/mission/evidence.hpp"
#include "orchestration/mission/known_check.hpp"
#include "shell/parse.hpp"
#include "text/strings.hpp"

namespace oap::orchestration {
namespace {

constexpr int kMostNested = 8;

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// End well whatever the work is like.
constexpr std::array<std::string_view, 55> kNothing = {
    "true",  ":",       "echo",   "printf", "pwd", "exit",     "return", "sleep", "cd",    "date",
    "who",   "whoami",  "wait",   "kill",   "set", "shopt",    "export", "unset", "alias", "read",
    "local", "let",     "touch",  "mkdir",  "rm",  "rmdir",    "cp",     "mv",    "ln",    "chmod",
    "chown", "tee",     "uname",  "id",     "env", "hostname", "clear",  "which", "type",  "hash",
    "jobs",  "history", "ps",     "df",     "du",  "umask",    "sync",   "git",   "yes",   "seq",
    "nohup", "declare", "source", ".",      "eval"};
/// Show that what they name is there, no more.
constexpr std::array<std::string_view, 34> kLooks = {
    "ls",   "cat",  "head",   "tail",    "less",      "more",    "wc",   "stat", "file",
    "find", "tree", "nl",     "od",      "xxd",       "strings", "sort", "uniq", "cut",
    "tr",   "awk",  "sed",    "jq",      "grep",      "egrep",   "rg",   "diff", "cmp",
    "test", "[",    "md5sum", "sha1sum", "sha256sum", "column",  "bat"};
constexpr std::array<std::string_view, 12> kKeywords = {
    "if", "while", "until", "for", "case", "select", "function", "!", "{", "coproc", "[[", "then"};
/// Options with which a test runner, compiler or build only talks about itself.
constexpr std::array<std::string_view, 12> kIdle = {
    "--help",    "--version", "-V",           "--collect-only", "--co",        "--list-tests",
    "--dry-run", "--no-run",  "--just-print", "--listTests",    "--show-only", "--fixtures"};

std::size_t count_operands(const shell::SimpleCommand& command) {
  std::size_t count = 0;
  for (std::size_t i = 1; i < command.argv.size(); ++i) {
    count += command.argv[i].empty() || command.argv[i].front() == '-' ? 0 : 1;
  }
  return count;
}

bool runs_something(std::string_view word) {
  return text::contains(word, "$(") || text::contains(word, "`");
}

/// `test -f a` looks; `test "$(./prog)" = x` ran it; `test 1` and `test a = a` show nothing.
Shows test_shows(const shell::SimpleCommand& command) {
  const auto& argv = command.argv;
  if (std::any_of(argv.begin() + 1, argv.end(),
                  [](const std::string& word) { return runs_something(word); })) {
    return argv.size() > 3 ? Shows::kRun : Shows::kNothing;
  }
  const bool of_file = std::any_of(argv.begin() + 1, argv.end(), [](const std::string& word) {
    return word.size() == 2 && word[0] == '-' &&
           std::string_view("efdsrwxLhbcpSgukON").find(word[1]) != std::string_view::npos;
  });
  const bool negated = std::find(argv.begin() + 1, argv.end(), "!") != argv.end();
  return of_file && !negated ? Shows::kLook : Shows::kNothing;
}

Shows look_shows(const shell::SimpleCommand& command, bool of_a_program) {
  const std::string_view program = shell::base_name(command.argv.front());
  if (program == "test" || program == "[") {
    return test_shows(command);
  }
  const bool searches = program == "grep" || program == "egrep" || program == "rg";
  const auto has = [&command](std::string_view option) {
    return std::find(command.argv.begin() + 1, command.argv.end(), option) != command.argv.end();
  };
  if (searches && (has("-v") || has("-c") || has("-L") || has("--invert-match"))) {
    return Shows::kNothing;
  }
  if (searches && of_a_program && count_operands(command) == 1) {
    return Shows::kRun;  // a program printed what was looked for
  }
  if (of_a_program && (program == "diff" || program == "cmp")) {
    return count_operands(command) > 0 || has("-") ? Shows::kRun : Shows::kNothing;
  }
  const std::size_t needed = searches || program == "diff" || program == "cmp" ||
                                     program == "sed" || program == "awk" || program == "jq"
                                 ? 2
                                 : 1;
  return count_operands(command) >= needed ? Shows::kLook : Shows::kNothing;
}

class Reader {
 public:
  Shows list(std::string_view command, bool errexit, int depth) {
    const auto parts = depth < kMostNested ? split_list(command) : std::nullopt;
    if (!parts || parts->empty()) {
      return Shows::kNothing;
    }
    errexit_ = errexit;
    pipefail_ = false;
    Shows kept = Shows::kNothing;  // of lists that the rest is only reached through
    Shows last = Shows::kNothing;
    std::size_t at = 0;
    while (at < parts->size()) {
      bool bound = false;
      last = and_or(*parts, at, depth, bound);
      if (hopeless_) {
        return Shows::kNothing;
      }
      kept = errexit_ || bound ? std::max(kept, last) : kept;
    }
    return std::max(kept, last);
  }

 private:
  /// From parts[at] to the end of its and-or list. `bound`: it ends the script where it fails.
  Shows and_or(const std::vector<ListPart>& parts, std::size_t& at, int depth, bool& bound) {
    Shows shows = pipeline(parts, at, depth);
    while (at < parts.size() &&
           (parts[at].join == ListPart::Join::kAnd || parts[at].join == ListPart::Join::kOr)) {
      const bool either = parts[at].join == ListPart::Join::kOr;
      const bool fails = is_failure(parts[at].text);
      const bool leaves =
          parts[at].text.starts_with("exit") || parts[at].text.starts_with("return");
      const Shows next = pipeline(parts, at, depth);
      if (!either) {
        shows = std::max(shows, next);
      } else if (fails) {
        bound = bound || leaves;
      } else {
        shows = std::min(shows, next);
      }
    }
    return shows;
  }

  static bool is_failure(std::string_view text) {
    const auto words = text::split_words(text);
    if (words.empty() || words.size() > 2) {
      return false;
    }
    return words[0] == "false" ? words.size() == 1
                               : (words[0] == "exit" || words[0] == "return") &&
                                     (words.size() == 1 || words[1] != "0");
  }

  Shows pipeline(const std::vector<ListPart>& parts, std::size_t& at, int depth) {
    Shows any = Shows::kNothing;
    Shows last = Shows::kNothing;
    bool verifies = false;
    bool runs = false;
    do {
      const ListPart& part = parts[at];
      const bool background = part.background;
      last = background ? Shows::kNothing : simple(part.text, runs && !verifies, depth);
      any = std::max(any, last);
      verifies = verifies || is_verification(part.text);
      runs = runs || last == Shows::kRun;
      ++at;
    } while (at < parts.size() && parts[at].join == ListPart::Join::kPipe);
    return pipefail_ ? any : last;
  }

  void take_options(const shell::SimpleCommand& command) {
    for (std::size_t i = 1; i < command.argv.size(); ++i) {
      const std::string& word = command.argv[i];
      errexit_ = errexit_ ||
                 (word.size() > 1 && word[0] == '-' && word[1] != '-' &&
                  word.find('e') != std::string::npos) ||
                 word == "errexit";
      pipefail_ = pipefail_ || word == "pipefail";
      if (word.starts_with('+')) {
        hopeless_ = true;
      }
    }
  }

  Shows simple(std::string_view source, bool of_a_program, int depth) {
    const std::string_view head = source.substr(0, source.find_first_of(" \t\n"));
    if (head == "time") {
      return simple(text::trim(source.substr(head.size())), of_a_program, depth);
    }
    if (source.starts_with('(') && source.ends_with(')') && !source.starts_with("((")) {
      Reader inner;
      return inner.list(source.substr(1, source.size() - 2), errexit_, depth + 1);
    }
    if (source.starts_with('(') || is_one_of(head, kKeywords)) {
      hopeless_ = hopeless_ || (head != "[[" && head != "!");
      return Shows::kNothing;
    }
    const shell::Script script = shell::parse(source);
    if (script.commands.empty() || !script.functions.empty()) {
      hopeless_ = hopeless_ || !script.functions.empty();
      return Shows::kNothing;
    }
    const auto found = std::find_if(
        script.commands.rbegin(), script.commands.rend(),
        [](const shell::SimpleCommand& one) { return one.wrapper.empty() && !one.possible; });
    if (found == script.commands.rend()) {
      return Shows::kNothing;
    }
    const shell::SimpleCommand& outer = *found;  // what its words substitute is listed before it
    if (changes_what_names_mean(outer)) {
      hopeless_ = true;
      return Shows::kNothing;
    }
    return command(script, outer, of_a_program, depth);
  }

  static bool changes_what_names_mean(const shell::SimpleCommand& command) {
    static constexpr std::array<std::string_view, 5> kChanges = {"trap", "alias", "enable", "hash",
                                                                 "exec"};
    const bool path = std::any_of(
        command.assignments.begin(), command.assignments.end(),
        [](const std::string& one) { return one.starts_with("PATH=") || one.starts_with("LD_"); });
    const bool exports_path =
        !command.argv.empty() && command.argv.front() == "export" &&
        std::any_of(command.argv.begin() + 1, command.argv.end(), [](const std::string& word) {
          return word.starts_with("PATH=/tmp") || word.starts_with("LD_");
        });
    return path || exports_path ||
           (!command.argv.empty() && is_one_of(command.argv.front(), kChanges));
  }

  Shows command(const shell::Script& script, const shell::SimpleCommand& outer, bool of_a_program,
                int depth) {
    if (outer.argv.empty()) {
      return Shows::kNothing;
    }
    const std::string_view program = shell::base_name(outer.argv.front());
    if (program == "set") {
      take_options(outer);
      return Shows::kNothing;
    }
    if (program == "bash" || program == "sh" || program == "dash" || program == "zsh") {
      return shell_shows(outer, depth);
    }
    if (program == "xargs" && runs_any_input(outer)) {
      return Shows::kNothing;
    }
    if (program == "find" &&
        std::any_of(outer.argv.begin(), outer.argv.end(),
                    [](const auto& word) { return word.starts_with("-exec"); })) {
      return Shows::kNothing;
    }
    const auto inner =
        std::find_if(script.commands.begin(), script.commands.end(), [&](const auto& one) {
          return !one.possible && !one.argv.empty() && one.wrapper == program;
        });
    if (inner != script.commands.end() && program != "eval") {
      return command(shell::Script{}, *inner, of_a_program, depth);
    }
    return program_shows(outer, program, of_a_program);
  }

  /// `xargs -r x` runs nothing where nothing came; `xargs -I{} sh -c {}` runs what came.
  static bool runs_any_input(const shell::SimpleCommand& command) {
    return std::any_of(command.argv.begin() + 1, command.argv.end(), [](const std::string& word) {
      return word == "-r" || word == "--no-run-if-empty" || word.starts_with("-I") ||
             word == "-i" || word == "sh" || word == "bash" || word.starts_with("--replace");
    });
  }

  /// `bash < x.sh`; of a device or a text that stands there nothing is believed.
  static bool reads_commands(const shell::Redirect& redirect) {
    return redirect.kind == shell::Redirect::Kind::kRead && !redirect.target.starts_with("/dev/");
  }

  static Shows shell_shows(const shell::SimpleCommand& outer, int depth) {
    bool errexit = false;
    for (std::size_t i = 1; i < outer.argv.size(); ++i) {
      const std::string& word = outer.argv[i];
      if (!word.starts_with('-')) {
        return Shows::kRun;  // a script
      }
      const bool is_code = !word.starts_with("--") && word.find('c') != std::string::npos;
      errexit = errexit || (!word.starts_with("--") && word.find('e') != std::string::npos);
      if (word.find('n') != std::string::npos && !word.starts_with("--")) {
        return Shows::kLook;
      }
      if (is_code) {
        Reader inner;
        return i + 1 < outer.argv.size() ? inner.list(outer.argv[i + 1], errexit, depth + 1)
                                         : Shows::kNothing;
      }
    }
    return std::any_of(outer.redirects.begin(), outer.redirects.end(), reads_commands)
               ? Shows::kRun
               : Shows::kNothing;
  }

  /// A look at the text alone: `python3 -m py_compile`, `node --check`; or nothing but a version.
  static std::optional<Shows> only_parsed(const shell::SimpleCommand& command,
                                          std::string_view program) {
    static constexpr std::array<std::string_view, 6> kSayVersion = {"node", "npm",  "deno",
                                                                    "bun",  "pnpm", "yarn"};
    const std::string second = command.argv.size() > 1 ? command.argv[1] : "";
    const std::string third = command.argv.size() > 2 ? command.argv[2] : "";
    if (program.starts_with("python") && second == "-m" &&
        (third == "py_compile" || third == "compileall" || third == "tabnanny")) {
      return Shows::kLook;
    }
    if ((program == "node" && (second == "--check" || second == "-c")) ||
        ((program == "ruby" || program == "perl") && second == "-c") ||
        (program == "php" && second == "-l")) {
      return Shows::kLook;
    }
    if (second == "-v" && command.argv.size() == 2 && is_one_of(program, kSayVersion)) {
      return Shows::kNothing;
    }
    return std::nullopt;
  }

  static Shows program_shows(const shell::SimpleCommand& command, std::string_view program,
                             bool of_a_program) {
    if (is_one_of(program, kNothing)) {
      const bool compares = program == "git" && command.argv.size() > 2 &&
                            command.argv[1] == "diff" &&
                            (text::contains(shell::render(command), "--exit-code") ||
                             text::contains(shell::render(command), "--quiet"));
      return compares ? Shows::kLook : Shows::kNothing;
    }
    if (is_one_of(program, kLooks)) {
      return look_shows(command, of_a_program);
    }
    if (const auto parsed = only_parsed(command, program)) {
      return *parsed;
    }
    for (std::size_t i = 1; i < command.argv.size(); ++i) {
      const std::string& word = command.argv[i];
      const bool only_shown = (program == "make" || program == "gmake" || program == "ninja") &&
                              (word == "-n" || word == "-t" || word == "-q");
      const bool only_listed = program == "ctest" && (word == "-N" || word == "-h");
      if (is_one_of(word, kIdle) || only_shown || only_listed) {
        return Shows::kNothing;
      }
      const bool runs_code = (word == "-c" && program.starts_with("python")) ||
                             ((word == "-e" || word == "-p") && program == "node") ||
                             (word == "-e" && (program == "perl" || program == "ruby"));
      if (runs_code) {
        return i + 1 < command.argv.size() ? code_shows(command.argv[i + 1]) : Shows::kNothing;
      }
    }
    if (is_known_check(command)) {
      return Shows::kRun;
    }
    return std::any_of(command.argv.begin() + 1, command.argv.end(),
                       [](const std::string& word) {
                         return !word.starts_with('-') &&
                                word.find_first_of("./") != std::string::npos;
                       })
               ? Shows::kLook
               : Shows::kNothing;
  }

  bool errexit_ = false;
  bool pipefail_ = false;
  bool hopeless_ = false;  ///< something that is not followed: nothing is believed
};

}  // namespace

Shows what_success_shows(std::string_view command) {
  constexpr std::string_view kPython = "python: ";  // as evidence keeps a call of that tool
  if (command.starts_with(kPython)) {
    return code_shows(command);
  }
  return Reader().list(command, false, 0);
}

Shows what_shows(const Evidence& seen) {
  return seen.hollow.empty() ? what_success_shows(seen.command) : Shows::kNothing;
}

std::string_view why_nothing(const Evidence& seen) {
  return seen.hollow.empty() ? why_nothing(seen.command) : std::string_view(seen.hollow);
}

std::string_view why_nothing(std::string_view command) {
  if (what_success_shows(command) != Shows::kNothing) {
    return "";
  }
  const auto parts = split_list(command);
  const auto joined = [&parts](auto has) {
    return parts && std::any_of(parts->begin(), parts->end(), has);
  };
  if (joined([](const ListPart& part) { return part.join == ListPart::Join::kPipe; })) {
    return "the exit code is that of the last program in the pipe; leave the pipe out, or begin "
           "with `set -o pipefail;`";
  }
  if (joined([](const ListPart& part) { return part.background; })) {
    return "it runs in the background, where nobody sees its exit code";
  }
  if (joined([](const ListPart& part) { return part.join == ListPart::Join::kOr; })) {
    return "what stands behind || hides a failure";
  }
  if (parts && parts->size() > 1) {
    return "the exit code is that of the last command only; join them with &&";
  }
  return "it would have ended so anyway; tests, a build, a linter or the program itself (`./prog`, "
         "`python3 file.py`, `bash x.sh`) would show something";
}

}  // namespace oap::orchestration
