#include "platform/worktree_git.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.hpp"
#include "os/file.hpp"
#include "sandbox/run.hpp"
#include "text/strings.hpp"

namespace oap::platform {
namespace {

constexpr Millis kGitTime{120'000};
constexpr std::size_t kMostOutput = 16U << 20U;
constexpr std::size_t kLargestCopy = 4U << 20U;

constexpr std::array<std::string_view, 5> kSections = {"user.", "filter.", "diff.", "merge.",
                                                       "i18n."};
constexpr std::array<std::string_view, 9> kCore = {
    "core.autocrlf",          "core.eol",        "core.safecrlf",
    "core.filemode",          "core.ignorecase", "core.symlinks",
    "core.precomposeunicode", "core.quotepath",  "core.abbrev"};

constexpr std::string_view kNobody = "[user]\n\tname = oap\n\temail = oap@localhost\n";

bool is_wanted(std::string_view key) {
  return std::any_of(kSections.begin(), kSections.end(),
                     [key](std::string_view section) { return key.starts_with(section); }) ||
         std::find(kCore.begin(), kCore.end(), key) != kCore.end();
}

std::string quoted(std::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    switch (c) {
      case '"':
      case '\\':
        text += '\\';
        text += c;
        break;
      case '\n':
        text += "\\n";
        break;
      case '\t':
        text += "\\t";
        break;
      default:
        text += c;
    }
  }
  return text + "\"";
}

bool is_plain_file(const std::string& path) {
  std::error_code none;
  return std::filesystem::symlink_status(path, none).type() == std::filesystem::file_type::regular;
}

/// A file of the workspace's repository, where it has one.
Result<void> copy_plain(const std::string& from, const std::string& to) {
  if (!is_plain_file(from)) {
    return {};
  }
  OAP_TRY(const std::string text, os::read_file(from, kLargestCopy));
  return os::write_file_atomic(to, text);
}

/// Where root works in somebody's folder, what it makes there is theirs, as it is for the sandbox.
void give_to_owner_of(const std::string& workspace, const std::string& path) {
  struct stat owner{};
  struct stat now{};
  if (::geteuid() != 0 || ::stat(workspace.c_str(), &owner) != 0 ||
      ::lstat(path.c_str(), &now) != 0 || now.st_uid == owner.st_uid) {
    return;
  }
  if (::lchown(path.c_str(), owner.st_uid, owner.st_gid) != 0) {
    log::warn("worktrees", "a file of a worktree keeps its owner", {{"path", path}});
  }
}

void remove_all(const std::string& path) {
  std::error_code none;
  std::filesystem::remove_all(path, none);
}

}  // namespace

std::string worktree_config(std::string_view listing) {
  std::string text;
  for (const std::string_view entry : text::split(listing, '\0')) {
    const std::size_t end = std::min(entry.find('\n'), entry.size());
    const std::string_view key = entry.substr(0, end);
    const std::size_t first = key.find('.');
    const std::size_t last = key.rfind('.');
    if (!is_wanted(key) || first == std::string_view::npos || last + 1 == key.size() ||
        key.find('\r') != std::string_view::npos) {
      continue;
    }
    text += fmt::format("[{}", key.substr(0, first));
    if (last > first) {
      text += " " + quoted(key.substr(first + 1, last - first - 1));
    }
    text += fmt::format("]\n\t{}", key.substr(last + 1));
    if (end < entry.size()) {
      text += " = " + quoted(entry.substr(end + 1));
    }
    text += "\n";
  }
  return text;
}

std::string packed_refs(std::string_view listing) {
  std::string text;
  for (const std::string_view line : text::split(listing, '\n')) {
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos || space < 40 ||
        line.find_first_not_of("0123456789abcdef") != space ||
        !line.substr(space + 1).starts_with("refs/")) {
      continue;
    }
    const std::string_view name = line.substr(space + 1);
    if (name != "refs/stash" && !name.starts_with("refs/worktree/") &&
        !name.starts_with("refs/bisect/")) {
      text += fmt::format("{}\n", line);
    }
  }
  return text;
}

Task<Result<std::string>> WorkspaceGit::git(std::vector<std::string> words, std::string cwd,
                                            std::map<std::string, std::string> env,
                                            std::string input) const {
  sandbox::Spec spec;
  spec.argv = {"git",
               "-c",
               "core.hooksPath=/dev/null",
               "-c",
               "core.fsmonitor=false",
               "-c",
               "core.splitIndex=false",
               "-c",
               "user.name=oap",
               "-c",
               "user.email=oap@localhost",
               "-c",
               "commit.gpgSign=false"};
  spec.argv.insert(spec.argv.end(), words.begin(), words.end());
  spec.cwd = std::move(cwd);
  spec.workspace = workspace_;
  spec.writable = {folder_};
  spec.profile = sandbox::Profile::kTool;
  spec.limits.network = false;
  spec.hold_git = false;
  spec.env = std::move(env);
  spec.env["GIT_TERMINAL_PROMPT"] = "0";
  spec.env["GIT_DEFAULT_REF_FORMAT"] = "files";
  sandbox::RunOptions options;
  options.deadline = Deadline::after(kGitTime);
  options.max_output_bytes = kMostOutput;
  options.input = std::move(input);
  OAP_CO_TRY(sandbox::Output output,
             co_await sandbox::run(executor_, std::move(spec), std::move(options)));
  if (output.exit_code != 0) {
    co_return fail(Code::kFailedPrecondition, "git {} failed: {}", words.front(),
                   text::trim(output.err.empty() ? output.out : output.err));
  }
  if (output.truncated) {
    co_return fail(Code::kResourceExhausted, "git {} printed more than {} MB", words.front(),
                   kMostOutput >> 20U);
  }
  co_return std::move(output.out);
}

Task<Result<std::string>> WorkspaceGit::run(std::vector<std::string> words,
                                            std::string input) const {
  std::map<std::string, std::string> none;
  co_return co_await git(std::move(words), workspace_, std::move(none), std::move(input));
}

Task<Result<std::string>> WorkspaceGit::run_on(std::string tree, std::string index,
                                               std::vector<std::string> words,
                                               std::string input) const {
  std::map<std::string, std::string> env{{"GIT_DIR", workspace_ + "/.git"},
                                         {"GIT_WORK_TREE", tree},
                                         {"GIT_INDEX_FILE", std::move(index)}};
  co_return co_await git(std::move(words), std::move(tree), std::move(env), std::move(input));
}

std::string WorkspaceGit::objects() const {
  const std::string path = workspace_ + "/.git/objects";
  return os::canonical_path(path).value_or("") == path ? path : "";
}

Task<Result<void>> WorkspaceGit::make_tree(std::string tree, std::string index,
                                           std::string branch) const {
  using Words = std::vector<std::string>;
  const std::string making = tree + ".making";
  const std::string own = making + "/.git";
  const std::string theirs = workspace_ + "/.git";
  remove_all(making);
  remove_all(index);
  remove_all(index + ".lock");
  give_to_owner_of(workspace_, folder_);
  Words ask{"rev-parse", "--show-object-format"};
  OAP_CO_TRY(const std::string format, co_await run(std::move(ask)));
  Words init{"init", "-q",   "--template=", "--object-format=" + std::string(text::trim(format)),
             "-b",   branch, making};
  OAP_CO_CHECK_OK(co_await run(std::move(init)));
  Words list{"config", "--file", ".git/config", "--list", "-z"};
  OAP_CO_TRY(const std::string config, co_await run(std::move(list)));
  OAP_CO_TRY(const std::string begun, os::read_file(own + "/config", kLargestCopy));
  std::string settings = begun + worktree_config(config);
  Words who{"config", "--global", "--includes", "user.email"};
  const bool is_known = (co_await run(std::move(who))).has_value();
  if (!is_known && settings.find("\temail = ") == std::string::npos) {
    settings += kNobody;  // else it could not commit
  }
  OAP_CO_CHECK_OK(os::write_file_atomic(own + "/config", settings));
  Words refs{"for-each-ref", "--format=%(objectname) %(refname)"};
  OAP_CO_TRY(const std::string names, co_await run(std::move(refs)));
  OAP_CO_CHECK_OK(os::write_file_atomic(own + "/packed-refs", packed_refs(names)));
  OAP_CO_CHECK_OK(os::write_file_atomic(own + "/objects/info/alternates", theirs + "/objects\n"));
  OAP_CO_CHECK_OK(os::make_dirs(own + "/info"));
  for (const char* name : {"/shallow", "/info/exclude", "/info/attributes"}) {
    OAP_CO_CHECK_OK(copy_plain(theirs + name, own + name));
  }
  Words fill{"read-tree", "-u", "--reset", "refs/heads/" + branch};
  OAP_CO_CHECK_OK(co_await run_on(making, index, std::move(fill)));
  std::error_code problem;
  std::filesystem::copy_file(index, own + "/index", problem);
  for (const char* name : {"/config", "/packed-refs", "/objects/info/alternates", "/shallow",
                           "/info", "/info/exclude", "/info/attributes", "/index"}) {
    give_to_owner_of(workspace_, own + name);
  }
  if (!problem) {
    std::filesystem::rename(making, tree, problem);
  }
  if (problem) {
    co_return fail(Code::kUnavailable, "making the worktree {}: {}", tree, problem.message());
  }
  co_return Result<void>{};
}

}  // namespace oap::platform
