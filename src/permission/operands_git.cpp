#include <algorithm>

#include "permission/operand_collector.hpp"

namespace oap::permission {

using shell::WordKind;

namespace {

/// What git itself finds files by.
bool is_pathspec(std::string_view word) {
  return word.starts_with(':') || word.find_first_of("*?[") != std::string_view::npos;
}

}  // namespace

void OperandCollector::git() {
  std::vector<std::size_t> list = operands();
  if (list.empty()) {
    return;
  }
  const std::string_view verb = words_[list.front()];
  list.erase(list.begin());
  if (words_.any_prefix({"--stdin", "--batch", "--pathspec-from"})) {
    add(".", WordKind::kStatic, Action::kRead, true);
  }
  const bool stashes =
      verb == "stash" && (words_.any_short("ua") || words_.any_prefix({"--include-u", "--all"}));
  const bool cleans = verb == "clean" && !words_.any_short("n") && !words_.any_word({"--dry-run"});
  const bool resets = verb == "reset" && words_.any_word({"--hard", "--merge", "--keep"});
  const bool applies = (verb == "apply" && !words_.any_word({"--check", "--stat", "--numstat"})) ||
                       verb == "am" || verb == "checkout-index";
  if (stashes || cleans || resets || applies) {
    somewhere_below(".", WordKind::kStatic, applies);
  } else if (Words::one_of(verb, {"checkout", "restore", "rm", "mv"})) {
    git_paths(verb, list);
  } else if (verb == "add" || verb == "stage") {
    const bool whole = std::any_of(list.begin(), list.end(),
                                   [&](std::size_t i) { return is_pathspec(words_[i]); });
    if (whole || words_.any_short("Aupie") ||
        words_.any_prefix({"--all", "--upd", "--pat", "--int", "--edit"})) {
      add(".", WordKind::kStatic, Action::kRead, true);
    }
    for (const std::size_t i : list) {
      add(i, Action::kRead, true);
    }
  } else if (verb == "commit" &&
             (words_.any_short("io") || words_.any_prefix({"--inc", "--onl"}))) {
    add(".", WordKind::kStatic, Action::kRead, true);
  } else if (verb == "diff") {
    git_diff(list);
  } else if (verb == "grep" && words_.any_prefix({"--no-in", "--unt", "--no-ex"})) {
    for (std::size_t n = 1; n < list.size(); ++n) {
      add(list[n], Action::kRead, true);
    }
    if (list.size() < 2) {
      add(".", WordKind::kStatic, Action::kRead, true);
    }
  } else {
    git_places(verb, list);
  }
}

/// Outside a repository, or of paths outside it, it compares any files.
void OperandCollector::git_diff(const std::vector<std::size_t>& list) {
  const bool any = words_.any_prefix({"--no-in"});
  const bool outside = std::any_of(list.begin(), list.end(), [&](std::size_t i) {
    const std::string_view word = words_[i];
    return word.starts_with('/') || word.starts_with('~') || word.starts_with("..");
  });
  for (const std::size_t i : list) {
    if (any || outside) {
      add(i, Action::kRead, true);
    }
  }
}

/// `git checkout [REV] [--] PATH…`, `git restore PATH…`, `git rm PATH…`, `git mv A B`.
void OperandCollector::git_paths(std::string_view verb, const std::vector<std::size_t>& list) {
  const bool checkout = verb == "checkout";
  const bool branches =
      checkout && (words_.any_short("bBt") || words_.any_prefix({"--orph", "--detach", "--track"}));
  const bool index_only =
      (verb == "restore" && (words_.any_short("S") || words_.any_prefix({"--staged"})) &&
       !words_.any_short("W") && !words_.any_prefix({"--worktree"})) ||
      (verb == "rm" && words_.any_prefix({"--cached"}));
  if (branches || index_only) {
    return;
  }
  std::size_t dashes = 0;
  for (std::size_t i = 1; i < words_.size() && dashes == 0; ++i) {
    dashes = words_[i] == "--" ? i : 0;
  }
  const bool moves = verb == "mv";
  for (std::size_t n = 0; n < list.size(); ++n) {
    const std::size_t i = list[n];
    if (checkout && i < dashes) {
      continue;
    }
    const bool whole = Words::one_of(words_[i], {".", "./"}) || is_pathspec(words_[i]);
    if (whole && !moves) {
      somewhere_below(".", WordKind::kStatic, false);
      continue;
    }
    const bool removes = verb == "rm" || (moves && n + 1 < list.size());
    add(i, removes ? Action::kDelete : Action::kWrite, true);
    out_.back().possible = checkout && dashes == 0;
  }
}

/// Verbs that make a directory or a file somewhere: clone, init, worktree add, bundle create.
void OperandCollector::git_places(std::string_view verb, const std::vector<std::size_t>& list) {
  const auto place = [&](std::size_t n) {
    if (n < list.size()) {
      add(list[n], Action::kWrite, false);
    }
  };
  const std::string_view second = list.empty() ? std::string_view() : words_[list.front()];
  if (verb == "clone") {
    place(1);
  } else if (verb == "init") {
    place(0);
  } else if (verb == "worktree" && second == "add") {
    const bool named = words_.any_short("bB");
    place(named ? 2 : 1);
  } else if (verb == "submodule" && second == "add") {
    place(2);
  } else if (verb == "bundle" && second == "create") {
    place(1);
  } else if (verb == "archive" || verb == "format-patch") {
    for (std::size_t i = 1; i < words_.size(); ++i) {
      if (words_[i].starts_with("-o") && words_[i].size() > 2) {
        add(command_.argv[i].substr(2), command_.kinds[i], Action::kWrite, false);
      } else if (words_[i] == "-o" && i + 1 < words_.size()) {
        add(i + 1, Action::kWrite, false);
      }
    }
  }
}

}  // namespace oap::permission
