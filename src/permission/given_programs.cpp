#include "permission/given_programs.hpp"

#include "text/strings.hpp"

namespace oap::permission {
namespace {

bool archiver(const Words& words) {
  if (words.is({"tar", "gtar", "bsdtar"})) {
    const bool bundled = words.size() > 1 && !words[1].starts_with('-') &&
                         words[1].find_first_of("IF") != std::string_view::npos;
    return bundled || words.any_short("IFT") || words.any_prefix({"--files-f"});
  }
  if (words.is({"rsync"})) {
    return words.any_short("eM") || words.any_prefix({"--daemon", "--config"});
  }
  if (words.is({"scp", "sftp"})) {
    return words.any_short("oSDFb");
  }
  return words.is({"cpio", "pax"}) && words.any_prefix({"--rsh", "--to-"});
}

/// A database's shell: its own commands, server-side programs, or queries from its input.
bool queries_run_programs(const Words& words) {
  if (words.any_word({"--version", "--help", "-V", "-version"})) {
    return false;
  }
  const bool lite = words.is({"sqlite3"});
  const bool given =
      lite ? words.first_operand() != 0 && words.first_operand() + 1 < words.size()
           : words.any_short("cel") || words.any_prefix({"--command", "--execute", "--list"});
  bool special =
      words.any_dynamic() || words.any_short("f") || words.any_prefix({"-init", "-cmd", "--file"});
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string lower = text::lower_ascii(words[i]);
    for (const std::string_view mark :
         {"\\", ".sh", ".sy", ".once", ".out", ".imp", ".load", ".read", "|", "program", "load_ext",
          "writefile", "readfile", "edit(", "system", "source"}) {
      special = special || lower.find(mark) != std::string::npos;
    }
  }
  return special || !given;
}

/// Options of a remote shell that run something here.
bool connects_through(const Words& words) {
  return words.is({"ssh", "slogin", "autossh", "mosh"}) &&
         (words.any_part("ProxyCommand") || words.any_part("LocalCommand") ||
          words.any_part("HostsCommand") || words.any_part("proxycommand") ||
          words.any_part("localcommand"));
}

/// Our own program, where it changes what may be done.
bool changes_rules(const Words& words) {
  return words.is({"oap"}) && words.any_word({"trust", "set", "approve", "deny", "run", "serve",
                                              "add", "remove", "call", "login"});
}

/// `npm config set script-shell x`: what later calls will run.
bool sets_package_setting(const Words& words) {
  const bool sets = words.any_word({"config", "c", "set"}) && words.any_word({"set", "edit"});
  if (!sets) {
    return false;
  }
  for (const std::string_view name :
       {"shell", "node-options", "node_options", "editor", "viewer", "init-module", "userconfig",
        "globalconfig", "prefix", "browser", "git", "yarnPath", "plugins"}) {
    if (words.any_part(name)) {
      return true;
    }
  }
  return words.any_word({"edit"});
}

/// Programs with an option, or a word, that names another program.
bool names_program(const Words& words) {
  if (connects_through(words) || changes_rules(words)) {
    return true;
  }
  if (words.is({"man", "less", "more", "most", "apropos", "whatis", "git-help"})) {
    return words.any_short(words.is({"less", "more"}) ? "PHko+" : "PHC") ||
           words.any_prefix({"+", "--htm", "--pa", "--conf", "--lesskey"});
  }
  if (words.is({"help", "info"})) {
    return words.any_short("fo") || words.any_prefix({"--res", "--out", "--fi"});
  }
  if (words.is({"find"})) {
    return words.any_word({"-fls", "-fprint", "-fprint0", "-fprintf"});
  }
  if (words.is({"wget"})) {
    return words.any_short("e") || words.any_prefix({"--conf"});
  }
  if (words.is({"curl"})) {
    return words.any_short("K") || words.any_prefix({"--conf", "--lib", "--engine"});
  }
  if (words.is({"nc", "ncat", "netcat"})) {
    return words.any_short("ec") || words.any_prefix({"--exec", "--sh-e", "--lua"});
  }
  if (words.is({"dc", "m4", "ftp", "telnet", "gnuplot"})) {
    return !words.any_word({"--version", "--help", "-V"});
  }
  if (words.is({"sqlite3", "psql", "mysql", "mariadb"})) {
    return queries_run_programs(words);
  }
  if (words.is({"ssh-keygen", "ssh-add", "openssl"})) {
    return (words.is({"ssh-keygen"}) && words.any_short("D")) ||
           (words.is({"ssh-add"}) && words.any_short("s"));
  }
  if (words.is({"journalctl", "systemctl", "bat", "batcat", "delta"})) {
    return words.any_prefix({"--edit"}) || words.any_word({"edit"});
  }
  if (words.is({"npm", "pnpm", "yarn"})) {
    return sets_package_setting(words);
  }
  if (words.is({"direnv"})) {
    return words.any_word({"allow", "permit", "grant"});
  }
  return words.is(
      {"crontab", "at", "batch", "parallel", "sem", "logrotate", "anacron", "run-parts"});
}

bool edits(const Words& words) {
  if (words.is({"vi", "vim", "nvim", "view", "vimdiff", "rvim", "gvim", "ex", "emacs",
                "emacsclient", "nano", "pico", "joe", "micro", "kak", "hx", "ed", "red"})) {
    return words.is({"ex", "ed", "red"}) || words.any_short("ceEsSlfu") ||
           words.any_prefix({"+", "--cmd", "--ev", "--ba", "--sc", "--lo", "--fu", "--ex", "--sp"});
  }
  return false;
}

}  // namespace

bool is_given_program(const Words& words) {
  return archiver(words) || builds_with_program(words) || names_program(words) || edits(words);
}

}  // namespace oap::permission
