#include <algorithm>

#include "security/code_bash.hpp"
#include "security/code_rules.hpp"
#include "security/secret_checks.hpp"
#include "shell/parse.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

using shell::SimpleCommand;
using shell::WordKind;

/// Quoted for the other shell: `${x@Q}`, `$(printf %q "$x")`.
bool is_quoted_again(std::string_view word) {
  return word.find("@Q}") != std::string_view::npos || word.find("%q") != std::string_view::npos;
}

/// `ssh host "rm -rf $dir"`: the place of the first word of the other machine's command.
std::size_t remote_command(const std::vector<std::string>& argv) {
  constexpr std::string_view kWithValue = "bcDEeFIiJLlmOopQRSWw";
  std::size_t i = 1;
  for (; i < argv.size() && argv[i].starts_with('-'); ++i) {
    i += argv[i].size() == 2 && kWithValue.find(argv[i][1]) != std::string_view::npos ? 1 : 0;
  }
  return i + 1;
}

bool is_system_folder(std::string_view path) {
  static constexpr std::string_view kFolders[] = {"/",    "/etc",  "/usr",  "/bin",
                                                  "/lib", "/sbin", "/root", "/usr/bin"};
  return is_any(path, kFolders);
}

/// `tar xf a -C /`, `unzip a -d /`.
bool unpacks_over_system(const SimpleCommand& command, std::string_view program) {
  const auto& argv = command.argv;
  const bool tar = program == "tar" || program == "bsdtar";
  if (!tar && program != "unzip" && program != "7z") {
    return false;
  }
  bool unpacks = !tar;
  bool over = false;
  for (std::size_t i = 1; i < argv.size(); ++i) {
    const std::string_view word = argv[i];
    unpacks = unpacks || word == "--extract" || word == "--get" ||
              (i == 1 && !word.starts_with("--") && word.find('x') != std::string_view::npos) ||
              (word.starts_with('-') && !word.starts_with("--") &&
               word.find('x') != std::string_view::npos);
    const bool next = i + 1 < argv.size();
    over = over || ((word == "-C" || word == "-d") && next && is_system_folder(argv[i + 1])) ||
           (word.starts_with("--directory=") && is_system_folder(word.substr(12))) ||
           (tar && (word == "-P" || word == "--absolute-names"));
  }
  return unpacks && over;
}

}  // namespace

bool holds_parameter(std::string_view word) {
  for (std::size_t at = word.find('$', 1); at != std::string_view::npos && at + 1 < word.size();
       at = word.find('$', at + 1)) {
    const std::size_t name = at + (word[at + 1] == '{' ? 2 : 1);
    if (word[at - 1] == '/' && name < word.size() && word[name] >= '1' && word[name] <= '9') {
      return true;
    }
  }
  return false;
}

bool holds_secret(std::string_view word) {
  for (std::size_t at = word.find('$'); at != std::string_view::npos; at = word.find('$', at + 1)) {
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

void bash_arguments(const SimpleCommand& command, std::string_view program,
                    const std::function<void(const Danger&)>& report) {
  const auto& argv = command.argv;
  if (program == "ssh" || program == "sshpass" || program == "autossh") {
    const auto ssh = std::find_if(argv.begin(), argv.end(), [](const std::string& word) {
      return shell::base_name(word) == "ssh" || shell::base_name(word) == "autossh";
    });
    const auto skipped = static_cast<std::size_t>(ssh - argv.begin());
    const std::vector<std::string> own(ssh, argv.end());
    for (std::size_t i = remote_command(own) + skipped; i < argv.size(); ++i) {
      if (command.kinds[i] == WordKind::kDynamic && !is_quoted_again(argv[i])) {
        report({Severity::kHigh, kInjection, "bash.remote-shell",
                "a shell of another machine runs text that is not a constant",
                "quote the value for it: ssh host \"rm -rf ${dir@Q}\""});
        break;
      }
    }
  }
  static constexpr std::string_view kDatabases[] = {"mysql",   "mariadb", "psql",
                                                    "sqlite3", "sqlcmd",  "clickhouse-client"};
  for (std::size_t i = 1; is_any(program, kDatabases) && i < argv.size(); ++i) {
    std::string_view text = argv[i];
    text = text.substr(std::min(text.find_first_not_of("\"'"), text.size()));
    if (command.kinds[i] == WordKind::kDynamic && begins_sql(text)) {
      report({Severity::kHigh, kInjection, "bash.sql",
              "an SQL statement is put together from values",
              "pass the values as variables of the client, e.g. psql -v id=…"});
      break;
    }
  }
  static constexpr std::string_view kSenders[] = {"curl", "wget"};
  for (std::size_t i = 1; is_any(program, kSenders) && i < argv.size(); ++i) {
    const std::size_t scheme = argv[i].find("://");
    if (scheme < 8 && command.kinds[i] == WordKind::kDynamic &&
        holds_secret(argv[i].substr(scheme))) {
      report({Severity::kHigh, kExposure, "bash.secret-in-address",
              "a secret is part of an address, which servers and proxies log",
              "send it in a header"});
      break;
    }
  }
  if (unpacks_over_system(command, program)) {
    report({Severity::kHigh, kTraversal, "bash.extract",
            "an archive is unpacked over the system's own files",
            "unpack it into a folder of its own, and copy what is needed"});
  }
  for (std::size_t i = 1; program == "rm" && i < argv.size(); ++i) {
    if (command.kinds[i] == WordKind::kDynamic && holds_parameter(argv[i])) {
      report({Severity::kHigh, kTraversal, "bash.tainted-path",
              "a path is made from what came from outside",
              "resolve it with realpath and check that it stays inside its folder"});
      break;
    }
  }
}

}  // namespace oap::security
