#include <algorithm>

#include <sys/stat.h>
#include <unistd.h>

#include "os/file.hpp"
#include "sandbox/kernel.hpp"
#include "sandbox/places.hpp"
#include "sandbox/root_plan.hpp"

namespace oap::sandbox {
namespace {

constexpr std::uint64_t kSafe = kernel::kNoSuid | kernel::kNoDevices;
constexpr std::uint64_t kFixed = kSafe | kernel::kReadOnly;
constexpr std::size_t kLargestExclude = 1u << 20;

mode_t kind_of(const std::string& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_mode & S_IFMT : 0;
}

std::string link_target(const std::string& path) {
  std::string target(4096, '\0');
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  target.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return target;
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

/// Another child's, which goes when that one ends.
bool is_placeholder(const std::string& path, const Placeholder& stand) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) {
    return false;
  }
  switch (stand.kind) {
    case Placeholder::Kind::kSocket:
      return S_ISSOCK(info.st_mode) && (info.st_mode & 07777) == 0;
    case Placeholder::Kind::kDirectory:
      return S_ISDIR(info.st_mode) && (info.st_mode & 07777) == kPlaceholderMode;
    case Placeholder::Kind::kLink:
      return S_ISLNK(info.st_mode) && link_target(path) == kNowhere;
    case Placeholder::Kind::kText:
      return S_ISREG(info.st_mode) && (info.st_mode & 0222) == 0 &&
             os::read_file(path).value_or("?") == stand.text;
  }
  return false;
}

}  // namespace

/// What the caller gave by name, in a place that would be protected, is given.
bool RootPlan::lifted(const std::string& path) const {
  return std::any_of(input_.writable.begin(), input_.writable.end(), [&path](const auto& given) {
    return is_within(path, given) && given.find("/.", given.rfind('/')) != std::string::npos;
  });
}

void RootPlan::protect(const std::string& base) {
  for (const std::string& name : protected_names()) {
    protect_name(base, name);
  }
  if (base != input_.home) {
    if (is_within(input_.home, base)) {
      protect(input_.home);
    }
    return;
  }
  for (const std::string& name : protected_at_home()) {
    protect_name(base, name);
  }
  for (const std::string& secret : input_.hidden) {
    if (parent_of(secret) == base && kind_of(secret) == 0) {
      protect_name(base, secret.substr(base.size() + 1));
    }
  }
}

void RootPlan::protect_name(const std::string& base, const std::string& name) {
  for (std::size_t slash = name.find('/');; slash = name.find('/', slash + 1)) {
    const std::string path = base + "/" + name.substr(0, slash);
    if (lifted(path)) {
      return;
    }
    const bool last = slash == std::string::npos;
    const mode_t kind = kind_of(path);
    const Placeholder stand = stand_in(name.substr(0, slash), base == input_.home);
    if (kind == 0 || is_placeholder(path, stand)) {
      if (is_kept_missing(name, base == input_.home)) {
        stand_for(path, stand);
      }
      return;
    }
    if (kind == S_IFLNK) {
      pin(path, false);
      if (const auto real = os::canonical_path(path);
          real && os::exists(*real) && is_within(*real, base) && *real != base) {
        pin(*real, false);
      }
      return;
    }
    const bool inner = kind == S_IFDIR && (!last || name == ".git");
    pin(path, inner);
    if (last || kind != S_IFDIR) {
      return;
    }
  }
}

void RootPlan::stand_for(const std::string& path, Placeholder stand) {
  stand.path = keep(path);
  placeholders.push_back(stand);
  pin(path, false);
  const std::string& base = input_.workspace;
  if (stand.kind == Placeholder::Kind::kLink && parent_of(path) == base) {
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

void RootPlan::pin(const std::string& path, bool writable) {
  if (std::find(pinned_.begin(), pinned_.end(), path) != pinned_.end()) {
    return;
  }
  pinned_.push_back(path);
  steps.push_back({Step::Kind::kSelf, nullptr, place(path), writable ? kSafe : kFixed});
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
