#include <algorithm>

#include "security/code_rules.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

template <std::size_t N>
bool contains_any(std::string_view text, const std::string_view (&parts)[N]) {
  return std::any_of(std::begin(parts), std::end(parts), [&](std::string_view part) {
    return text.find(part) != std::string_view::npos;
  });
}

}  // namespace

bool is_credential_path(std::string_view path) {
  static constexpr std::string_view kParts[] = {"/etc/shadow",
                                                "/etc/passwd",
                                                "/etc/gshadow",
                                                "/etc/sudoers",
                                                ".ssh/id_",
                                                ".ssh/authorized_keys",
                                                ".aws/credentials",
                                                ".kube/config",
                                                ".docker/config.json",
                                                ".netrc",
                                                ".pgpass",
                                                ".gnupg/",
                                                ".config/gcloud",
                                                ".azure/",
                                                ".git-credentials",
                                                "/proc/self/environ",
                                                "/proc/1/environ",
                                                "/root/.ssh",
                                                "/var/run/secrets/kubernetes.io"};
  return contains_any(path, kParts);
}

bool climbs_out(std::string_view path) {
  std::size_t climbs = 0;
  for (std::size_t at = path.find(".."); at != std::string_view::npos;
       at = path.find("..", at + 2)) {
    const char next = at + 2 < path.size() ? path[at + 2] : '\0';
    climbs += next == '/' || next == '\\' ? 1 : 0;
  }
  static constexpr std::string_view kTargets[] = {"etc/",  "windows", "Windows", "proc/",
                                                  "root/", "home/",   "var/log", "boot.ini"};
  return climbs >= 2 && contains_any(path, kTargets);
}

bool is_privilege_path(std::string_view path) {
  static constexpr std::string_view kParts[] = {
      "/etc/sudoers",       "/etc/passwd",          "/etc/shadow",
      "/etc/cron",          "/var/spool/cron",      "authorized_keys",
      "/etc/ld.so.preload", "/etc/pam.d",           "/etc/systemd/system",
      "/etc/profile",       "/etc/rc.local",        "/etc/init.d",
      "/proc/sys/",         "/etc/ssh/sshd_config", "/sys/fs/cgroup/release_agent"};
  return contains_any(path, kParts);
}

bool is_open_mode(std::string_view mode) {
  while (mode.starts_with("0o") || (mode.size() > 3 && mode.starts_with("0"))) {
    mode.remove_prefix(mode.starts_with("0o") ? 2 : 1);
  }
  const bool digits = !mode.empty() && mode.find_first_not_of("01234567") == std::string_view::npos;
  if (digits) {
    const bool special = mode.size() == 4 && (mode[0] - '0' & 6) != 0;
    return special || (mode.size() >= 3 && (mode.back() - '0' & 2) != 0);
  }
  if (mode.find('s') != std::string_view::npos && mode.find('+') != std::string_view::npos) {
    return mode.find("+s") != std::string_view::npos || mode.ends_with('s');
  }
  const std::size_t plus = mode.find_first_of("+=");
  if (plus == std::string_view::npos) {
    return false;
  }
  const std::string_view who = mode.substr(0, plus);
  const bool everyone = who.empty() || who.find_first_of("ao") != std::string_view::npos;
  return everyone && mode.substr(plus).find('w') != std::string_view::npos;
}

bool is_open_mode(TokenSpan mode) {
  static constexpr std::string_view kBits[] = {"S_ISUID", "S_ISGID", "S_IWOTH", "S_IRWXO"};
  const bool removes =
      std::any_of(mode.begin(), mode.end(), [](const CodeToken& token) { return token.is("~"); });
  return !removes && std::any_of(mode.begin(), mode.end(), [](const CodeToken& token) {
    const bool literal = token.kind == CodeToken::Kind::kNumber || token.is_string();
    return (literal && (is_open_mode(token.text) || token.text == "511")) ||
           (token.is_name() && is_any(token.text, kBits));
  });
}

bool begins_sql(std::string_view text) {
  const std::string_view trimmed = text::trim(text);
  static constexpr std::string_view kWords[] = {
      "select ",       "insert into ", "update ", "delete from ", "drop ", "alter ",
      "replace into ", "exec ",        "create ", "truncate ",    "grant "};
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [&](std::string_view word) { return text::starts_with_ci(trimmed, word); });
}

bool is_sql(std::string_view text) {
  const std::string lower = text::lower_ascii(text::trim(text));
  const auto holds = [&](std::string_view word) { return lower.find(word) != std::string::npos; };
  return (lower.starts_with("select ") && holds(" from ")) ||
         (lower.starts_with("update ") && holds(" set ")) ||
         (lower.starts_with("delete from ") && holds(" where ")) ||
         lower.starts_with("insert into ") || lower.starts_with("replace into ") ||
         lower.starts_with("drop table ") || lower.starts_with("alter table ");
}

bool names_shell(std::string_view program) {
  static constexpr std::string_view kShells[] = {"sh",  "bash", "zsh",        "dash", "ksh",
                                                 "ash", "cmd",  "powershell", "pwsh", "fish"};
  const std::size_t slash = program.find_last_of("/\\");
  program = program.substr(slash == std::string_view::npos ? 0 : slash + 1);
  program.remove_suffix(program.ends_with(".exe") ? 4 : 0);
  return is_any(program, kShells);
}

}  // namespace oap::security
