#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>

#include <sys/stat.h>

#include "os/env.hpp"
#include "os/file.hpp"
#include "sandbox/git_config.hpp"
#include "sandbox/git_walk.hpp"
#include "sandbox/host_paths.hpp"
#include "sandbox/root_plan.hpp"

namespace oap::sandbox {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostGuarded = 48;
constexpr std::size_t kMostFound = 4'096;
constexpr std::size_t kLargestConfig = 256u << 10;
constexpr std::uint32_t kMostDirectories = 100'000;
constexpr std::int64_t kMostMs = 400;
constexpr int kIncludesDeep = 4;
constexpr int kSeldom = 50;  // a look is repeated when it has cost a fiftieth of the time since
constexpr std::size_t kMostWorkspaces = 64;

struct Found {
  std::string path;
  bool repository = false;  ///< else a `.git` that is a file or a link
};

struct Seen {
  Clock::time_point until;
  std::vector<Found> found;
};

void add(void* context, const GitPlace& place) {
  auto& found = *static_cast<std::vector<Found>*>(context);
  if (found.size() >= kMostFound) {
    return;
  }
  const bool repository = place.kind == GitPlace::Kind::kRepository;
  found.push_back(
      {repository ? place.path : std::string(place.path) + "/" + place.name, repository});
}

/// What is newer than the last look is judged when the child has ended, by a stricter measure.
std::vector<Found> find_repositories(const std::string& base) {
  static std::mutex mutex;
  static std::map<std::string, Seen> seen;
  const std::lock_guard lock(mutex);
  const auto began = Clock::now();
  if (const auto known = seen.find(base); known != seen.end() && began < known->second.until) {
    return known->second.found;
  }
  Seen now;
  GitWalk walk;
  walk.most_directories = kMostDirectories;
  walk.most_ms = kMostMs;
  walk.objects = false;
  walk.visit = &add;
  walk.context = &now.found;
  walk_git(base.c_str(), walk);
  const auto end = Clock::now();
  now.until = end + (end - began) * kSeldom;
  if (seen.size() >= kMostWorkspaces) {
    seen.clear();
  }
  seen[base] = now;
  return now.found;
}

std::string text_of(const std::string& path) {
  return kind_of(path) == S_IFREG ? os::read_file(path, kLargestConfig).value_or("") : "";
}

std::string_view view(const char* text, std::size_t size) {
  return text == nullptr ? std::string_view() : std::string_view(text, size);
}

bool is_word(std::string_view text, std::string_view word) {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

std::string resolved(const std::string& from, std::string_view path) {
  std::string text(path);
  text.erase(std::remove(text.begin(), text.end(), '"'), text.end());
  if (text.starts_with("~/")) {
    return os::home_dir() + text.substr(1);
  }
  return text.starts_with('/') ? text : from + "/" + text;
}

}  // namespace

void RootPlan::guard_repositories(const std::string& base) {
  std::vector<Found> all = find_repositories(base);
  std::sort(all.begin(), all.end(), [](const Found& a, const Found& b) {
    return std::count(a.path.begin(), a.path.end(), '/') <
           std::count(b.path.begin(), b.path.end(), '/');
  });
  std::size_t count = 0;
  for (const Found& each : all) {
    if (lifted(each.path)) {
      continue;
    }
    const bool guarded = count++ < kMostGuarded && each.path.size() > base.size();
    if (!each.repository) {
      if (guarded) {
        guard(base, {each.path.substr(base.size() + 1), ProtectedName::Missing::kMayBeMade});
      }
      continue;
    }
    KnownRepository known;
    const std::string config = text_of(each.path + "/config");
    const std::string worktree = text_of(each.path + "/config.worktree");
    struct stat info{};
    if (::lstat(each.path.c_str(), &info) == 0) {
      known.device = info.st_dev;
      known.inode = info.st_ino;
    }
    known.path = keep(each.path);
    known.risk = risk_of_config(config.data(), config.size()).sum;
    known.worktree_risk = risk_of_config(worktree.data(), worktree.size()).sum;
    known.guarded = guarded || each.path == base;
    known.worktree_guarded = known.guarded && (each.path == base + "/.git" ||
                                               kind_of(each.path + "/config.worktree") != 0);
    repositories.push_back(known);
    if (known.guarded) {
      guard_repository(base, each.path, each.path == base + "/.git");
    }
  }
  if (const std::string own = os::home_dir() + "/.gitconfig"; kind_of(own) == S_IFREG) {
    guard_what_git_runs(base, own, kIncludesDeep);
  }
}

void RootPlan::guard_repository(const std::string& base, const std::string& path, bool is_first) {
  using enum ProtectedName::Missing;
  const std::string below = path == base ? "" : path.substr(base.size() + 1) + "/";
  if (!is_first) {
    const bool has_common = kind_of(path + "/commondir") != 0;
    if (!below.empty()) {
      guard(base, {below, kMayBeMade, true});
    }
    if (!has_common) {
      guard(base, {below + "config", kEmpty});
      guard(base, {below + "hooks", kDirectory});
    }
    for (const char* name : {"config.worktree", "commondir", "gitdir", "info/attributes"}) {
      guard(base, {below + name, kMayBeMade});
    }
  }
  for (const char* name : {"config", "config.worktree"}) {
    guard_what_git_runs(base, path + "/" + name, kIncludesDeep);
  }
}

/// Hooks elsewhere, included files and scripts in the workspace that a configuration names.
void RootPlan::guard_what_git_runs(const std::string& base, const std::string& config, int depth) {
  const std::string text = text_of(config);
  if (risk_of_config(text.data(), text.size()).sum == 0) {
    return;
  }
  ConfigReader reader(text.data(), text.size());
  ConfigEntry entry;
  while (reader.next(entry)) {
    const std::string_view section = view(entry.section, entry.section_size);
    const std::string_view key = view(entry.key, entry.key_size);
    const std::string_view value = view(entry.value, entry.value_size);
    const bool includes =
        (is_word(section, "include") || is_word(section, "includeif")) && is_word(key, "path");
    const bool hooks = is_word(section, "core") && is_word(key, "hookspath");
    if (value.empty()) {
      continue;
    }
    const std::string path = resolved(includes ? parent_of(config) : base, value);
    if (includes || hooks) {
      if (is_within(path, base) && path != base) {
        guard(base, {path.substr(base.size() + 1),
                     hooks ? ProtectedName::Missing::kDirectory : ProtectedName::Missing::kLink});
      }
      if (includes && depth > 0) {
        guard_what_git_runs(base, path, depth - 1);
      }
      continue;
    }
    guard_words(base, value);
  }
}

void RootPlan::guard_words(const std::string& base, std::string_view value) {
  for (std::size_t at = 0; at < value.size();) {
    const std::size_t end = std::min(value.find_first_of(" \t\"';|&", at), value.size());
    const std::string_view word = value.substr(at, end - at);
    at = end + 1;
    if (word.find('/') == std::string_view::npos) {
      continue;
    }
    const std::string path = resolved(base, word);
    if (is_within(path, base) && path != base && kind_of(path) == S_IFREG) {
      guard(base, {path.substr(base.size() + 1), ProtectedName::Missing::kMayBeMade});
    }
  }
}

}  // namespace oap::sandbox
