#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "security/role_guard.hpp"
#include "shell/parse.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

using shell::SimpleCommand;
using shell::WordKind;

bool one_of(std::string_view word, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

constexpr std::array<std::string_view, 16> kSystemDirectories = {
    "/bin",  "/boot", "/dev",  "/etc", "/home", "/lib", "/lib64", "/opt",
    "/proc", "/root", "/sbin", "/sys", "/usr",  "/var", "/Users", "/System"};

bool is_wild(std::string_view text) { return text.find_first_of("*?[") != std::string_view::npos; }

/// A path by its text alone: "." and ".." resolved, "//" joined; relative ones stay relative.
std::string normal(std::string_view path) {
  std::vector<std::string_view> parts;
  for (const std::string_view part : text::split(path, '/')) {
    if (part == "..") {
      if (!parts.empty() && parts.back() != "..") {
        parts.pop_back();
      } else if (!path.starts_with('/')) {
        parts.push_back(part);
      }
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  return (path.starts_with('/') ? "/" : "") + text::join(parts, "/");
}

/// "$HOME/x" → "~/x"; other texts stay.
std::string home_as_tilde(const std::string& text, WordKind kind) {
  if (kind != WordKind::kDynamic) {
    return text;
  }
  if (text.starts_with("$HOME") && (text.size() == 5 || text[5] == '/')) {
    return "~" + text.substr(5);
  }
  const std::size_t close = text.find('}');
  if (text.starts_with("${HOME") && close != std::string::npos &&
      (close == 6 || one_of(std::string_view(text).substr(6, 1), {":", "%", "-", "?"}))) {
    return "~" + text.substr(close + 1);
  }
  return text;
}

/// The root, a directory of the system, the home directory, or all that is in one of them.
bool is_vital(const std::string& word, WordKind kind, bool in_vital_directory) {
  std::string path = home_as_tilde(word, kind);
  const bool tilde = path.starts_with('~') && kind != WordKind::kStatic;
  if (tilde) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string rest = normal(std::string_view(path).substr(slash));
    return rest == "/" || rest.empty() || (rest.size() > 1 && is_wild(rest.substr(0, 3)));
  }
  path = normal(path);
  if (!path.starts_with('/')) {
    const bool everything =
        path.empty() || path == ".." || (kind == WordKind::kGlob && is_wild(path.substr(0, 1)));
    return in_vital_directory && (everything || path.find_first_not_of("./*") == std::string::npos);
  }
  const bool wild = kind != WordKind::kStatic;
  const std::size_t second = path.find('/', 1);
  const std::string first = path.substr(0, second);
  if (path == "/" || (wild && is_wild(first))) {
    return true;
  }
  const bool whole = second == std::string::npos ||
                     (wild && path.substr(second).find_first_not_of("/*.?") == std::string::npos);
  return whole && std::find(kSystemDirectories.begin(), kSystemDirectories.end(), first) !=
                      kSystemDirectories.end();
}

bool is_block_device(std::string_view path) {
  const std::string plain = normal(path);
  for (const std::string_view prefix :
       {"/dev/sd", "/dev/hd", "/dev/vd", "/dev/xvd", "/dev/nvme", "/dev/mmcblk", "/dev/disk",
        "/dev/rdisk", "/dev/mapper/", "/dev/md", "/dev/dm-", "/dev/nbd", "/dev/ram"}) {
    if (plain.starts_with(prefix) && plain.size() > prefix.size()) {
      return true;
    }
  }
  return false;
}

bool has_flag(const SimpleCommand& command, std::string_view letters, std::string_view name) {
  return std::any_of(command.argv.begin() + 1, command.argv.end(), [&](const std::string& word) {
    const bool group = word.size() > 1 && word[0] == '-' && word[1] != '-';
    const bool abbreviated = word.size() > 4 && name.starts_with(word);
    return abbreviated || (group && word.find_first_of(letters) != std::string::npos);
  });
}

class Judge {
 public:
  explicit Judge(std::string_view source) : source_(source), script_(shell::parse(source)) {}

  RoleVerdict judge() {
    RoleVerdict verdict = judge_known();
    if (verdict.allowed && script_.over_limit) {
      return {false, "never:over-limit",
              "the command is too long or too deep to be judged; give it in smaller parts"};
    }
    return verdict;
  }

 private:
  RoleVerdict judge_known() {
    if (is_fork_bomb()) {
      return {false, "never:fork-bomb", "the command starts copies of itself without end"};
    }
    for (const SimpleCommand& command : script_.commands) {
      for (const shell::Redirect& redirect : command.redirects) {
        const bool reads = one_of_kind(redirect.kind);
        if (!reads && is_block_device(redirect.target)) {
          return overwrites(redirect.target);
        }
      }
      if (!command.argv.empty()) {
        if (RoleVerdict verdict = judge_call(command); !verdict.allowed) {
          return verdict;
        }
      }
    }
    return {};
  }

  static bool one_of_kind(shell::Redirect::Kind kind) {
    return kind == shell::Redirect::Kind::kRead || kind == shell::Redirect::Kind::kHereDocument ||
           kind == shell::Redirect::Kind::kHereString || kind == shell::Redirect::Kind::kDuplicate;
  }

  static RoleVerdict overwrites(std::string_view device) {
    return {false, "never:block-device",
            fmt::format("{} is a block device; writing to it destroys it", device)};
  }

  static RoleVerdict deletes(std::string_view what) {
    return {false, "never:root-deletion",
            fmt::format("deleting {} destroys the system or the home directory", what)};
  }

  RoleVerdict judge_call(const SimpleCommand& command) {
    const std::string_view program = shell::base_name(command.argv.front());
    if (program == "cd" || program == "pushd") {
      in_vital_ = command.argv.size() == 1 ||
                  is_vital(command.argv.back(), command.kinds.back(), in_vital_);
      return {};
    }
    if (program == "rm") {
      return judge_rm(command);
    }
    if (program == "find") {
      return judge_find(command);
    }
    const bool formats =
        program.starts_with("mkfs") || one_of(program, {"mke2fs", "mkswap", "wipefs", "blkdiscard",
                                                        "shred", "sgdisk", "sfdisk", "badblocks"});
    const bool writes = formats || one_of(program, {"dd", "tee", "cp", "mv"});
    for (std::size_t i = 1; writes && i < command.argv.size(); ++i) {
      std::string_view word = command.argv[i];
      if (program == "dd") {
        if (!word.starts_with("of=")) {
          continue;
        }
        word.remove_prefix(3);
      }
      const bool last = i + 1 == command.argv.size();
      if (is_block_device(word) && (formats || program == "dd" || program == "tee" || last)) {
        return overwrites(word);
      }
      if (program == "mv" && !last && is_vital(command.argv[i], command.kinds[i], in_vital_)) {
        return deletes(word);
      }
    }
    return {};
  }

  RoleVerdict judge_rm(const SimpleCommand& command) const {
    if (has_flag(command, "", "--no-preserve-root")) {
      return deletes("with --no-preserve-root");
    }
    if (!has_flag(command, "rR", "--recursive")) {
      return {};
    }
    bool options = true;
    for (std::size_t i = 1; i < command.argv.size(); ++i) {
      const std::string& word = command.argv[i];
      if (options && word == "--") {
        options = false;
      } else if ((!options || !word.starts_with('-')) &&
                 is_vital(word, command.kinds[i], in_vital_)) {
        return deletes(word);
      }
    }
    return {};
  }

  RoleVerdict judge_find(const SimpleCommand& command) const {
    bool deletes_all = false;
    for (const std::string& word : command.argv) {
      if (one_of(word,
                 {"-name", "-iname", "-path", "-ipath", "-wholename", "-regex", "-iregex", "-newer",
                  "-mtime", "-mmin", "-size", "-empty", "-user", "-group", "-perm", "-inum"})) {
        return {};
      }
      deletes_all = deletes_all ||
                    one_of(word, {"-delete", "rm", "/bin/rm", "/usr/bin/rm", "shred", "unlink"});
    }
    for (std::size_t i = 1;
         deletes_all && i < command.argv.size() && !command.argv[i].starts_with('-'); ++i) {
      if (is_vital(command.argv[i], command.kinds[i], in_vital_)) {
        return deletes(command.argv[i]);
      }
    }
    return {};
  }

  /// A function that does nothing but call itself twice or more, or pipes itself into itself.
  bool is_fork_bomb() const {
    std::string dense;
    for (const char c : source_) {
      if (!text::is_space(c)) {
        dense += c;
      }
    }
    if (dense.find("forkwhilefork") != std::string::npos ||
        dense.find("$0|$0") != std::string::npos || dense.find("$0&$0") != std::string::npos) {
      return true;
    }
    constexpr std::size_t kMost = 16;
    const auto end = script_.functions.begin() +
                     static_cast<std::ptrdiff_t>(std::min(kMost, script_.functions.size()));
    return std::any_of(script_.functions.begin(), end, [&](const std::string& name) {
      return !name.empty() && calls_itself(name, dense);
    });
  }

  bool calls_itself(const std::string& name, const std::string& dense) const {
    if (dense.find("{" + name + "|" + name) != std::string::npos ||
        dense.find("(" + name + "|" + name) != std::string::npos) {
      return true;
    }
    int bodies = 0;
    for (std::size_t at = source_.find(name); at != std::string_view::npos && bodies < 16;
         at = source_.find(name, at + 1)) {
      std::string_view rest = text::trim(source_.substr(at + name.size()));
      if (rest.starts_with('(')) {
        rest = text::trim(rest.substr(1));
        if (!rest.starts_with(')')) {
          continue;
        }
        rest = text::trim(rest.substr(1));
      }
      const std::size_t close = rest.find('}');
      if (!rest.starts_with('{') || close == std::string_view::npos) {
        continue;
      }
      ++bodies;
      const shell::Script body = shell::parse(rest.substr(1, close - 1));
      const bool only_itself = std::all_of(
          body.commands.begin(), body.commands.end(), [&](const SimpleCommand& command) {
            return !command.argv.empty() && command.argv.front() == name;
          });
      if (body.commands.size() >= 2 && only_itself) {
        return true;
      }
    }
    return false;
  }

  std::string_view source_;
  shell::Script script_;
  bool in_vital_ = false;
};

}  // namespace

RoleVerdict never_rules(std::string_view command) { return Judge(command).judge(); }

}  // namespace oap::security
