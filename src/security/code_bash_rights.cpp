#include "security/code_bash.hpp"
#include "security/code_rules.hpp"
#include "shell/script.hpp"

namespace oap::security {
namespace {

using shell::SimpleCommand;
using Report = std::function<void(const Danger&)>;

/// The mode that the command gives: chmod's operands, `install -m 4755`, `mkdir --mode=777`.
bool gives_open_mode(const SimpleCommand& command, std::string_view program) {
  const auto& argv = command.argv;
  const bool chmod = program == "chmod";
  if (!chmod && program != "install" && program != "mkdir") {
    return false;
  }
  for (std::size_t i = 1; i < argv.size(); ++i) {
    std::string_view word = argv[i];
    if (!chmod) {
      const bool next = (word == "-m" || word == "--mode") && i + 1 < argv.size();
      word = next                          ? std::string_view(argv[i + 1])
             : word.starts_with("--mode=") ? word.substr(7)
             : word.starts_with("-m")      ? word.substr(2)
                                           : std::string_view();
    }
    if (!word.starts_with('-') && is_open_mode(word)) {
      return true;
    }
  }
  return false;
}

/// The command changes what only the system's administrator may.
bool uses_powers(const SimpleCommand& command, std::string_view program) {
  const auto& argv = command.argv;
  const auto has = [&](std::string_view word) {
    return std::find(argv.begin() + 1, argv.end(), word) != argv.end();
  };
  const auto any = [&](auto test) { return std::any_of(argv.begin() + 1, argv.end(), test); };
  static constexpr std::string_view kPowers[] = {"setcap",   "insmod",    "modprobe", "kexec",
                                                 "nsenter",  "visudo",    "chroot",   "debugfs",
                                                 "chpasswd", "pivot_root"};
  if (is_any(program, kPowers) ||
      (program == "setenforce" && (has("0") || has("Permissive") || has("permissive")))) {
    return true;
  }
  const auto operands = std::count_if(
      argv.begin() + 1, argv.end(), [](const std::string& word) { return !word.starts_with('-'); });
  if (program == "mount") {
    return operands >= 2;
  }
  if (program == "passwd") {
    return has("root") || has("-d") || has("--delete");
  }
  if (program == "unshare") {
    return has("-r") || any([](const std::string& word) { return word.starts_with("--map-"); });
  }
  return program == "sysctl" && (has("-w") || has("--write") || any([](const std::string& word) {
                                   return word.find('=') != std::string::npos;
                                 }));
}

bool joins_root(const SimpleCommand& command, std::string_view program) {
  static constexpr std::string_view kPrograms[] = {"usermod", "gpasswd", "adduser", "useradd"};
  return is_any(program, kPrograms) &&
         std::any_of(command.argv.begin() + 1, command.argv.end(), [](const std::string& word) {
           return word == "wheel" || word == "docker" || word == "root" || word == "0" ||
                  word.find("sudo") != std::string::npos;
         });
}

/// `-v /:/host`, `--mount source=/,…`, the folders that hold the system's own files.
bool mounts_system(std::string_view word) {
  static constexpr std::string_view kFolders[] = {
      "/:", "/etc:", "/root:", "/proc:", "/sys:", "/dev:", "/boot:", "/usr:", "/lib:", "/var/run:"};
  const std::size_t option = word.starts_with("-v") ? 2 : word.starts_with("--volume=") ? 9 : 0;
  const std::string_view folder = word.substr(option);
  return word.find("docker.sock") != std::string_view::npos ||
         word.find("source=/,") != std::string_view::npos ||
         std::any_of(std::begin(kFolders), std::end(kFolders),
                     [&](std::string_view one) { return folder.starts_with(one); });
}

void look_at_container(const SimpleCommand& command, std::string_view program,
                       const Report& report) {
  static constexpr std::string_view kEngines[] = {"docker", "podman", "nerdctl"};
  static constexpr std::string_view kPowers[] = {
      "--privileged",         "--pid=host",           "--userns=host",
      "--ipc=host",           "--cap-add=ALL",        "--cap-add=SYS_ADMIN",
      "--cap-add=SYS_PTRACE", "--cap-add=SYS_MODULE", "--security-opt=seccomp=unconfined",
      "seccomp=unconfined",   "apparmor=unconfined"};
  if (!is_any(program, kEngines)) {
    return;
  }
  for (std::size_t i = 1; i < command.argv.size(); ++i) {
    const std::string& word = command.argv[i];
    const std::string both = command.argv[i - 1] + "=" + word;
    if (is_any(word, kPowers) || is_any(both, kPowers) || mounts_system(word)) {
      report({Severity::kHigh, kPrivilege, "bash.container", "the container gets the host's powers",
              "give the single capability or path that it needs"});
      return;
    }
  }
}

}  // namespace

void bash_rights(const SimpleCommand& command, std::string_view program, const Report& report) {
  const auto& argv = command.argv;
  if (gives_open_mode(command, program)) {
    report({Severity::kHigh, kPrivilege, "bash.chmod",
            "a file becomes writable for everyone, or setuid",
            "give the narrowest mode, e.g. 600 or u+x"});
  }
  static constexpr std::string_view kRoot[] = {"sudo", "doas", "su", "pkexec", "runuser"};
  static constexpr std::string_view kAsks[] = {"-v", "--version", "-V"};
  if (is_any(program, kRoot) && !(argv.size() == 2 && is_any(argv[1], kAsks))) {
    report({Severity::kHigh, kPrivilege, "bash.root", "the command runs as another user",
            "run without it, or let a person run this part"});
  }
  if (uses_powers(command, program)) {
    report({Severity::kHigh, kPrivilege, "bash.powers",
            "the command gives or uses powers of the system",
            "leave it to the system's administrator"});
  }
  if (joins_root(command, program)) {
    report({Severity::kHigh, kPrivilege, "bash.groups",
            "an account joins a group that is as good as root",
            "leave it to the system's administrator"});
  }
  if (program == "chown" && argv.size() > 2 &&
      (argv[1] == "root" || argv[1].starts_with("root:") || argv[1] == "0" || argv[1] == "0:0")) {
    report(
        {Severity::kMedium, kPrivilege, "bash.chown", "a file is given to root", "keep its owner"});
  }
  const bool flushes = std::any_of(argv.begin(), argv.end(), [](const std::string& word) {
    return word == "-F" || word == "--flush";
  });
  if ((program == "iptables" && flushes) ||
      (program == "ufw" && argv.size() > 1 && argv[1] == "disable")) {
    report({Severity::kHigh, kPrivilege, "bash.firewall", "the firewall's rules are removed",
            "change single rules"});
  }
  const bool rule = std::any_of(argv.begin(), argv.end(), [](const std::string& word) {
    return word.find("NOPASSWD") != std::string::npos;
  });
  if (rule && program != "grep") {
    report({Severity::kCritical, kPrivilege, "bash.nopasswd",
            "a rule is made that gives root without a password",
            "leave sudoers to the system's administrator"});
  }
  look_at_container(command, program, report);
}

}  // namespace oap::security
