#include "permission/git_calls.hpp"

#include "permission/words.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

/// A letter of a group of short options that is one itself, not a part of another one's value.
bool has_letter(std::string_view word, char letter, std::string_view with_value) {
  if (word.size() < 2 || word[0] != '-' || word[1] == '-') {
    return false;
  }
  for (std::size_t i = 1; i < word.size(); ++i) {
    if (word[i] == letter) {
      return true;
    }
    if (with_value.find(word[i]) != std::string_view::npos) {
      return false;
    }
  }
  return false;
}

/// Signing, and looking at signatures, runs the program that `gpg.program` names.
bool signs(const Words& words, std::string_view verb) {
  if (words.any_prefix({"--show-sig", "--verify-sig"}) || words.any_part("%G")) {
    return true;
  }
  const bool tags = verb == "tag";
  if (!tags && !Words::one_of(verb, {"commit", "merge", "rebase", "cherry-pick", "revert", "am",
                                     "commit-tree", "pull", "push"})) {
    return false;
  }
  if (words.any_prefix({"--gp"}) || (tags && words.any_prefix({"--sign", "--local-u"})) ||
      (verb == "push" && words.any_prefix({"--signed"}))) {
    return true;
  }
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (tags ? has_letter(words[i], 's', "mFu") || has_letter(words[i], 'u', "mF")
             : has_letter(words[i], 'S', "mFCctuXsxp") && verb != "push") {
      return true;
    }
  }
  return false;
}

/// `git config NAME` and what lists or gets: settings are read, none is made.
bool reads_setting(const Words& words, std::size_t verb) {
  if (words.any_word({"--get", "--list", "-l", "--get-all", "--get-regexp", "--get-urlmatch"})) {
    return true;
  }
  if (verb + 1 < words.size() && Words::one_of(words[verb + 1], {"get", "list"})) {
    return true;
  }
  std::size_t names = 0;
  for (std::size_t i = verb + 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const bool dotted = word.find('.') != std::string_view::npos && !word.starts_with('-');
    names += dotted ? 1 : 0;
    if (!dotted && !Words::one_of(word, {"--global", "--local", "--system", "--worktree",
                                         "--show-origin", "--show-scope", "--null", "-z"})) {
      return false;
    }
  }
  return names == 1;
}

}  // namespace

bool finds_by_pathspec(const shell::SimpleCommand& command) {
  const Words words(command);
  return words.is({"git"}) && words.size() > 1 &&
         Words::one_of(words[1], {"log", "show", "diff", "grep", "archive", "whatchanged",
                                  "format-patch", "blame", "annotate"});
}

bool git_may_run(const Words& words) {
  std::size_t at = 1;
  while (at < words.size() && words[at].starts_with('-')) {
    if (Words::one_of(words[at], {"-c", "--config-env"}) || words[at].starts_with("--exec-path=")) {
      return true;
    }
    at += Words::one_of(words[at], {"-C", "--git-dir", "--work-tree", "--namespace"}) ? 2 : 1;
  }
  if (at >= words.size()) {
    return false;
  }
  const std::string_view verb = words[at];
  if (words.any_prefix({"--upload-p", "--receive-p", "--ext-d", "--exec", "--open-f", "--outp",
                        "--textconv", "--filters", "ext::", "--extc", "--conf", "--templ",
                        "--separate-g"}) ||
      Words::one_of(verb, {"filter-branch",
                           "difftool",
                           "mergetool",
                           "instaweb",
                           "send-email",
                           "hook",
                           "for-each-repo",
                           "shell",
                           "daemon",
                           "web--browse",
                           "credential",
                           "submodule--helper",
                           "remote-ext",
                           "upload-archive",
                           "http-backend",
                           "cvsserver",
                           "p4",
                           "svn",
                           "gui",
                           "citool",
                           "maintenance",
                           "fast-import",
                           "merge-index",
                           "merge-one-file"})) {
    return true;
  }
  if (signs(words, verb) || (verb == "lfs" && words.any_word({"install", "update"}))) {
    return true;
  }
  if (verb == "submodule") {
    return words.any_word({"foreach"});
  }
  if (verb == "bisect") {
    return words.any_word({"run", "visualize", "view"});
  }
  if (verb == "rebase") {
    return words.any_short("xi") || words.any_prefix({"--exe", "--int", "--ed"});
  }
  if (verb == "grep") {
    return words.any_short("O");
  }
  if (verb == "clone" || verb == "init") {
    return words.any_short("uc");
  }
  return verb == "config" && !reads_setting(words, at);
}

}  // namespace oap::permission
