#include "platform/worktree_end.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>

#include <fmt/format.h>

#include "async/run_blocking.hpp"
#include "async/sleep.hpp"
#include "base/log.hpp"
#include "checkpoint/journal.hpp"
#include "gateway/hooks/governing_files.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"

namespace oap::platform {
namespace {

constexpr std::size_t kMostNamed = 10;
constexpr int kRemovals = 20;  // sandboxes that begin or end may hold parts of it for a moment
constexpr Millis kRemovalPause{50};

std::string beside(const std::string& path, std::string_view ending) {
  const std::size_t slash = path.rfind('/');
  return fmt::format("{}/.{}.{}", path.substr(0, slash), path.substr(slash + 1), ending);
}

std::vector<std::string> names_in(const std::string& nul_separated) {
  std::vector<std::string> names;
  for (const std::string_view name : text::split(nul_separated, '\0')) {
    if (!name.empty() && !name.starts_with(".opencode/")) {
      names.emplace_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

/// Sorted names that are not among the other sorted ones.
std::vector<std::string> without(const std::vector<std::string>& names,
                                 const std::vector<std::string>& others) {
  std::vector<std::string> rest;
  std::set_difference(names.begin(), names.end(), others.begin(), others.end(),
                      std::back_inserter(rest));
  return rest;
}

/// Of `git ls-tree -r -z`: path → hash.
std::map<std::string, std::string> blobs_in(std::string_view listing) {
  std::map<std::string, std::string> blobs;
  for (const std::string_view entry : text::split(listing, '\0')) {
    const std::size_t tab = entry.find('\t');
    const std::size_t hash = tab == std::string_view::npos ? tab : entry.rfind(' ', tab);
    if (hash != std::string_view::npos) {
      blobs.emplace(entry.substr(tab + 1), entry.substr(hash + 1, tab - hash - 1));
    }
  }
  return blobs;
}

/// It exists from when the merge begins to when the worktree is gone.
std::string merging_of(const std::string& path) { return beside(path, "merging"); }

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kMostNamed; ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  return names.size() > kMostNamed ? text + fmt::format(" and {} more", names.size() - kMostNamed)
                                   : text;
}

class Ending {
 public:
  explicit Ending(EndedWorktree tree) : tree_(std::move(tree)) {}

  Task<Result<std::string>> end(bool ok) {
    OAP_CO_CHECK_OK(co_await commit());
    OAP_CO_TRY(const std::vector<std::string> own, co_await changed_on_branch());
    if (own.empty()) {
      OAP_CO_CHECK_OK(co_await remove(true));
      co_return std::string("its worktree changed nothing");
    }
    if (!ok) {
      OAP_CO_CHECK_OK(co_await remove(false));
      co_return fmt::format("not merged, as the task failed; the branch {} holds its changes to {}",
                            tree_.branch, listed(own));
    }
    OAP_CO_TRY(const std::vector<std::string> others, co_await changed_in_workspace());
    std::vector<std::string> both = overlap_of(own, others);
    if (os::exists(merging_of(tree_.path))) {
      co_await finish_half_written(both);
    }
    OAP_CO_TRY(const std::vector<std::string> there, co_await there_already(both));
    both = without(both, there);
    if (!both.empty()) {
      OAP_CO_CHECK_OK(co_await remove(false));
      co_return fmt::format(
          "overlap, not merged: {} changed here and in the workspace; the branch {} holds its "
          "changes to {}",
          listed(both), tree_.branch, listed(own));
    }
    std::vector<std::string> left;
    for (const std::string& name : own) {
      if (!gateway::governing_name(name, governing()).empty()) {
        left.push_back(name);
      }
    }
    const std::vector<std::string> merged = without(own, left);
    const std::vector<std::string> open = without(merged, there);
    if (!open.empty()) {
      OAP_CO_CHECK_OK(os::write_file_atomic(merging_of(tree_.path), "", 0600));
      OAP_CO_CHECK_OK(co_await apply_watched(open, open.size() == own.size()));
    }
    OAP_CO_CHECK_OK(co_await remove(left.empty()));
    std::string told = merged.empty()
                           ? std::string("nothing was merged")
                           : fmt::format("merged into the workspace: {}", listed(merged));
    if (!left.empty()) {
      told += fmt::format(
          "; left out, as such files govern agents or are run by other programs: {} (the branch {} "
          "holds them)",
          listed(left), tree_.branch);
    }
    co_return told;
  }

 private:
  using Words = std::vector<std::string>;

  gateway::GoverningNames governing() const {
    const config::Sandbox& sandbox = tree_.settings.config.sandbox;
    return {sandbox.protect, sandbox.unprotect};
  }

  /// Those of the files that are in the workspace as they are on the branch: merged before, by a
  /// process that then died.
  Task<Result<std::vector<std::string>>> there_already(const std::vector<std::string>& names) {
    const std::string& workspace = tree_.settings.paths.workspace;
    std::vector<std::string> same;
    if (names.empty()) {
      co_return same;
    }
    Words tree{"ls-tree", "-r", "-z", "--full-tree", tree_.branch};
    OAP_CO_TRY(const std::string listing, co_await git(std::move(tree)));
    const std::map<std::string, std::string> on_branch = blobs_in(listing);
    std::vector<std::string> present;
    std::string lines;
    for (const std::string& name : names) {
      if (os::exists(workspace + "/" + name) && name.find('\n') == std::string::npos) {
        present.push_back(name);
        lines += name + "\n";
      } else if (!on_branch.contains(name) && !os::exists(workspace + "/" + name)) {
        same.push_back(name);
      }
    }
    Words hash{"hash-object", "--stdin-paths"};
    OAP_CO_TRY(const std::string hashes, co_await git(std::move(hash), std::move(lines)));
    const std::vector<std::string_view> blobs = text::split_lines(hashes);
    for (std::size_t i = 0; i < present.size() && i < blobs.size(); ++i) {
      const auto found = on_branch.find(present[i]);
      if (found != on_branch.end() && found->second == blobs[i]) {
        same.push_back(present[i]);
      }
    }
    std::sort(same.begin(), same.end());
    co_return same;
  }

  /// A file whose text in the workspace is the beginning of the branch's is what a killed process
  /// was writing when it merged: it is written to its end.
  Task<void> finish_half_written(std::vector<std::string> names) {
    const std::string& workspace = tree_.settings.paths.workspace;
    for (const std::string& name : names) {
      const std::string place = workspace + "/" + name;
      const Result<std::string> real = os::canonical_path(place);
      if (!real || *real != place || !gateway::governing_name(name, governing()).empty()) {
        continue;
      }
      Words show{"show", tree_.branch + ":" + name};
      const Result<std::string> whole = co_await git(std::move(show));
      const Result<std::string> there = os::read_file(place);
      if (!whole || !there || whole->size() <= there->size() || !whole->starts_with(*there)) {
        continue;
      }
      std::error_code unseen;
      const auto mode = std::filesystem::status(place, unseen).permissions();
      if (const auto written = os::write_file_atomic(place, *whole, static_cast<int>(mode));
          !written) {
        log::warn("worktrees", "what was half merged could not be finished",
                  {{"error", written.error().to_string()}});
      }
    }
  }

  Task<Result<std::string>> git(Words words, std::string input = {}) {
    return tree_.git.run(std::move(words), std::move(input));
  }

  /// On the worktree's files, with an index of our own.
  Task<Result<std::string>> git_here(Words words, std::string input = {}) {
    return tree_.git.run_on(tree_.path, index_of(tree_.path), std::move(words), std::move(input));
  }

  /// What counts are the files as they lie there, however the agent has committed, staged or
  /// stashed them. What a killed process left behind is taken away first: git's lock, a file half
  /// written.
  Task<Result<void>> commit() {
    std::error_code none;
    std::filesystem::remove(index_of(tree_.path) + ".lock", none);
    if (!os::exists(index_of(tree_.path))) {
      Words read{"read-tree", tree_.branch};
      OAP_CO_CHECK_OK(co_await git_here(std::move(read)));
    }
    Words tidy{"clean", "-q", "-f", "--", ":(glob)**/.oap_write_*.tmp"};
    OAP_CO_CHECK_OK(co_await git_here(std::move(tidy)));
    Words add{"add", "-A"};
    OAP_CO_CHECK_OK(co_await git_here(std::move(add)));
    co_await add_ignored();
    Words write{"write-tree"};
    OAP_CO_TRY(const std::string tree, co_await git_here(std::move(write)));
    Words before{"rev-parse", "--verify", tree_.branch + "^{tree}"};
    OAP_CO_TRY(const std::string known, co_await git(std::move(before)));
    if (text::trim(tree) == text::trim(known)) {
      co_return Result<void>{};
    }
    Words make{"commit-tree",    std::string(text::trim(tree)), "-p", tree_.branch, "-m",
               tree_.description};
    OAP_CO_TRY(const std::string made, co_await git(std::move(make)));
    Words move{"update-ref", "refs/heads/" + tree_.branch, std::string(text::trim(made))};
    OAP_CO_CHECK_OK(co_await git(std::move(move)));
    co_return Result<void>{};
  }

  /// Files that .gitignore names, but that the agent has added all the same.
  Task<void> add_ignored() {
    const std::string index = tree_.path + "/.git/index";
    if (std::filesystem::symlink_status(tree_.path + "/.git").type() !=
            std::filesystem::file_type::directory ||
        std::filesystem::symlink_status(index).type() != std::filesystem::file_type::regular) {
      co_return;
    }
    Words list{"ls-files", "-z", "--cached", "--ignored", "--exclude-standard"};
    const auto listed = co_await tree_.git.run_on(tree_.path, index, std::move(list));
    std::string names;
    for (const std::string& name : names_in(listed.value_or(""))) {
      std::error_code none;
      names +=
          std::filesystem::exists(std::filesystem::symlink_status(tree_.path + "/" + name, none))
              ? name + std::string(1, '\0')
              : std::string();
    }
    if (names.empty()) {
      co_return;
    }
    Words add{"--literal-pathspecs", "add", "-f", "--pathspec-from-file=-", "--pathspec-file-nul"};
    const auto added = co_await git_here(std::move(add), std::move(names));
    if (!added) {
      log::warn("worktrees", "ignored files that were added are left out",
                {{"why", added.error().to_string()}});
    }
  }

  Task<Result<std::vector<std::string>>> changed_on_branch() {
    Words diff{"diff", "--name-only", "--no-renames", "-z", tree_.base, tree_.branch};
    OAP_CO_TRY(const std::string names, co_await git(std::move(diff)));
    co_return names_in(names);
  }

  /// Tracked files that differ from where the worktree began, and untracked ones.
  Task<Result<std::vector<std::string>>> changed_in_workspace() {
    Words diff{"diff", "--name-only", "--no-renames", "-z", tree_.base};
    OAP_CO_TRY(std::string names, co_await git(std::move(diff)));
    Words untracked{"ls-files", "--others", "--exclude-standard", "-z"};
    OAP_CO_TRY(const std::string more, co_await git(std::move(untracked)));
    co_return names_in(names + more);
  }

  /// The same as `apply`, with what it changes kept for `/undo`.
  Task<Result<void>> apply_watched(const std::vector<std::string>& names, bool all) {
    checkpoint::Journal* const journal = tree_.checkpoints;
    Words only = all ? Words() : names;
    if (journal == nullptr) {
      co_return co_await apply(std::move(only));
    }
    const std::string task = tree_.branch.substr(tree_.branch.rfind('/') + 1);
    const std::string session = tree_.session_of ? tree_.session_of(task) : std::string();
    std::vector<std::string> paths;
    for (const std::string& name : names) {
      paths.push_back(tree_.settings.paths.workspace + "/" + name);
    }
    auto look = [journal, turn = checkpoint::TurnInfo{task, session, tree_.description},
                 paths = std::move(paths)] { return journal->before(turn, paths); };
    auto looking = async::run_blocking(tree_.blocking, std::move(look));
    Result<checkpoint::Journal::Effect> effect = co_await std::move(looking);
    const Result<void> applied = co_await apply(std::move(only));
    if (effect) {
      auto compare = [journal, seen = *std::move(effect)] { return journal->after(seen); };
      auto comparing = async::run_blocking(tree_.blocking, std::move(compare));
      const Result<void> kept = co_await std::move(comparing);
      if (!kept) {
        log::warn("checkpoint", "what was merged cannot be taken back",
                  {{"error", kept.error().to_string()}});
      }
    }
    co_return applied;
  }

  /// Puts the branch's changes to these files (none: to all) into the workspace's: all, or none.
  Task<Result<void>> apply(Words only) {
    Words diff{"--literal-pathspecs", "diff",     "--binary",  "--no-color",
               "--no-ext-diff",       tree_.base, tree_.branch};
    if (!only.empty()) {
      diff.emplace_back("--");
      diff.insert(diff.end(), only.begin(), only.end());
    }
    OAP_CO_TRY(std::string patch, co_await git(std::move(diff)));
    Words words{"apply", "--whitespace=nowarn"};
    OAP_CO_CHECK_OK(co_await git(std::move(words), std::move(patch)));
    co_return Result<void>{};
  }

  /// Where git itself would keep what it knows of a worktree; former versions had it made.
  std::string record() const {
    return tree_.settings.paths.workspace + "/.git/worktrees" +
           tree_.path.substr(tree_.path.rfind('/'));
  }

  /// The folder and git's record of it: plain files that no program is run for. (In the sandbox git
  /// cannot take the record away, as parts of it are protected there.)
  Task<Result<void>> remove(bool with_branch) {
    const auto remove_both = [path = tree_.path, index = index_of(tree_.path),
                              merging = merging_of(tree_.path),
                              record = record()]() -> Result<void> {
      std::error_code problem;
      for (const std::string& folder : {path, record, index, index + ".lock", merging}) {
        std::filesystem::remove_all(folder, problem);
        if (problem) {
          return fail(Code::kUnavailable, "removing {}: {}", folder, problem.message());
        }
      }
      return {};
    };
    Result<void> removed;
    for (int attempt = 0; attempt < kRemovals; ++attempt) {
      auto removing = async::run_blocking(tree_.blocking, remove_both);
      removed = co_await std::move(removing);
      if (removed || !co_await async::sleep_for(kRemovalPause)) {
        break;
      }
    }
    if (!removed) {  // it costs space, nothing else
      log::warn("worktrees", "a worktree was left behind", {{"why", removed.error().to_string()}});
    }
    if (with_branch && removed) {
      Words branch{"branch", "--quiet", "-D", tree_.branch};
      OAP_CO_CHECK_OK(co_await git(std::move(branch)));
    }
    co_return Result<void>{};
  }

  EndedWorktree tree_;
};

}  // namespace

std::string index_of(const std::string& path) { return beside(path, "index"); }

std::vector<std::string> overlap_of(const std::vector<std::string>& one,
                                    const std::vector<std::string>& other) {
  std::vector<std::string> both;
  std::set_intersection(one.begin(), one.end(), other.begin(), other.end(),
                        std::back_inserter(both));
  return both;
}

Task<Result<std::string>> end_worktree(EndedWorktree worktree, bool ok) {
  Ending ending(std::move(worktree));
  co_return co_await ending.end(ok);
}

}  // namespace oap::platform
