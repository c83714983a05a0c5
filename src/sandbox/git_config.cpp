#include "sandbox/git_config.hpp"

#include "sandbox/raw.hpp"

namespace oap::sandbox {
namespace {

constexpr std::uint64_t kSeed = 0xcbf29ce484222325;
constexpr std::uint64_t kPrime = 0x100000001b3;

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

OAP_AFTER_FORK bool is_space(char c) { return c == ' ' || c == '\t'; }

OAP_AFTER_FORK bool is_word(char c) {
  const char small = lower(c);
  return (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') || c == '-';
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

/// `transport::address` runs a program of that name, and so would an option.
OAP_AFTER_FORK bool is_plain_address(const ConfigEntry& entry) {
  if (entry.value_size == 0 || entry.value[0] == '-' || entry.value[0] == '"') {
    return false;
  }
  for (std::size_t i = 0; i + 1 < entry.value_size; ++i) {
    if ((entry.value[i] == ':' && entry.value[i + 1] == ':') || entry.value[i] == '\\') {
      return false;
    }
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

OAP_AFTER_FORK std::uint64_t add(std::uint64_t sum, const char* text, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    sum = (sum ^ static_cast<unsigned char>(text[i])) * kPrime;
  }
  return (sum ^ 0xffU) * kPrime;  // so that parts cannot run into each other
}

OAP_AFTER_FORK void append(char* to, std::size_t room, std::size_t& used, const char* text,
                           std::size_t size) {
  for (std::size_t i = 0; i < size && used + 1 < room; ++i) {
    to[used++] = text[i] > ' ' && text[i] < 127 ? text[i] : '?';
  }
  to[used] = '\0';
}

OAP_AFTER_FORK void name_first(ConfigRisk& risk, const ConfigEntry& entry) {
  if (risk.first[0] != '\0') {
    return;
  }
  std::size_t used = 0;
  append(risk.first, sizeof risk.first, used, entry.section, entry.section_size);
  append(risk.first, sizeof risk.first, used, ".", 1);
  append(risk.first, sizeof risk.first, used, entry.key, entry.key_size);
}

}  // namespace

OAP_AFTER_FORK ConfigReader::ConfigReader(const char* text, std::size_t size)
    : text_(text), size_(size) {}

OAP_AFTER_FORK bool ConfigReader::next(ConfigEntry& entry) {
  while (!broken_ && at_ < size_) {
    const char* line = text_ + at_;
    std::size_t size = 0;
    while (at_ + size < size_ && line[size] != '\n') {
      broken_ = broken_ || line[size] == '\0';
      ++size;
    }
    at_ += size + 1;
    while (size > 0 && (is_space(line[size - 1]) || line[size - 1] == '\r')) {
      --size;
    }
    while (size > 0 && is_space(line[0])) {
      ++line;
      --size;
    }
    if (broken_ || size == 0 || line[0] == '#' || line[0] == ';') {
      continue;
    }
    if (line[0] == '[') {
      broken_ = !read_header(line, size);
      continue;
    }
    if (read_entry(line, size, entry)) {
      return true;
    }
    broken_ = true;
  }
  return false;
}

/// `[section]` or `[section "name"]`, alone on its line.
OAP_AFTER_FORK bool ConfigReader::read_header(const char* line, std::size_t size) {
  header_ = ConfigEntry();
  std::size_t at = 1;
  header_.section = line + at;
  while (at < size && is_word(line[at])) {
    ++at;
  }
  header_.section_size = at - 1;
  if (header_.section_size == 0 || at >= size) {
    return false;
  }
  if (line[at] == ']') {
    return at + 1 == size;
  }
  if (line[at] != ' ' || at + 1 >= size || line[at + 1] != '"' || size < at + 4) {
    return false;
  }
  header_.name = line + at + 2;
  header_.name_size = size - 2 - (at + 2);
  if (line[size - 1] != ']' || line[size - 2] != '"') {
    return false;
  }
  for (std::size_t i = 0; i < header_.name_size; ++i) {
    if (header_.name[i] == '"' && (i == 0 || header_.name[i - 1] != '\\')) {
      return false;
    }
  }
  return header_.name_size == 0 || header_.name[header_.name_size - 1] != '\\';
}

/// `key` or `key = value` on one line.
OAP_AFTER_FORK bool ConfigReader::read_entry(const char* line, std::size_t size,
                                             ConfigEntry& entry) {
  entry = header_;
  std::size_t at = 0;
  while (at < size && is_word(line[at])) {
    ++at;
  }
  entry.key = line;
  entry.key_size = at;
  if (at == 0 || header_.section == nullptr || line[size - 1] == '\\') {
    return false;
  }
  while (at < size && is_space(line[at])) {
    ++at;
  }
  if (at == size) {
    return true;
  }
  if (line[at] != '=') {
    return false;
  }
  ++at;
  while (at < size && is_space(line[at])) {
    ++at;
  }
  entry.value = line + at;
  entry.value_size = size - at;
  return true;
}

OAP_AFTER_FORK ConfigRisk risk_of_config(const char* text, std::size_t size) {
  ConfigRisk risk;
  ConfigReader reader(text, size);
  ConfigEntry entry;
  while (reader.next(entry)) {
    if (is_harmless(entry)) {
      continue;
    }
    std::uint64_t sum = add(kSeed, entry.section, entry.section_size);
    sum = add(sum, entry.name, entry.name_size);
    sum = add(sum, entry.key, entry.key_size);
    sum = add(sum, entry.value, entry.value_size);
    risk.sum += sum | 1U;
    name_first(risk, entry);
  }
  if (reader.broken()) {
    risk.sum = add(kSeed, text, size) | 1U;
    constexpr char kOdd[] = "a text in an unusual form";
    for (std::size_t i = 0; i < sizeof kOdd; ++i) {
      risk.first[i] = kOdd[i];
    }
  }
  return risk;
}

}  // namespace oap::sandbox
