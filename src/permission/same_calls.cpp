#include <algorithm>

#include "permission/git_calls.hpp"
#include "shell/name_set.hpp"
#include "shell/script.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

/// Verbs of git that publish, under other names.
constexpr std::string_view kPushes =
    " send-pack http-push remote-http remote-https lfs subtree flow ";

/// npm's commands; any beginning of one that is no other's means it, and some have other names.
constexpr std::string_view kNpmCommands =
    " access adduser audit bugs cache ci completion config dedupe deprecate diff dist-tag docs "
    "doctor edit exec explain "
    "explore find-dupes fund help hook init install link login logout ls org outdated owner pack "
    "ping pkg prefix profile "
    "prune publish query rebuild repo restart root run-script search set shrinkwrap star start "
    "stop team test token "
    "uninstall unpublish unstar update version view whoami ";
struct Alias {
  std::string_view program;
  std::string_view written;
  std::string_view meant;
};
constexpr Alias kAliases[] = {
    {"npm", "i", "install"},
    {"npm", "in", "install"},
    {"npm", "add", "install"},
    {"npm", "isntall", "install"},
    {"npm", "rm", "uninstall"},
    {"npm", "r", "uninstall"},
    {"npm", "un", "uninstall"},
    {"npm", "remove", "uninstall"},
    {"npm", "unlink", "uninstall"},
    {"npm", "run", "run-script"},
    {"npm", "run-script", "run"},
    {"npm", "rum", "run"},
    {"npm", "urn", "run"},
    {"npm", "x", "exec"},
    {"npm", "t", "test"},
    {"npm", "up", "update"},
    {"npm", "upgrade", "update"},
    {"npm", "create", "init"},
    {"npm", "install-clean", "ci"},
    {"npm", "clean-install", "ci"},
    {"npm", "ic", "ci"},
    {"npm", "c", "config"},
    {"npm", "author", "owner"},
    {"npm", "info", "view"},
    {"npm", "show", "view"},
    {"npm", "v", "view"},
    {"npm", "s", "search"},
    {"npm", "ln", "link"},
    {"npm", "add-user", "adduser"},
    {"npm", "list", "ls"},
    {"cargo", "b", "build"},
    {"cargo", "c", "check"},
    {"cargo", "r", "run"},
    {"cargo", "t", "test"},
    {"cargo", "d", "doc"},
    {"cargo", "rm", "remove"},
    {"svn", "ci", "commit"},
    {"svn", "co", "checkout"},
    {"svn", "up", "update"},
    {"svn", "del", "delete"},
    {"svn", "rm", "delete"},
    {"svn", "remove", "delete"},
    {"yarn", "i", "install"},
    {"pnpm", "i", "install"},
    {"pnpm", "rm", "remove"},
    {"pnpm", "un", "remove"},
    {"pnpm", "uninstall", "remove"},
    {"bun", "i", "install"},
    {"bun", "a", "add"},
    {"bun", "rm", "remove"},
    {"helm", "del", "uninstall"},
    {"helm", "delete", "uninstall"},
    {"helm", "un", "uninstall"},
    {"brew", "rm", "uninstall"},
};

}  // namespace

namespace {

/// The mode in digits without zeros in front; "" where it is not one that gives everything to all.
std::string mode_of(std::string_view written) {
  if (written.find_first_not_of("01234567") == std::string_view::npos) {
    const std::size_t zeros = written.find_first_not_of('0');
    return zeros == std::string_view::npos || zeros == 0 ? std::string()
                                                         : std::string(written.substr(zeros));
  }
  for (const std::string_view who : {"a", "ugo", "ugoa", ""}) {
    for (const std::string_view bits : {"rwx", "rxw", "wrx", "wxr", "xrw", "xwr"}) {
      if (written == std::string(who) + "+" + std::string(bits) ||
          written == std::string(who) + "=" + std::string(bits)) {
        return "777";
      }
    }
  }
  return {};
}

void add_chmod(const std::vector<std::string>& argv, std::vector<std::vector<std::string>>& out) {
  for (std::size_t i = 1; i < argv.size(); ++i) {
    if (argv[i].starts_with('-')) {
      continue;
    }
    if (std::string mode = mode_of(argv[i]); !mode.empty()) {
      out.push_back(argv);
      out.back().front() = "chmod";
      out.back()[i] = std::move(mode);
    }
    return;
  }
}

/// `git-push` is git's own program for `git push`.
void add_git_program(const std::vector<std::string>& argv, const std::string& program,
                     std::vector<std::vector<std::string>>& out) {
  std::vector<std::string> words = {"git", program.substr(4)};
  words.insert(words.end(), argv.begin() + 1, argv.end());
  out.push_back(std::move(words));
}

/// A push that overwrites by its words alone.
void add_forced_push(const std::vector<std::string>& argv, std::size_t verb,
                     std::vector<std::vector<std::string>>& out) {
  const bool forced =
      std::any_of(argv.begin() + static_cast<std::ptrdiff_t>(verb) + 1, argv.end(),
                  [](const std::string& word) {
                    return (word.size() > 1 && word[0] == '+') || word == "--mirror";
                  });
  if (forced) {
    std::vector<std::string> words = {"git", "push", "--force"};
    words.insert(words.end(), argv.begin() + static_cast<std::ptrdiff_t>(verb) + 1, argv.end());
    out.push_back(std::move(words));
  }
}

}  // namespace

std::vector<std::vector<std::string>> same_calls(const std::vector<std::string>& argv) {
  std::vector<std::vector<std::string>> out;
  static const shell::NameSet kPrograms(
      " git npm cargo svn yarn pnpm bun helm brew docker terraform tofu ");
  const std::string program(shell::base_name(argv.front()));
  if (program == "chmod") {
    add_chmod(argv, out);
  } else if (program.starts_with("git-") && program.size() > 4) {
    add_git_program(argv, program, out);
  }
  if (!kPrograms.contains(program)) {
    return out;
  }
  std::size_t verb = 1;
  while (verb < argv.size() && argv[verb].starts_with('-')) {
    ++verb;
  }
  if (verb >= argv.size()) {
    return out;
  }
  const auto add = [&](std::string_view meant, std::size_t from) {
    std::vector<std::string> words = {program, std::string(meant)};
    words.insert(words.end(), argv.begin() + static_cast<std::ptrdiff_t>(from), argv.end());
    out.push_back(std::move(words));
  };
  const std::string& written = argv[verb];
  if (program == "terraform" || program == "tofu") {
    const bool destroys = std::any_of(argv.begin(), argv.end(), [](const std::string& word) {
      return word == "-destroy" || word == "--destroy" || word == "-destroy=true";
    });
    if (written == "apply" && destroys) {
      add("destroy", verb + 1);
    }
    return out;
  }
  if (program == "cargo" && written.starts_with('+') && verb + 1 < argv.size()) {
    add(argv[verb + 1], verb + 2);
    return out;
  }
  if (program == "git") {
    if (written == "push") {
      add_forced_push(argv, verb, out);
    }
    const bool nested = written == "lfs" || written == "subtree" || written == "flow";
    const bool pushes =
        kPushes.find(" " + written + " ") != std::string_view::npos &&
        (!nested || std::any_of(argv.begin(), argv.end(), [](const std::string& word) {
          return word == "push" || word == "publish";
        }));
    if (pushes) {
      add("push", verb + 1);
    }
    return out;
  }
  for (const Alias& alias : kAliases) {
    if (alias.program == program && alias.written == written) {
      add(alias.meant, verb + 1);
    }
  }
  const bool runs = program != "git" && verb + 1 < argv.size() && argv[verb + 1] == "publish";
  if (runs && (written == "run" || written == "run-script" || written == "rum" ||
               written == "urn" || written == "stage" || written == "npm")) {
    add("publish", verb + 2);
    out.back().front() = "npm";  // the script of that name, a stage of it
  }
  if (written == "publish" && (program == "pnpm" || program == "yarn" || program == "bun")) {
    add("publish", verb + 1);
    out.back().front() = "npm";  // to npm's registry
  }
  if (program == "docker" && verb + 1 < argv.size() && written == "container") {
    add(argv[verb + 1], verb + 2);
  }
  if (program == "npm" && written.size() > 1) {
    for (const std::string_view command : text::split_words(kNpmCommands)) {
      if (command != written && command.starts_with(written)) {
        add(command, verb + 1);
      }
    }
  }
  return out;
}

}  // namespace oap::permission
