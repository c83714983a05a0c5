#include <algorithm>
#include <initializer_list>

#include <fmt/format.h>

#include "permission/builtin_policy.hpp"
#include "permission/paths.hpp"

namespace oap::permission {
namespace {

bool one_of(std::string_view word, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool has_word(const CommandFacet& command, std::initializer_list<std::string_view> words) {
  return std::any_of(command.argv.begin() + 1, command.argv.end(),
                     [&](const std::string& word) { return one_of(word, words); });
}

/// A single-dash group that holds one of the letters.
bool has_flag(const CommandFacet& command, std::string_view letters) {
  return std::any_of(command.argv.begin() + 1, command.argv.end(), [&](const std::string& word) {
    return word.size() > 1 && word[0] == '-' && word[1] != '-' &&
           word.find_first_of(letters) != std::string::npos;
  });
}

bool is_destructive(const CommandFacet& command) {
  if (one_of(command.name, {"rm", "rmdir", "unlink", "shred", "dd", "srm", "wipe", "wipefs",
                            "fdisk", "parted", "sfdisk", "mkswap"}) ||
      command.name.starts_with("mkfs")) {
    return true;
  }
  if (command.name == "find") {
    return has_word(command, {"-delete"});
  }
  if (command.name != "git") {
    return false;
  }
  const bool forced = has_flag(command, "f") ||
                      has_word(command, {"--force", "--force-with-lease", "--mirror", "--delete"});
  return has_word(command, {"reset", "clean"}) || (has_word(command, {"push"}) && forced);
}

bool uses_network(const CommandFacet& command) {
  if (one_of(command.name,
             {"curl",     "wget",   "ssh",    "scp",    "sftp",  "rsync", "nc",
              "ncat",     "netcat", "telnet", "ftp",    "socat", "ping",  "dig",
              "nslookup", "host",   "whois",  "aria2c", "http",  "https", "traceroute"})) {
    return true;
  }
  return command.name == "git" &&
         has_word(command, {"clone", "fetch", "pull", "push", "ls-remote", "submodule"});
}

bool administers(const CommandFacet& command) {
  return one_of(command.name,
                {"sudo",     "su",      "doas",     "pkexec",   "systemctl", "service", "init",
                 "shutdown", "reboot",  "halt",     "poweroff", "apt",       "apt-get", "aptitude",
                 "dpkg",     "yum",     "dnf",      "rpm",      "zypper",    "pacman",  "apk",
                 "brew",     "snap",    "flatpak",  "emerge",   "mount",     "umount",  "useradd",
                 "usermod",  "userdel", "adduser",  "deluser",  "groupadd",  "passwd",  "chpasswd",
                 "visudo",   "crontab", "iptables", "nft",      "ufw",       "sysctl",  "modprobe",
                 "insmod",   "rmmod",   "chroot",   "nsenter",  "launchctl"});
}

template <class Test>
std::string first_command(const Facets& facets, Test test, std::string_view why) {
  for (const CommandFacet& command : facets.commands) {
    if (test(command)) {
      return fmt::format("{} {}", command.name, why);
    }
  }
  return {};
}

template <class Test>
std::string first_path(const Facets& facets, Test test, std::string_view why) {
  for (const PathFacet& path : facets.paths) {
    if (test(path)) {
      return fmt::format("{} {}", path.shown.empty() ? path.canonical : path.shown, why);
    }
  }
  return {};
}

std::string either(std::string first, std::string second) {
  return first.empty() ? std::move(second) : std::move(first);
}

}  // namespace

const std::vector<std::string>& approval_categories() {
  static const std::vector<std::string> kCategories = {
      "destructive_operations", "external_network_access", "sensitive_file_access",
      "system_administration"};
  return kCategories;
}

std::string in_category(const std::string& category, const Facets& facets,
                        const std::vector<std::string>& network_servers) {
  if (category == "destructive_operations") {
    const auto deletes = [](const PathFacet& path) { return path.access == Action::kDelete; };
    return either(first_path(facets, deletes, "is deleted"),
                  first_command(facets, is_destructive, "destroys data"));
  }
  if (category == "external_network_access") {
    const bool network = std::find(network_servers.begin(), network_servers.end(), facets.server) !=
                         network_servers.end();
    return network && !facets.server.empty()
               ? fmt::format("the server {} has network access", facets.server)
               : first_command(facets, uses_network, "uses the network");
  }
  if (category == "sensitive_file_access") {
    return first_path(facets, is_sensitive, "may hold credentials");
  }
  if (category == "system_administration") {
    const auto outside = [](const PathFacet& path) { return !path.inside && path.exact; };
    return either(first_path(facets, outside, "is outside the workspace"),
                  first_command(facets, administers, "administers the system"));
  }
  return {};
}

}  // namespace oap::permission
