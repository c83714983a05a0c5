#include <algorithm>
#include <cerrno>
#include <deque>
#include <sstream>

#include <sys/stat.h>
#include <unistd.h>

#include "os/file.hpp"
#include "sandbox/git_walk.hpp"
#include "sandbox/host_paths.hpp"
#include "sandbox/kernel.hpp"
#include "sandbox/root_plan.hpp"

namespace oap::sandbox {
namespace {

constexpr std::uint64_t kSafe = kernel::kNoSuid | kernel::kNoDevices;
constexpr std::uint64_t kFixed = kSafe | kernel::kReadOnly;
constexpr std::size_t kLargestExclude = 1u << 20;
constexpr int kMostLinks = 40;
constexpr std::uint32_t kMostForLinked = 50'000;
constexpr std::int64_t kLinkedMs = 300;

bool has_form_of(const std::string& path, const struct ::stat& info, const Placeholder& stand) {
  switch (stand.kind) {
    case Placeholder::Kind::kSocket:
      return S_ISSOCK(info.st_mode) && (info.st_mode & 07777) == 0;
    case Placeholder::Kind::kDirectory:
      return S_ISDIR(info.st_mode) && (info.st_mode & 07777) == kPlaceholderMode &&
             kind_of(path + "/HEAD") == 0;
    case Placeholder::Kind::kLink:
      return S_ISLNK(info.st_mode) && link_target(path) == kNowhere;
    case Placeholder::Kind::kText:
      return S_ISREG(info.st_mode) && (info.st_mode & 0222) == 0 &&
             (info.st_size == 0 || os::read_file(path).value_or("?") == stand.text);  // being made
  }
  return false;
}

/// Another child's, which goes when that one ends. One that is gone between two looks was one.
bool is_placeholder(const std::string& path, const Placeholder& stand) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT;
  }
  return has_form_of(path, info, stand) || kind_of(path) == 0;
}

std::deque<std::string> components(const std::string& path) {
  std::deque<std::string> parts;
  std::istringstream words(path);
  for (std::string part; std::getline(words, part, '/');) {
    if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  return parts;
}

}  // namespace

/// What the caller gave by name, in a place that would be protected, is given.
bool RootPlan::lifted(const std::string& path) const {
  return std::any_of(given_.begin(), given_.end(),
                     [&path](const std::string& given) { return is_within(path, given); });
}

bool RootPlan::can_write(const std::string& path) const {
  const auto above = [&path](const std::string& place) {
    return path != place && is_within(path, place);
  };
  return above(input_.workspace) ||
         std::any_of(input_.writable.begin(), input_.writable.end(), above);
}

/// A place that was given by name and that lies at or below a protected name lifts that protection
/// for itself alone.
void RootPlan::find_given() {
  const auto names_git = [this](const std::string& path) {
    const std::string& base = input_.workspace;
    const std::string below = is_within(path, base) ? path.substr(base.size()) : path;
    return below.ends_with("/.git") || below.find("/.git/") != std::string::npos;
  };
  for (const std::string& place : input_.writable) {
    if (names_git(place)) {
      given_.push_back(place);  // also of a repository below
    }
    for (const auto* names : {&protected_names(), &protected_at_home()}) {
      for (const ProtectedName& each : *names) {
        for (const std::string& base : {input_.workspace, input_.home}) {
          if (is_within(place, base + "/" + each.name) && place != base) {
            given_.push_back(place);
          }
        }
      }
    }
  }
  for (const std::string& name : input_.unprotected) {
    given_.push_back(input_.workspace + "/" + name);
  }
  for (const std::string& path : given_) {
    if (names_git(path)) {
      given.push_back(keep(path));
    }
  }
}

void RootPlan::protect(const std::string& base) {
  using enum ProtectedName::Missing;
  const bool at_home = base == input_.home;
  const std::string git = base + "/.git";
  const bool none = kind_of(git) == 0 || is_placeholder(git, stand_in(kDirectory, at_home));
  for (ProtectedName each : protected_names()) {
    if (none && each.name.starts_with(".git/") && each.name != ".git/hooks") {
      continue;  // git init may make the rest; it is looked at in the end
    }
    each.missing = at_home && each.missing == kMayBeMade ? kLink : each.missing;
    guard(base, each);
  }
  for (const std::string& name : input_.further) {
    guard(base, {name, kLink});
  }
  for (const std::string& name : os::list_dir(base).value_or(std::vector<std::string>())) {
    for (const std::string& ending : protected_endings()) {
      if (name.ends_with(ending)) {
        guard(base, {name, kMayBeMade});
      }
    }
  }
  if (at_home) {
    for (const ProtectedName& each : protected_at_home()) {
      guard(base, each);
    }
  } else if (is_within(input_.home, base)) {
    keep_in_place(input_.home);
    protect(input_.home);
  }
}

/// Whoever could move a folder away above a hidden place could put another one there.
void RootPlan::guard_hidden(const std::string& base) {
  for (const std::string& secret : input_.hidden) {
    if (secret != base && is_within(secret, base)) {
      guard(base, {secret.substr(base.size() + 1), ProtectedName::Missing::kLink, true});
    }
  }
}

void RootPlan::keep_in_place(const std::string& path) {
  if (can_write(path) && !lifted(path)) {
    pin(path, true);
  }
}

/// kind_of, at the cost of one look for all that are missing in a base.
mode_t RootPlan::kind_in(const std::string& base, const std::string& path) {
  const auto listing = listings_.try_emplace(base, base).first;
  return listing->second.may_have(path) ? kind_of(path) : 0;
}

/// Goes from folder to folder and through links, as the kernel does, and keeps each one in its
/// place: a name is protected as far as the way to it is.
void RootPlan::guard(const std::string& base, const ProtectedName& wanted) {
  const bool at_home = base == input_.home;
  const Placeholder stand = stand_in(wanted.missing, at_home);
  const bool keep_missing = wanted.missing != ProtectedName::Missing::kMayBeMade;
  std::deque<std::string> rest = components(wanted.name);
  std::string here = base;
  for (int links = 0; !rest.empty() && links < kMostLinks;) {
    const std::string part = rest.front();
    rest.pop_front();
    if (part == "..") {
      here = parent_of(here);
      continue;
    }
    const std::string path = here == "/" ? "/" + part : here + "/" + part;
    const bool ours = can_write(path);
    if (ours && lifted(path)) {
      return;
    }
    const mode_t kind = kind_in(base, path);
    if (kind == 0 || is_placeholder(path, stand)) {
      if (ours && wanted.missing == ProtectedName::Missing::kHeld && links == 0 && input_.holds) {
        held.push_back(keep(path));
        return;
      }
      if (ours && (keep_missing || links > 0)) {
        stand_for(path, stand, wanted.open && stand.kind == Placeholder::Kind::kDirectory);
      }
      if (wanted.name == ".git/hooks" && path == base + "/.git" && keep_missing) {
        stand_for(path + "/hooks", stand, false);
      }
      return;
    }
    if (kind == S_IFLNK) {
      const std::deque<std::string> target = components(link_target(path));
      here = link_target(path).starts_with('/') ? "/" : here;
      rest.insert(rest.begin(), target.begin(), target.end());
      ++links;
      if (ours) {
        pin(path, false);
      }
      continue;
    }
    if (ours) {
      pin(path, kind == S_IFDIR && (!rest.empty() || wanted.open),
          keep_missing && rest.empty() ? &stand : nullptr);
      note_links(path, kind);
    }
    if (kind != S_IFDIR) {
      return;
    }
    here = path;
  }
}

void RootPlan::note_links(const std::string& path, mode_t kind) {
  struct stat info{};
  if (kind == S_IFREG && ::lstat(path.c_str(), &info) == 0 && info.st_nlink > 1) {
    linked_.push_back(info.st_ino);
  }
}

/// The other names of protected files, as far as they are found.
void RootPlan::guard_linked(const std::string& base) {
  if (linked_.empty()) {
    return;
  }
  std::vector<std::string> found;
  GitWalk walk;
  walk.most_directories = kMostForLinked;
  walk.most_ms = kLinkedMs;
  walk.inodes = {linked_.data(), linked_.size()};
  walk.context = &found;
  walk.visit = [](void* context, const GitPlace& place) {
    if (place.kind == GitPlace::Kind::kLinked) {
      static_cast<std::vector<std::string>*>(context)->push_back(std::string(place.path) + "/" +
                                                                 place.name);
    }
  };
  walk_git(base.c_str(), walk);
  for (const std::string& path : found) {
    pin(path, false);
  }
}

void RootPlan::stand_for(const std::string& path, Placeholder stand, bool open) {
  if (input_.discard) {
    return;  // it may be made, and goes
  }
  const bool twice = std::any_of(placeholders.begin(), placeholders.end(),
                                 [&path](const Placeholder& each) { return path == each.path; });
  if (twice) {
    return;
  }
  stand.path = keep(path);
  placeholders.push_back(stand);
  pin(path, open, &stand);
  const std::string& base = input_.workspace;
  const bool seen =  // by git status, or by git clean and git stash -u
      stand.kind == Placeholder::Kind::kLink || stand.kind == Placeholder::Kind::kDirectory;
  if (seen && parent_of(path) == base) {
    unseen_ += path.substr(base.size()) + "\n";
  }
}

/// Git in the sandbox is told to overlook what is only a placeholder.
void RootPlan::tell_git() {
  const std::string exclude = input_.workspace + "/.git/info/exclude";
  if (unseen_.empty() || kind_of(exclude) != S_IFREG || kind_of(parent_of(exclude)) != S_IFDIR ||
      kind_of(input_.workspace + "/.git") != S_IFDIR) {
    return;
  }
  const std::string text = os::read_file(exclude, kLargestExclude).value_or("");
  Step step{Step::Kind::kText, keep(text + "\n" + unseen_), place(exclude), kFixed};
  step.optional = true;
  steps.push_back(step);
}

void RootPlan::pin(const std::string& path, bool writable, const Placeholder* stand) {
  if (std::find(pinned_.begin(), pinned_.end(), path) != pinned_.end()) {
    return;
  }
  pinned_.push_back(path);
  Guard guard{keep(path), writable ? kSafe : kFixed, stand != nullptr, {}};
  if (stand != nullptr) {
    guard.stand = *stand;
    guard.stand.path = guard.path;
  }
  guards.push_back(guard);
  steps.push_back({Step::Kind::kSelf, nullptr, place(path), guard.attributes});
}

void RootPlan::hide_credentials() {
  for (const std::string& secret : input_.hidden) {
    const mode_t kind = is_bound(secret) ? kind_of(secret) : 0;
    if (kind == 0) {
      continue;
    }
    Step step{Step::Kind::kHide, nullptr, place(secret), kFixed | kernel::kNoExec};
    step.directory = kind == S_IFDIR;
    steps.push_back(step);
  }
}

}  // namespace oap::sandbox
