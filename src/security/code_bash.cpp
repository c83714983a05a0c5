#include "security/code_bash.hpp"

#include <algorithm>

#include "security/code_rules.hpp"
#include "security/secret_checks.hpp"
#include "shell/parse.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

using shell::SimpleCommand;
using shell::WordKind;

constexpr std::size_t kMaxPart = 48U << 10U;
/// How far behind the last command's line the next one's is looked for.
constexpr std::size_t kLongestGap = 8U << 10U;
constexpr int kMaxDepth = 4;

template <std::size_t N>
bool is_any(std::string_view name, const std::string_view (&names)[N]) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

class BashCheck {
 public:
  BashCheck(std::string_view text, std::uint32_t first_line, int depth, CodeReporter& reporter)
      : text_(text), first_line_(first_line), depth_(depth), reporter_(reporter) {}

  void run() {
    const shell::Script script = shell::parse(text_);
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
    const std::size_t found = word.empty() ? std::string_view::npos : near.find(word, at_);
    if (found != std::string_view::npos) {
      line_of_ += static_cast<std::uint32_t>(
          std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_),
                     text_.begin() + static_cast<std::ptrdiff_t>(found), '\n'));
      at_ = found;
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
    injection(command, program);
    rights(command, program);
    containers(command, program);
    bash_arguments(command, program, [this](const Danger& danger) { report(danger); });
    fetched_file(command, program);
    paths(command, program);
    if ((program == "echo" || program == "printf") && command.redirects.empty()) {
      for (std::size_t i = 1; i < command.argv.size(); ++i) {
        if (command.kinds[i] == WordKind::kDynamic && names_a_secret(command.argv[i])) {
          report({Severity::kMedium, kExposure, "bash.print-secret", "a secret is printed",
                  "leave it out, or show its last characters only"});
          break;
        }
      }
    }
  }

  static bool names_a_secret(std::string_view word) {
    for (std::size_t at = word.find('$'); at != std::string_view::npos;
         at = word.find('$', at + 1)) {
      std::size_t start = at + 1 < word.size() && word[at + 1] == '{' ? at + 2 : at + 1;
      const std::size_t begin = start;
      while (start < word.size() &&
             (text::is_alpha(word[start]) || text::is_digit(word[start]) || word[start] == '_')) {
        ++start;
      }
      const bool whole = start >= word.size() || word[begin - 1] != '{' || word[start] == '}';
      if (whole && name_kind(word.substr(begin, start - begin)) != NameKind::kNone) {
        return true;
      }
    }
    return false;
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
    if (open) {
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
            command.argv[i + 1].find("{}") != std::string::npos && !command.wrapper.empty()) {
          report({Severity::kHigh, kInjection, "bash.name-in-script",
                  "names of files become part of a script",
                  "pass them as arguments: sh -c '…' sh {}"});
        }
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

  /// More than "$@" and fixed text.
  static bool uses_text(std::string_view word) { return word != "$@" && word != "\"$@\""; }

  void rights(const SimpleCommand& command, std::string_view program) {
    const auto& argv = command.argv;
    const auto has = [&](std::string_view word) {
      return std::find(argv.begin() + 1, argv.end(), word) != argv.end();
    };
    if (program == "chmod") {
      for (std::size_t i = 1; i < argv.size(); ++i) {
        if (!argv[i].starts_with('-') && is_open_mode(argv[i])) {
          report({Severity::kHigh, kPrivilege, "bash.chmod",
                  "a file becomes writable for everyone, or setuid",
                  "give the narrowest mode, e.g. 600 or u+x"});
          break;
        }
      }
    }
    static constexpr std::string_view kRoot[] = {"sudo", "doas", "su", "pkexec", "runuser"};
    if (is_any(program, kRoot) &&
        !(argv.size() == 2 && (argv[1] == "-v" || argv[1] == "--version" || argv[1] == "-V"))) {
      report({Severity::kHigh, kPrivilege, "bash.root", "the command runs as another user",
              "run without it, or let a person run this part"});
    }
    static constexpr std::string_view kPowers[] = {"setcap", "insmod",  "modprobe",
                                                   "kexec",  "nsenter", "visudo",
                                                   "chroot", "debugfs", "pivot_root"};
    if (is_any(program, kPowers) || (program == "setenforce" && has("0"))) {
      report({Severity::kHigh, kPrivilege, "bash.powers",
              "the command gives or uses powers of the system",
              "leave it to the system's administrator"});
    }
    const bool groups = (program == "usermod" || program == "gpasswd" || program == "adduser" ||
                         program == "useradd") &&
                        std::any_of(argv.begin() + 1, argv.end(), [](const std::string& word) {
                          return word == "sudo" || word == "wheel" || word == "docker" ||
                                 word == "root" || word == "0" ||
                                 word.find("sudo") != std::string::npos;
                        });
    if (groups) {
      report({Severity::kHigh, kPrivilege, "bash.groups",
              "an account joins a group that is as good as root",
              "leave it to the system's administrator"});
    }
    if (program == "chown" && argv.size() > 2 &&
        (argv[1] == "root" || argv[1].starts_with("root:") || argv[1] == "0" || argv[1] == "0:0")) {
      report({Severity::kMedium, kPrivilege, "bash.chown", "a file is given to root",
              "keep its owner"});
    }
    if (program == "iptables" && (has("-F") || has("--flush"))) {
      report({Severity::kHigh, kPrivilege, "bash.firewall", "the firewall's rules are removed",
              "change single rules"});
    }
    if (std::any_of(
            argv.begin(), argv.end(),
            [](const std::string& word) { return word.find("NOPASSWD") != std::string::npos; }) &&
        program != "grep") {
      report({Severity::kCritical, kPrivilege, "bash.nopasswd",
              "a rule is made that gives root without a password",
              "leave sudoers to the system's administrator"});
    }
  }

  void containers(const SimpleCommand& command, std::string_view program) {
    static constexpr std::string_view kEngines[] = {"docker", "podman", "nerdctl"};
    if (!is_any(program, kEngines)) {
      return;
    }
    for (const std::string& word : command.argv) {
      const bool namespaces =
          word == "--pid=host" || word == "--userns=host" || word == "--ipc=host" ||
          word == "--cap-add=ALL" || word == "--cap-add=SYS_ADMIN" ||
          word == "--security-opt=seccomp=unconfined" || word == "seccomp=unconfined";
      const bool mounts = word.starts_with("/:/") ||
                          word.find("docker.sock") != std::string::npos ||
                          word.starts_with("-v/:") || word.starts_with("--volume=/:") ||
                          word.find("source=/,") != std::string::npos;
      if (word == "--privileged" || namespaces || mounts) {
        report({Severity::kHigh, kPrivilege, "bash.container",
                "the container gets the host's powers",
                "give the single capability or path that it needs"});
        return;
      }
    }
  }

  void paths(const SimpleCommand& command, std::string_view program) {
    static constexpr std::string_view kReaders[] = {
        "cat",    "less", "more",    "head", "tail",    "cp",  "scp",  "rsync",  "tar",
        "base64", "xxd",  "strings", "grep", "awk",     "sed", "curl", "wget",   "nc",
        "zip",    "mv",   "vim",     "nano", "openssl", "dd",  "od",   "source", "."};
    static constexpr std::string_view kWriters[] = {"tee", "cp",  "mv", "install",
                                                    "dd",  "sed", "ln"};
    for (std::size_t i = 1; i < command.argv.size(); ++i) {
      const std::string_view word = command.argv[i];
      const bool last = i + 1 == command.argv.size();
      if (is_any(program, kWriters) && (last || program == "tee") && is_privilege_path(word) &&
          program != "sed") {
        report({Severity::kCritical, kPrivilege, "bash.system-file",
                "writes a file that decides who is root", "leave it to the system's own tools"});
      } else if (is_any(program, kReaders) &&
                 (climbs_out(word) ||
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

  /// `curl -o F … && bash F`: what was fetched to a file is run, and nothing looked at it between.
  void fetched_file(const SimpleCommand& command, std::string_view program) {
    const auto& argv = command.argv;
    static constexpr std::string_view kChecks[] = {"sha256sum", "sha512sum", "shasum", "gpg",
                                                   "cosign",    "minisign",  "b2sum",  "openssl"};
    if (is_any(program, kChecks)) {
      fetched_.clear();
    } else if (program == "curl" || program == "wget") {
      for (std::size_t i = 1; i + 1 < argv.size(); ++i) {
        if (argv[i] == "-o" || argv[i] == "-O" || argv[i] == "--output" ||
            argv[i] == "--output-document" ||
            (argv[i].starts_with('-') && !argv[i].starts_with("--") && argv[i].ends_with('o'))) {
          fetched_.push_back(argv[i + 1]);
        }
      }
      for (const shell::Redirect& redirect : command.redirects) {
        fetched_.push_back(redirect.target);
      }
    } else if (is_bash_like(program) || program == "source" || program == "." || argv.size() == 1 ||
               !fetched_.empty()) {
      const bool runs = is_bash_like(program) || program == "source" || program == ".";
      const std::string& file = runs && argv.size() > 1 ? argv[1] : argv.front();
      if (std::find(fetched_.begin(), fetched_.end(), file) != fetched_.end()) {
        report({Severity::kCritical, kInjection, "bash.fetch-and-run",
                "what was fetched from the network is run at once",
                "download it, check its digest or signature, then run it"});
      }
    }
  }

  static bool from_outside(std::string_view word) {
    static constexpr std::string_view kNames[] = {"QUERY_STRING", "REQUEST_URI", "PATH_INFO",
                                                  "HTTP_",        "USER_INPUT",  "user_input"};
    if (std::any_of(std::begin(kNames), std::end(kNames), [&](std::string_view name) {
          return word.find(name) != std::string_view::npos;
        })) {
      return true;
    }
    const std::size_t at = word.find('$');
    const bool argument =
        at != std::string_view::npos && at > 0 && at + 1 < word.size() && word[at - 1] == '/' &&
        (word.substr(at).starts_with("$1") || word.substr(at).starts_with("${1}"));
    return argument;
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
        report({Severity::kCritical, kInjection, "bash.network-shell",
                "a shell is connected to the network", "use a program that is meant for it"});
      }
    }
    const bool nc = !command.argv.empty() && (shell::base_name(command.argv[0]) == "nc" ||
                                              shell::base_name(command.argv[0]) == "ncat");
    if (nc && std::any_of(command.argv.begin(), command.argv.end(), [](const std::string& word) {
          return word == "-e" || word == "-c" || word == "--exec";
        })) {
      report({Severity::kCritical, kInjection, "bash.network-shell",
              "a shell is connected to the network", "use a program that is meant for it"});
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
  std::vector<std::string> fetched_;
  std::uint32_t line_ = 0;
  std::uint32_t line_of_ = 0;
  std::size_t at_ = 0;
};

}  // namespace

void look_at_bash(std::string_view text, std::uint32_t first_line, CodeReporter& reporter) {
  if (!reporter.begin_shell_text(first_line)) {
    return;
  }
  // A long script is read in parts that end between its functions.
  while (text.size() > kMaxPart) {
    std::size_t cut = text.substr(0, kMaxPart).rfind("\n\n");
    cut = cut == std::string_view::npos || cut == 0 ? text.substr(0, kMaxPart).rfind('\n') : cut;
    cut = cut == std::string_view::npos || cut == 0 ? kMaxPart : cut + 1;
    BashCheck(text.substr(0, cut), first_line, 0, reporter).run();
    first_line += static_cast<std::uint32_t>(
        std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(cut), '\n'));
    text.remove_prefix(cut);
  }
  BashCheck(text, first_line, 0, reporter).run();
}

}  // namespace oap::security
