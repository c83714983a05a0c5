#include <algorithm>
#include <iterator>
#include <string_view>

#include <fmt/format.h>

#include "permission/builtin_policy.hpp"
#include "permission/paths.hpp"

namespace oap::permission {
namespace {

bool listed(std::string_view names, std::string_view name) {
  return !name.empty() && names.find(" " + std::string(name) + " ") != std::string_view::npos;
}

template <class Test>
bool any_word(const CommandFacet& command, Test test) {
  return std::any_of(command.argv.begin() + 1, command.argv.end(), test);
}

bool has_word(const CommandFacet& command, std::string_view words) {
  return any_word(command, [&](const std::string& word) { return listed(words, word); });
}

/// A single-dash group that holds one of the letters.
bool has_flag(const CommandFacet& command, std::string_view letters) {
  return any_word(command, [&](const std::string& word) {
    return word.size() > 1 && word[0] == '-' && word[1] != '-' &&
           word.find_first_of(letters) != std::string::npos;
  });
}

/// A program with verbs that matter, " verb verb "; "" where every call matters. A verb may be
/// written with a dash ("-S").
struct Verbs {
  std::string_view programs;
  std::string_view verbs;
};

bool is_among(const CommandFacet& command, const Verbs* first, const Verbs* last) {
  return std::any_of(first, last, [&](const Verbs& one) {
    return listed(one.programs, command.name) &&
           (one.verbs.empty() || has_word(command, one.verbs));
  });
}

constexpr Verbs kDestroys[] = {
    {" rm rmdir unlink shred dd srm wipe wipefs fdisk parted sfdisk sgdisk gdisk cfdisk mkswap "
     "trash "
     "trash-put rimraf blkdiscard hdparm lvremove vgremove pvremove mke2fs dropdb dropuser ",
     ""},
    {" find ", " -delete "},
    {" docker podman nerdctl ", " rm rmi prune kill down "},
    {" kubectl oc helm ", " delete uninstall drain "},
    {" terraform tofu pulumi vagrant cdk ", " destroy "},
    {" npm yarn pnpm cargo gem ", " unpublish yank "},
    {" rsync ",
     " --delete --delete-before --delete-after --delete-excluded --remove-source-files "},
    {" tar gtar ", " --remove-files "},
    {" zip ", " -m --move "},
    {" zfs zpool cryptsetup aws gcloud az gh ", " destroy erase rm rb delete purge "},
    {" git ",
     " reset clean rm filter-branch filter-repo prune update-ref reflog gc checkout restore "},
    {" redis-cli ", " FLUSHALL FLUSHDB flushall flushdb DEL del "},
};

constexpr Verbs kNetwork[] = {
    {" curl wget wget2 ssh slogin scp sftp rsync nc ncat netcat telnet ftp lftp tftp socat ping "
     "ping6 dig "
     "drill kdig nslookup host whois aria2c axel http https xh httpie curlie traceroute tracepath "
     "mtr nmap "
     "mosh autossh sshfs rclone s3cmd lynx w3m links elinks yt-dlp youtube-dl smbclient rsh rlogin "
     "gh glab "
     "hub aws gcloud az gsutil doctl heroku fly flyctl vercel netlify helm kubectl oc terraform "
     "tofu pulumi "
     "ansible ansible-playbook npx pnpx bunx uvx twine svn cvs apt apt-get aptitude yum dnf zypper "
     "pacman apk "
     "brew snap flatpak websocat grpcurl ngrok cloudflared tailscale arp-scan masscan nikto "
     "sqlmap ",
     ""},
    {" git ",
     " clone fetch pull push ls-remote submodule remote archive send-pack fetch-pack svn p4 "},
    {" hg bzr darcs ", " clone pull push incoming outgoing "},
    {" pip pip3 pipx pipenv poetry uv pdm hatch conda mamba micromamba easy_install ",
     " install download add update upgrade sync lock search publish tool upload wheel create run "},
    {" npm pnpm bun ",
     " install i ci add update upgrade up publish audit outdated exec x dlx view info search login "
     "create "
     "init unpublish ping "},
    {" cargo ", " install add update fetch publish search login yank owner generate-lockfile "},
    {" go ", " get install mod "},
    {" gem bundle bundler rbenv ", " install update add fetch push outdated "},
    {" composer mix rebar3 stack cabal opam luarocks nuget dotnet mvn gradle sbt lein ",
     " install require update upgrade add restore get deps.get fetch push publish deploy "},
    {" docker podman nerdctl skopeo crane buildah ",
     " pull push login build run search compose copy "},
    {" openssl ", " s_client s_server "},
    {" go-getter nix nix-env guix ", ""},
};

constexpr Verbs kAdministers[] = {
    {" sudo sudoedit su doas pkexec runuser systemctl service init telinit shutdown reboot halt "
     "poweroff apt "
     "apt-get aptitude dpkg yum dnf rpm zypper pacman yay paru apk brew port snap flatpak emerge "
     "xbps-install "
     "nix-env pkg pkg_add choco winget mount umount losetup swapon swapoff useradd usermod userdel "
     "adduser "
     "deluser addgroup delgroup groupadd groupmod groupdel passwd chpasswd chage chsh vipw visudo "
     "crontab "
     "iptables ip6tables nft ufw firewall-cmd sysctl modprobe insmod rmmod depmod chroot nsenter "
     "unshare "
     "launchctl hostnamectl timedatectl localectl loginctl machinectl update-alternatives "
     "dpkg-reconfigure "
     "update-grub grub-install kexec setcap setenforce semanage ifconfig route swapspace at batch "
     "update-rc.d chkconfig insserv systemd-run ",
     ""},
    {" ip ", " add del set flush change replace "},
    {" pip pip3 pipx easy_install gem conda mamba ", " install uninstall remove update upgrade "},
    {" npm pnpm yarn bun ",
     " install i ci add remove uninstall rm update upgrade up global -g --global link "},
    {" cargo go ", " install uninstall "},
    {" poetry uv pdm composer bundle luarocks opam ", " install add remove update sync require "},
};

bool force_pushes(const CommandFacet& command) {
  if (command.name != "git" || !has_word(command, " push ")) {
    return false;
  }
  return has_flag(command, "fd") || any_word(command, [](const std::string& word) {
           return word.starts_with('+') || word.starts_with(':') || word.starts_with("--force") ||
                  word.starts_with("--mir") || word.starts_with("--del") ||
                  word.starts_with("--pru");
         });
}

bool is_destructive(const CommandFacet& command) {
  if (command.name.starts_with("mkfs") || force_pushes(command) ||
      is_among(command, std::begin(kDestroys), std::end(kDestroys))) {
    return true;
  }
  if (command.name == "truncate") {
    return true;
  }
  return command.name == "git" &&
         ((has_word(command, " branch tag ") &&
           (has_flag(command, "dD") || has_word(command, " --delete "))) ||
          (has_word(command, " stash ") && has_word(command, " drop clear pop ")) ||
          (has_word(command, " worktree remote submodule ") &&
           has_word(command, " remove rm prune deinit ")));
}

/// `python -m pip install`, `yarn` on its own.
bool installs_otherwise(const CommandFacet& command) {
  return (command.name.starts_with("python") && has_word(command, " pip ")) ||
         (command.name == "yarn" &&
          (command.argv.size() == 1 ||
           has_word(command, " install add upgrade up publish dlx create global ")));
}

bool uses_network(const CommandFacet& command) {
  return is_among(command, std::begin(kNetwork), std::end(kNetwork)) ||
         installs_otherwise(command) ||
         (command.name.starts_with("python") && has_word(command, " http.server "));
}

bool administers(const CommandFacet& command) {
  return is_among(command, std::begin(kAdministers), std::end(kAdministers)) ||
         installs_otherwise(command) || command.name.starts_with("mkfs");
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
    if (network && !facets.server.empty()) {
      return fmt::format("the server {} has network access", facets.server);
    }
    const auto socket = [](const PathFacet& path) {
      return path.lexical.starts_with("/dev/tcp/") || path.lexical.starts_with("/dev/udp/");
    };
    return either(first_path(facets, socket, "is a network connection"),
                  first_command(facets, uses_network, "uses the network"));
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
