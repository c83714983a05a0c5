#include "security/code_bash.hpp"

#include <algorithm>
#include <set>

#include "security/code_rules.hpp"
#include "security/secret_checks.hpp"
#include "shell/parse.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

using shell::SimpleCommand;
using shell::WordKind;

/// As much of a script is read, as a whole; what is longer passes a limit.
constexpr std::size_t kLongestScript = 512U << 10U;
/// How far behind the last command's line the next one's is looked for.
constexpr std::size_t kLongestGap = 8U << 10U;
/// How often it is looked for at the beginnings of all lines behind.
constexpr int kFarLooks = 16;
constexpr int kMaxDepth = 4;

class BashCheck {
 public:
  BashCheck(std::string_view text, std::uint32_t first_line, int depth, CodeReporter& reporter)
      : text_(text), first_line_(first_line), depth_(depth), reporter_(reporter) {}

  void run() {
    const shell::Script script = shell::parse(text_, kLongestScript);
    reporter_.spend(text_.size());
    if (script.over_limit) {
      reporter_.pass_limit("its shell text is too long, too deeply nested or too intricate",
                           first_line_);
    } else if (!script.complete) {
      reporter_.give_up();
    }
    for (std::size_t i = 0; i < script.commands.size(); ++i) {
      const SimpleCommand& command = script.commands[i];
      place(command);
      look(command);
      if (!command.possible) {
        flow(script, i);
      }
    }
  }

 private:
  static Danger network_shell() {
    return {Severity::kCritical, kInjection, "bash.network-shell",
            "a shell is connected to the network", "use a program that is meant for it"};
  }

  void report(const Danger& danger) { reporter_.report(danger, line_); }

  /// What only shows across a pipe or a substitution.
  void flow(const shell::Script& script, std::size_t i) {
    const BashFlow found = bash_flow(script, i);
    if (found.runs_fetched) {
      report({Severity::kCritical, kInjection, "bash.fetch-and-run",
              "what was fetched from the network is run at once",
              "download it, check its digest or signature, then run it"});
    }
    if (found.runs_decoded) {
      report({Severity::kCritical, kInjection, "bash.decode-and-run",
              "decoded text is run as a program", "keep the program readable"});
    }
    if (found.runs_text && !found.runs_fetched && !found.runs_decoded) {
      report({Severity::kCritical, kInjection, "bash.piped-text",
              "a shell runs text that is not a constant", "call the command with its arguments"});
    }
    if (found.sends_secrets) {
      report({Severity::kCritical, kExposure, "bash.send-secrets",
              "the environment or credentials are sent away",
              "send only what is meant, from named files"});
    }
    if (found.serves_shell) {
      report(network_shell());
    }
    if (found.unread) {
      reporter_.pass_limit("its pipes are too long", line_);
    }
    for (const std::string& text : found.programs) {
      if (depth_ >= kMaxDepth) {
        reporter_.pass_limit("its shells print programs for shells too deeply", line_);
        return;
      }
      BashCheck(text, line_, depth_ + 1, reporter_).run();
    }
  }

  /// Finds the line on which the command stands: commands come in the order of the text.
  void place(const SimpleCommand& command) {
    if (command.argv.empty()) {
      return;
    }
    const std::string_view word = command.argv.front();
    const std::string_view near = text_.substr(0, at_ + kLongestGap);
    const std::size_t from = at_ + (word == placed_ ? word.size() : 0);
    std::size_t found = word.empty() ? std::string_view::npos : near.find(word, from);
    if (found == std::string_view::npos && far_looks_ < kFarLooks && near.size() < text_.size()) {
      ++far_looks_;
      found = text_.find("\n" + std::string(word), from);
      found += found == std::string_view::npos ? 0 : 1;
    }
    if (found != std::string_view::npos) {
      line_of_ += static_cast<std::uint32_t>(
          std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_),
                     text_.begin() + static_cast<std::ptrdiff_t>(found), '\n'));
      at_ = found;
      placed_ = word;
    }
    line_ = first_line_ + line_of_;
  }

  void look(const SimpleCommand& command) {
    redirects(command);
    assignments(command);
    if (command.argv.empty()) {
      return;
    }
    const std::string_view program = shell::base_name(command.argv.front());
    if (program == "xargs" || program == "find") {
      replaced_ = replaced_by(command);
    }
    injection(command, program);
    bash_rights(command, program, [this](const Danger& danger) { report(danger); });
    bash_arguments(command, program, [this](const Danger& danger) { report(danger); });
    fetched_file(command, program);
    paths(command, program);
    if ((program == "echo" || program == "printf") && command.redirects.empty()) {
      for (std::size_t i = 1; i < command.argv.size(); ++i) {
        if (command.kinds[i] == WordKind::kDynamic && holds_secret(command.argv[i])) {
          report({Severity::kMedium, kExposure, "bash.print-secret", "a secret is printed",
                  "leave it out, or show its last characters only"});
          break;
        }
      }
    }
  }

  void injection(const SimpleCommand& command, std::string_view program) {
    const auto is_open = [&](std::size_t i) {
      return command.kinds[i] == WordKind::kDynamic && !prints_settings(command.argv[i]) &&
             !fetches_inside(command.argv[i]);
    };
    bool open = false;
    for (std::size_t i = 1; program == "eval" && i < command.argv.size(); ++i) {
      open = open || is_open(i);
    }
    if (open && !sets_options(command)) {
      report({Severity::kCritical, kInjection, "bash.eval", "eval runs text that is not a constant",
              "call the command with its arguments, or keep them in an array"});
    }
    if (is_bash_like(program)) {
      for (std::size_t i = 1; i + 1 < command.argv.size(); ++i) {
        const std::string& option = command.argv[i];
        if (option.starts_with('-') && !option.starts_with("--") && option.ends_with('c') &&
            command.kinds[i + 1] == WordKind::kDynamic && uses_text(command.argv[i + 1]) &&
            !fetches_inside(command.argv[i + 1])) {
          report({Severity::kCritical, kInjection, "bash.shell-c",
                  "a shell runs text that is not a constant",
                  "pass values as arguments behind the script: sh -c '…' sh \"$value\""});
        }
        if (option.starts_with('-') && option.ends_with('c') &&
            command.argv[i + 1].find(replaced_) != std::string::npos && !command.wrapper.empty()) {
          report({Severity::kHigh, kInjection, "bash.name-in-script",
                  "names of files become part of a script",
                  "pass them as arguments: sh -c '…' sh {}"});
        }
      }
    }
    static constexpr std::string_view kAwks[] = {"awk", "gawk", "mawk", "nawk"};
    for (std::size_t i = 1; is_any(program, kAwks) && i < command.argv.size(); ++i) {
      if (command.kinds[i] == WordKind::kDynamic &&
          command.argv[i].find("system(") != std::string::npos) {
        report({Severity::kHigh, kInjection, "bash.inline-code",
                "an interpreter runs text that is not a constant",
                "pass values with -v or through the environment"});
      }
    }
    static constexpr std::string_view kInterpreters[] = {"python", "python3", "perl",
                                                         "ruby",   "node",    "php"};
    if (is_any(program, kInterpreters)) {
      for (std::size_t i = 1; i + 1 < command.argv.size(); ++i) {
        if ((command.argv[i] == "-c" || command.argv[i] == "-e" || command.argv[i] == "-r") &&
            command.kinds[i + 1] == WordKind::kDynamic) {
          report({Severity::kHigh, kInjection, "bash.inline-code",
                  "an interpreter runs text that is not a constant",
                  "pass values as arguments or through the environment"});
        }
      }
    }
  }

  /// What stands for names in the command: `xargs -I %`.
  static std::string replaced_by(const SimpleCommand& command) {
    const auto& argv = command.argv;
    for (std::size_t i = 1; i < argv.size() && shell::base_name(argv[0]) == "xargs"; ++i) {
      if (argv[i] == "-I" && i + 1 < argv.size()) {
        return argv[i + 1];
      }
      if (argv[i].starts_with("-I") || argv[i].starts_with("--replace=")) {
        return argv[i].substr(argv[i][1] == 'I' ? 2 : 10);
      }
    }
    return "{}";
  }

  /// More than "$@" and fixed text.
  static bool uses_text(std::string_view word) { return word != "$@" && word != "\"$@\""; }

  void paths(const SimpleCommand& command, std::string_view program) {
    static constexpr std::string_view kReaders[] = {
        "cat",    "less", "more",    "head", "tail",    "cp",  "scp",  "rsync",  "tar",
        "base64", "xxd",  "strings", "grep", "awk",     "sed", "curl", "wget",   "nc",
        "zip",    "mv",   "vim",     "nano", "openssl", "dd",  "od",   "source", "."};
    static constexpr std::string_view kWriters[] = {"tee", "cp",  "mv", "install",
                                                    "dd",  "sed", "ln"};
    static constexpr std::string_view kCopiers[] = {"cp", "mv", "scp", "rsync"};
    const bool copies = is_any(program, kCopiers);
    for (std::size_t i = 1; i < command.argv.size(); ++i) {
      const std::string_view word = command.argv[i];
      const bool last = i + 1 == command.argv.size();
      if (is_any(program, kWriters) && (last || program == "tee") && is_privilege_path(word) &&
          program != "sed") {
        report({Severity::kCritical, kPrivilege, "bash.system-file",
                "writes a file that decides who is root", "leave it to the system's own tools"});
      } else if (is_any(program, kReaders) &&
                 (climbs_out(word) || (!(last && copies) && holds_keys(command, i)) ||
                  (is_credential_path(word) && !word.ends_with("/etc/passwd")))) {
        report({Severity::kHigh, kTraversal, "bash.credential-path",
                "reads a file of accounts or credentials",
                "ask for the value instead of reading the file"});
      } else if (is_any(program, kReaders) && word.find("/etc/passwd") != std::string_view::npos &&
                 program != "grep" && program != "awk") {
        report({Severity::kMedium, kTraversal, "bash.credential-path", "reads the list of accounts",
                "use getent or id"});
      } else if (is_any(program, kReaders) && command.kinds[i] == WordKind::kDynamic &&
                 from_outside(word)) {
        report({Severity::kHigh, kTraversal, "bash.tainted-path",
                "a path is made from what came from outside",
                "resolve it with realpath and check that it stays inside its folder"});
      }
    }
    if (program == "crontab" && command.argv.size() > 1 && command.argv[1] == "-") {
      report({Severity::kHigh, kPrivilege, "bash.cron",
              "a program is put among those that start by themselves", "let a person do it"});
    }
  }

  /// A folder of keys as a whole, that is not where something goes to.
  static bool holds_keys(const SimpleCommand& command, std::size_t i) {
    static constexpr std::string_view kFolders[] = {"/.ssh", "/.gnupg", "/.aws", "/.kube"};
    std::string_view word = command.argv[i];
    word.remove_suffix(word.ends_with('/') ? 1 : 0);
    const bool target = i > 0 && (command.argv[i - 1] == "-C" || command.argv[i - 1] == "-d");
    return !target && std::any_of(std::begin(kFolders), std::end(kFolders),
                                  [&](std::string_view one) { return word.ends_with(one); });
  }

  /// `curl -o F … && bash F`: what was fetched to a file is run, and nothing looked at it between.
  void fetched_file(const SimpleCommand& command, std::string_view program) {
    const auto& argv = command.argv;
    static constexpr std::string_view kChecks[] = {"sha256sum", "sha512sum", "shasum", "gpg",
                                                   "cosign",    "minisign",  "b2sum",  "openssl"};
    if (is_any(program, kChecks)) {
      fetched_.clear();
    } else if (program == "curl" || program == "wget") {
      note_fetched(command, program);
    } else if (!fetched_.empty()) {
      const bool runs = is_bash_like(program) || program == "source" || program == ".";
      std::size_t at = runs ? 1 : 0;
      while (runs && at < argv.size() && argv[at].starts_with('-')) {
        ++at;
      }
      if (at < argv.size() && fetched_.contains(plain(argv[at]))) {
        report({Severity::kCritical, kInjection, "bash.fetch-and-run",
                "what was fetched from the network is run at once",
                "download it, check its digest or signature, then run it"});
      }
    }
  }

  /// Where curl or wget puts what it fetches: as told, or by the address's last part.
  void note_fetched(const SimpleCommand& command, std::string_view program) {
    const auto& argv = command.argv;
    bool named = false;
    bool by_address = program == "wget";
    for (std::size_t i = 1; i < argv.size(); ++i) {
      const std::string_view word = argv[i];
      const bool short_option = word.starts_with('-') && !word.starts_with("--");
      const bool names_file =
          word == "--output" || word == "--output-document" ||
          (short_option && (program == "wget" ? word.ends_with('O') : word.ends_with('o')));
      if (names_file && i + 1 < argv.size()) {
        fetched_.insert(plain(argv[i + 1]));
        named = true;
      }
      by_address = by_address || word == "--remote-name" || word == "--remote-name-all" ||
                   (program == "curl" && short_option && word.find('O') != std::string::npos);
    }
    for (const shell::Redirect& redirect : command.redirects) {
      fetched_.insert(plain(redirect.target));
    }
    for (std::size_t i = 1; by_address && !named && i < argv.size(); ++i) {
      const std::string_view address = std::string_view(argv[i]).substr(0, argv[i].find('?'));
      const std::size_t slash = address.rfind('/');
      if (address.find("://") != std::string_view::npos && slash + 1 < address.size()) {
        fetched_.insert(std::string(address.substr(slash + 1)));
      }
    }
  }

  static std::string plain(std::string_view file) {
    return std::string(file.starts_with("./") ? file.substr(2) : file);
  }

  static bool from_outside(std::string_view word) {
    static constexpr std::string_view kNames[] = {"QUERY_STRING", "REQUEST_URI", "PATH_INFO",
                                                  "HTTP_",        "USER_INPUT",  "user_input"};
    return holds_parameter(word) ||
           std::any_of(std::begin(kNames), std::end(kNames), [&](std::string_view name) {
             return word.find(name) != std::string_view::npos;
           });
  }

  void redirects(const SimpleCommand& command) {
    for (const shell::Redirect& redirect : command.redirects) {
      const bool writes = redirect.kind == shell::Redirect::Kind::kWrite ||
                          redirect.kind == shell::Redirect::Kind::kAppend;
      if (writes && is_privilege_path(redirect.target)) {
        report({Severity::kCritical, kPrivilege, "bash.system-file",
                "writes a file that decides who is root", "leave it to the system's own tools"});
      }
      if (redirect.target.starts_with("/dev/tcp/") || redirect.target.starts_with("/dev/udp/")) {
        report(network_shell());
      }
    }
    const bool nc = !command.argv.empty() && (shell::base_name(command.argv[0]) == "nc" ||
                                              shell::base_name(command.argv[0]) == "ncat");
    if (nc && std::any_of(command.argv.begin(), command.argv.end(), [](const std::string& word) {
          return word == "-e" || word == "-c" || word == "--exec";
        })) {
      report(network_shell());
    }
  }

  void assignments(const SimpleCommand& command) {
    for (const std::string& assignment : command.assignments) {
      if (assignment.starts_with("LD_PRELOAD=") && assignment.size() > 11 &&
          !assignment.ends_with("=\"\"")) {
        report({Severity::kMedium, kPrivilege, "bash.preload",
                "a library is put into every program that follows", "link against it"});
      }
    }
  }

  std::string_view text_;
  std::uint32_t first_line_;
  int depth_;
  CodeReporter& reporter_;
  std::set<std::string, std::less<>> fetched_;
  std::string replaced_ = "{}";
  std::uint32_t line_ = 0;
  std::uint32_t line_of_ = 0;
  std::size_t at_ = 0;
  int far_looks_ = 0;
  std::string placed_;  ///< the word that stands at it
};

}  // namespace

void look_at_bash(std::string_view text, std::uint32_t first_line, CodeReporter& reporter) {
  if (!reporter.begin_shell_text(first_line)) {
    return;
  }
  BashCheck(text, first_line, 0, reporter).run();
}

}  // namespace oap::security
