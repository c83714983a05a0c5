#include "sandbox/git_config.hpp"
#include "sandbox/raw.hpp"

namespace oap::sandbox {
namespace {

enum class Value : std::uint8_t {
  kAny,
  kSwitch,   ///< true, false, yes, no, on, off, 0, 1
  kAddress,  ///< of a repository, by one of git's own transports
  kUpdate,   ///< checkout, merge, rebase, none
  kClean,    ///< of Git LFS, word for word
  kSmudge,
  kProcess,
};

struct Harmless {
  const char* section;
  const char* key;  ///< "*": every one
  Value value = Value::kAny;
};

constexpr Harmless kHarmless[] = {
    {"core", "repositoryformatversion"},
    {"core", "filemode"},
    {"core", "bare"},
    {"core", "logallrefupdates"},
    {"core", "ignorecase"},
    {"core", "precomposeunicode"},
    {"core", "symlinks"},
    {"core", "autocrlf"},
    {"core", "eol"},
    {"core", "safecrlf"},
    {"core", "compression"},
    {"core", "loosecompression"},
    {"core", "bigfilethreshold"},
    {"core", "abbrev"},
    {"core", "quotepath"},
    {"core", "sharedrepository"},
    {"core", "sparsecheckout"},
    {"core", "sparsecheckoutcone"},
    {"core", "untrackedcache"},
    {"core", "preloadindex"},
    {"core", "commentchar"},
    {"core", "whitespace"},
    {"core", "checkstat"},
    {"core", "trustctime"},
    {"core", "protecthfs"},
    {"core", "protectntfs"},
    {"core", "multipackindex"},
    {"core", "commitgraph"},
    {"core", "splitindex"},
    {"core", "longpaths"},
    {"core", "fscache"},
    {"core", "worktree"},
    {"core", "excludesfile"},
    {"core", "attributesfile"},
    {"core", "fsmonitor", Value::kSwitch},
    {"user", "name"},
    {"user", "email"},
    {"user", "useconfigonly"},
    {"user", "signingkey"},
    {"gpg", "format"},
    {"author", "name"},
    {"author", "email"},
    {"committer", "name"},
    {"committer", "email"},
    {"commit", "gpgsign"},
    {"commit", "verbose"},
    {"commit", "cleanup"},
    {"tag", "gpgsign"},
    {"tag", "sort"},
    {"remote", "url", Value::kAddress},
    {"remote", "pushurl", Value::kAddress},
    {"remote", "fetch"},
    {"remote", "push"},
    {"remote", "mirror"},
    {"remote", "prune"},
    {"remote", "prunetags"},
    {"remote", "tagopt"},
    {"remote", "promisor"},
    {"remote", "partialclonefilter"},
    {"remote", "skipdefaultupdate"},
    {"remote", "skipfetchall"},
    {"remote", "pushdefault"},
    {"branch", "*"},
    {"submodule", "url", Value::kAddress},
    {"submodule", "active"},
    {"submodule", "branch"},
    {"submodule", "ignore"},
    {"submodule", "recurse"},
    {"submodule", "fetchrecursesubmodules"},
    {"submodule", "update", Value::kUpdate},
    {"extensions", "objectformat"},
    {"extensions", "compatobjectformat"},
    {"extensions", "partialclone"},
    {"extensions", "refstorage"},
    {"extensions", "noop"},
    {"extensions", "preciousobjects"},
    {"extensions", "relativeworktrees"},
    {"extensions", "worktreeconfig"},
    {"pull", "rebase"},
    {"pull", "ff"},
    {"push", "default"},
    {"push", "autosetupremote"},
    {"push", "followtags"},
    {"fetch", "prune"},
    {"fetch", "prunetags"},
    {"fetch", "parallel"},
    {"fetch", "recursesubmodules"},
    {"fetch", "writecommitgraph"},
    {"merge", "ff"},
    {"merge", "conflictstyle"},
    {"merge", "renamelimit"},
    {"merge", "renames"},
    {"rebase", "autosquash"},
    {"rebase", "autostash"},
    {"rebase", "updaterefs"},
    {"diff", "algorithm"},
    {"diff", "colormoved"},
    {"diff", "context"},
    {"diff", "mnemonicprefix"},
    {"diff", "noprefix"},
    {"diff", "renamelimit"},
    {"diff", "renames"},
    {"status", "*"},
    {"color", "*"},
    {"column", "*"},
    {"advice", "*"},
    {"init", "defaultbranch"},
    {"log", "date"},
    {"log", "decorate"},
    {"index", "version"},
    {"index", "threads"},
    {"index", "sparse"},
    {"feature", "*"},
    {"pack", "threads"},
    {"pack", "windowmemory"},
    {"pack", "depth"},
    {"pack", "window"},
    {"gc", "auto"},
    {"gc", "autodetach"},
    {"gc", "autopacklimit"},
    {"gc", "pruneexpire"},
    {"gc", "reflogexpire"},
    {"gc", "writecommitgraph"},
    {"receive", "denycurrentbranch"},
    {"receive", "denynonfastforwards"},
    {"receive", "denydeletes"},
    {"receive", "autogc"},
    {"rerere", "enabled"},
    {"rerere", "autoupdate"},
    {"transfer", "fsckobjects"},
    {"lfs", "repositoryformatversion"},
    {"filter", "required"},
    {"filter", "clean", Value::kClean},
    {"filter", "smudge", Value::kSmudge},
    {"filter", "process", Value::kProcess},
};

OAP_AFTER_FORK char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

OAP_AFTER_FORK bool same(const char* text, std::size_t size, const char* other) {
  for (std::size_t i = 0; i < size; ++i) {
    if (other[i] == '\0' || lower(text[i]) != lower(other[i])) {
      return false;
    }
  }
  return other[size] == '\0';
}

OAP_AFTER_FORK bool same_exactly(const char* text, std::size_t size, const char* other) {
  for (std::size_t i = 0; i < size; ++i) {
    if (other[i] == '\0' || text[i] != other[i]) {
      return false;
    }
  }
  return other[size] == '\0';
}

OAP_AFTER_FORK bool is_one_of(const ConfigEntry& entry, const char* const* words,
                              std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (same(entry.value, entry.value_size, words[i])) {
      return true;
    }
  }
  return false;
}

/// `transport::address` runs a program of that name, and so would an option. Quotes and escapes
/// could hide either, for git takes them out wherever they are.
OAP_AFTER_FORK bool is_plain_address(const ConfigEntry& entry) {
  if (entry.value_size == 0 || entry.value[0] == '-') {
    return false;
  }
  char before = '\0';
  for (std::size_t i = 0; i < entry.value_size; ++i) {
    const char c = entry.value[i];
    if (c == '"' || c == '\\' || (c == ':' && before == ':')) {
      return false;
    }
    before = c;
  }
  return true;
}

OAP_AFTER_FORK bool is_harmless_value(const ConfigEntry& entry, Value kind) {
  constexpr const char* kSwitches[] = {"true", "false", "yes", "no", "on", "off", "0", "1", ""};
  constexpr const char* kUpdates[] = {"checkout", "merge", "rebase", "none"};
  if (kind == Value::kAny) {
    return true;
  }
  if (entry.value == nullptr) {
    return kind == Value::kSwitch;
  }
  switch (kind) {
    case Value::kAny:
      return true;
    case Value::kSwitch:
      return is_one_of(entry, kSwitches, sizeof kSwitches / sizeof kSwitches[0]);
    case Value::kUpdate:
      return is_one_of(entry, kUpdates, sizeof kUpdates / sizeof kUpdates[0]);
    case Value::kAddress:
      return is_plain_address(entry);
    case Value::kClean:
      return same_exactly(entry.value, entry.value_size, "git-lfs clean -- %f");
    case Value::kSmudge:
      return same_exactly(entry.value, entry.value_size, "git-lfs smudge -- %f") ||
             same_exactly(entry.value, entry.value_size, "git-lfs smudge --skip -- %f");
    case Value::kProcess:
      return same_exactly(entry.value, entry.value_size, "git-lfs filter-process") ||
             same_exactly(entry.value, entry.value_size, "git-lfs filter-process --skip");
  }
  return false;
}

}  // namespace

OAP_AFTER_FORK bool is_harmless(const ConfigEntry& entry) {
  for (const Harmless& each : kHarmless) {
    const bool every = each.key[0] == '*';
    if (same(entry.section, entry.section_size, each.section) &&
        (every || same(entry.key, entry.key_size, each.key))) {
      return is_harmless_value(entry, each.value);
    }
  }
  return false;
}

}  // namespace oap::sandbox
