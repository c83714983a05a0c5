#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "migration/claude_rules.hpp"
#include "text/strings.hpp"

namespace oap::migration {
namespace {

constexpr std::string_view kByItself = "Claude Code asks for this by itself";

/// An absolute directory, or one of the home directory, as an expression that matches it and what
/// is below; "" for one that is written another way.
std::string below(std::string_view directory) {
  while (directory.size() > 1 && directory.ends_with('/')) {
    directory.remove_suffix(1);
  }
  const bool absolute = directory.starts_with('/') && directory.size() > 1;
  return absolute ? regex_quote(directory) + "(/|$)" : "";
}

/// Every file that the call names is in the workspace or in a directory that the settings add, is
/// known before it runs, and is no credential.
std::string stays_inside(const std::vector<std::string>& directories, bool credentials) {
  const std::string out = "^[/~]|(^|/)\\.\\.(/|$)";
  const std::string secret =
      "(^|/)(\\.env[^/]*|id_[a-z0-9_]+|[^/]*\\.(pem|key|p12|pfx|jks|kdbx)|\\.netrc|\\.npmrc|"
      "\\.pypirc|\\.git-credentials|credentials[^/]*)$";
  std::string added;
  for (const std::string& directory : directories) {
    if (std::string one = below(text::trim(directory)); !one.empty()) {
      added += (added.empty() ? "^(" : "|") + one;
    }
  }
  std::string leaves = fmt::format("p.matches({})", cel_text(out));
  if (!added.empty()) {
    leaves = fmt::format("({} && !(p.matches({}) && !p.matches({})))", leaves,
                         cel_text(added + ")"), cel_text("(^|/)\\.\\.(/|$)"));
  }
  if (!credentials) {
    leaves += fmt::format(" || p.matches({})", cel_text(secret));
  }
  return fmt::format("!command.contains(\"$\") && !command.contains(\"`\") && !paths.exists(p, {})",
                     leaves);
}

/// A name in any case: some file systems make no difference.
std::string any_case(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (text::is_alpha(c)) {
      const char low = text::lower_ascii(std::string_view(&c, 1)).front();
      out += fmt::format("[{}{}]", low, static_cast<char>(low - 'a' + 'A'));
    } else {
      out += c;
    }
  }
  return out;
}

void add_protected_paths(Translation& out) {
  const RuleMaker ask(Level::kAsk, std::string(kByItself));
  static constexpr auto kFolders =
      std::to_array<std::string_view>({".git", ".config/git", ".vscode", ".idea", ".husky",
                                       ".cargo", ".devcontainer", ".yarn", ".mvn", ".claude"});
  static constexpr auto kFiles = std::to_array<std::string_view>({".bashrc",
                                                                  ".bash_profile",
                                                                  ".bash_login",
                                                                  ".bash_aliases",
                                                                  ".bash_logout",
                                                                  ".profile",
                                                                  ".zshrc",
                                                                  ".zprofile",
                                                                  ".zshenv",
                                                                  ".zlogin",
                                                                  ".zlogout",
                                                                  ".gitconfig",
                                                                  ".gitmodules",
                                                                  ".envrc",
                                                                  ".npmrc",
                                                                  ".yarnrc",
                                                                  ".yarnrc.yml",
                                                                  ".pnp.cjs",
                                                                  ".pnp.loader.mjs",
                                                                  ".pnpmfile.cjs",
                                                                  "bunfig.toml",
                                                                  ".bunfig.toml",
                                                                  ".bazelrc",
                                                                  ".bazelversion",
                                                                  ".bazeliskrc",
                                                                  ".pre-commit-config.yaml",
                                                                  "lefthook.yml",
                                                                  "lefthook.yaml",
                                                                  ".lefthook.yml",
                                                                  ".lefthook.yaml",
                                                                  "gradle-wrapper.properties",
                                                                  "maven-wrapper.properties",
                                                                  ".devcontainer.json",
                                                                  ".ripgreprc",
                                                                  "pyrightconfig.json",
                                                                  ".mcp.json",
                                                                  ".claude.json"});
  std::vector<std::string> patterns;
  for (const std::string_view name : kFolders) {
    patterns.push_back(fmt::format("**/{}/**", any_case(name)));
  }
  for (const std::string_view name : kFiles) {
    patterns.push_back(fmt::format("**/{}", any_case(name)));
  }
  for (const std::string& pattern : patterns) {
    out.rules.push_back(ask.path("write", pattern));
    out.rules.push_back(ask.path("delete", pattern));
  }
}

/// No rule lets `rm` remove the root, what lies directly below it, a home directory, the folder
/// that one works in or one above it.
void add_critical_paths(Translation& out) {
  const RuleMaker ask(Level::kAsk, std::string(kByItself));
  // Whoever removes the workspace or what it lies in removes this too.
  out.rules.push_back(ask.path("delete", ".opencode/permissions.yaml"));
  const std::string here = "^(\\.{0,2}/)*(\\*+|\\.{1,2}/?)$|^~[^/]*/?\\**$|^[$][^/]*/\\**$";
  const std::string high = "^/([^/]*|(home|Users)/[^/]*)/?\\**$";
  const std::string condition = fmt::format(
      "argv.exists(w, w.matches({})) || paths.exists(p, p.matches({})) || "
      "(argv.exists(w, w.startsWith(\"/\")) && paths.exists(p, p == \".\"))",
      cel_text(here), cel_text(high));
  for (const char* program : {"rm", "rmdir"}) {
    out.rules.push_back(RuleMaker::where(ask.program(program), condition));
  }
}

/// `xargs` without options stands for what it runs, where that is the settings' own choice: what it
/// is given is not known, which is too much for what runs unasked by itself.
void add_wrappers(const std::set<std::string>& programs, Translation& out) {
  const RuleMaker wrapper(Level::kAllow, "what it runs is judged by itself");
  // One rule for each: a rule about several programs allows none that names what is denied.
  for (const char* name : {"timeout", "time", "nice", "nohup", "stdbuf", "builtin"}) {
    out.rules.push_back(wrapper.program(name));
  }
  out.rules.push_back(
      RuleMaker::where(wrapper.program("command"), "size(argv) < 2 || !argv[1].startsWith(\"-\")"));
  std::string names;
  for (const std::string& program : programs) {
    names += (names.empty() ? "" : ", ") + cel_text(program);
  }
  if (!names.empty()) {
    out.rules.push_back(RuleMaker::where(wrapper.command("xargs *"),
                                         fmt::format("size(argv) > 1 && argv[1] in [{}]", names)));
  }
}

/// Commands of which no option writes or runs anything.
constexpr std::string_view kReaders =
    "{ls,cat,echo,pwd,head,tail,grep,wc,which,diff,stat,du,basename,dirname,realpath,readlink,cut,"
    "paste,tr,tac,rev,fold,nl,comm,cmp,seq,whoami,id,uname,uptime,free,df,nproc,"
    "strings,od,md5sum,sha1sum,sha256sum}";

/// Forms of git that say something and nothing else, beside those that take any argument.
constexpr std::string_view kGitSays =
    "^git (branch( (-a|-r|-v|-vv|--all|--list|--show-current))*|remote( -v)?|tag( (-l|--list))?|"
    "stash list|worktree list|config (--get|--get-all|get) [A-Za-z0-9.-]+)$";

void add_reading_commands(const std::vector<std::string>& directories, Translation& out) {
  const RuleMaker allow(Level::kAllow, "Claude Code runs commands that only read unasked");
  const std::string inside = stays_inside(directories, false);
  out.rules.push_back(RuleMaker::where(allow.program(kReaders), inside));
  std::string into;
  for (const std::string& directory : directories) {
    if (const std::string one = below(text::trim(directory)); !one.empty()) {
      into += (into.empty() ? "^(" : "|") + one;
    }
  }
  std::string stays = "w.matches(\"^[/~-]|(^|/)\\\\.\\\\.(/|$)|[$`]\")";
  if (!into.empty()) {
    stays = fmt::format("({} && !(w.matches({}) && !w.matches(\"(^|/)\\\\.\\\\.(/|$)|[$`]\")))",
                        stays, cel_text(into + ")"));
  }
  out.rules.push_back(RuleMaker::where(
      allow.command("cd *"), fmt::format("size(argv) > 1 && !argv.exists(w, {})", stays)));
  out.rules.push_back(
      RuleMaker::where(RuleMaker::where(allow.command("find *"), kOnlyFinds), inside));
  const json::Object git = allow.command(
      "git {status,log,diff,show,blame,rev-parse,ls-files,ls-tree,describe,shortlog,rev-list,"
      "merge-base,cat-file,for-each-ref} *");
  out.rules.push_back(RuleMaker::where(
      RuleMaker::where(git,
                       "!argv.exists(w, w.matches(\"^(--output|--ext-d|--textconv|--filters|-O|"
                       "--open-files|--no-index)\"))"),
      inside));
  out.rules.push_back(RuleMaker::where(allow.program("git"),
                                       fmt::format("command.matches({})", cel_text(kGitSays))));
}

}  // namespace

void add_edit_commands(const std::vector<std::string>& directories, Translation& out) {
  const RuleMaker allow(Level::kAllow, "defaultMode: acceptEdits");
  out.rules.push_back(RuleMaker::where(allow.program("{mkdir,touch,rm,rmdir,mv,cp,sed}"),
                                       stays_inside(directories, true)));
}

void add_own_rules(const OwnRules& own, Translation& out) {
  const RuleMaker ask(Level::kAsk, std::string(kByItself));
  if (own.edits) {
    add_protected_paths(out);
  }
  add_critical_paths(out);
  out.rules.push_back(RuleMaker::where(ask.tool("bash"), "size(command) > 10000"));
  if (own.all_bash) {
    return;
  }
  out.rules.push_back(RuleMaker::where(
      ask.tool("bash"),
      "command.matches(\"(?s)(^|[;&|(\\n])\\\\s*cd\\\\s.*[;&|\\n]\\\\s*git\\\\s\")"));
  add_wrappers(own.programs, out);
  add_reading_commands(own.directories, out);
}

}  // namespace oap::migration
