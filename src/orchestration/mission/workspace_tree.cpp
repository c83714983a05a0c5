#include "orchestration/mission/workspace_tree.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/hash.hpp"
#include "orchestration/mission/ignore_rules.hpp"
#include "os/fd.hpp"
#include "os/file.hpp"
#include "sandbox/plan.hpp"

namespace oap::orchestration {
namespace {

constexpr std::array<std::string_view, 13> kLeftOut = {
    ".git",        ".opencode",   "node_modules", "__pycache__", ".pytest_cache",
    ".mypy_cache", ".ruff_cache", ".coverage",    ".cache",      ".ccache",
    ".hypothesis", ".tox",        ".venv"};
constexpr std::size_t kIgnoreBytes = 1U << 20U;
constexpr std::size_t kMaxDepth = 64;
constexpr std::int64_t kJustNow = 50'000'000;  // ns: a change within it may not move the times

std::int64_t nanos(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

std::int64_t now_nanos() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return nanos(now);
}

bool left_out(std::string_view name) {
  return std::find(kLeftOut.begin(), kLeftOut.end(), name) != kLeftOut.end() ||
         name.ends_with(".pyc");
}

std::string link_text(int directory, const char* name) {
  std::array<char, 4096> target{};
  const ssize_t length = ::readlinkat(directory, name, target.data(), target.size());
  return length < 0 ? std::string() : std::string(target.data(), static_cast<std::size_t>(length));
}

}  // namespace

/// One pass over the workspace.
class WorkspaceTree::Walk {
 public:
  explicit Walk(WorkspaceTree& tree) : tree_(tree), begun_(now_nanos()) {}

  Result<TreeSnapshot> run() {
    os::UniqueFd root(::open(tree_.workspace_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root) {
      return fail(os::errno_error("reading", tree_.workspace_, errno));
    }
    IgnoreRules rules;
    OAP_CHECK_OK(enter(std::move(root), "", rules, 0));
    crypto::Sha256 sum;
    for (const auto& [path, hash] : out_.files) {
      sum.update(path).update(std::string_view("\0", 1)).update(hash).update("\n");
    }
    out_.hash = sum.finish_hex();
    std::erase_if(tree_.known_,
                  [this](const auto& entry) { return entry.second.round != tree_.round_; });
    return std::move(out_);
  }

 private:
  Result<void> enter(os::UniqueFd directory, const std::string& path, const IgnoreRules& above,
                     std::size_t depth) {
    if (depth > kMaxDepth) {
      return {};
    }
    std::optional<IgnoreRules> own;
    const std::string ignore = tree_.workspace_ + "/" + path + ".gitignore";
    if (auto text = ::faccessat(directory.get(), ".gitignore", R_OK, 0) == 0
                        ? os::read_file(ignore, kIgnoreBytes)
                        : Result<std::string>(fail(Code::kNotFound, "none"))) {
      own = above;
      own->add(*text, path);
    }
    const IgnoreRules& rules = own ? *own : above;
    const int fd = ::fcntl(directory.get(), F_DUPFD_CLOEXEC, 3);
    DIR* const list = fd < 0 ? nullptr : ::fdopendir(fd);
    if (list == nullptr) {
      return {};
    }
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(list)) {
      names.emplace_back(entry->d_name);
    }
    ::closedir(list);
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      if (name != "." && name != ".." && !left_out(name)) {
        OAP_CHECK_OK(visit(directory.get(), name, path + name, rules, depth));
      }
    }
    return {};
  }

  Result<void> visit(int directory, const std::string& name, const std::string& path,
                     const IgnoreRules& rules, std::size_t depth) {
    struct stat info{};
    if (::fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return {};
    }
    if (rules.ignores(path, S_ISDIR(info.st_mode))) {
      return {};
    }
    if (S_ISDIR(info.st_mode)) {
      os::UniqueFd inner(
          ::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      return inner ? enter(std::move(inner), path + "/", rules, depth + 1) : Result<void>{};
    }
    if (out_.files.size() >= kMaxFiles) {
      return fail(Code::kResourceExhausted,
                  "the workspace has more than {} files that .gitignore does not leave out",
                  kMaxFiles);
    }
    if (is_placeholder(directory, name, info)) {
      return {};
    }
    if (S_ISLNK(info.st_mode)) {
      out_.files[path] = "link " + crypto::sha256_hex(link_text(directory, name.c_str()));
    } else if (S_ISREG(info.st_mode)) {
      out_.files[path] =
          ((info.st_mode & S_IXUSR) != 0 ? "x " : "f ") + content(directory, name, path, info);
    }
    return {};
  }

  /// What a sandbox puts where a protected name is missing, while a child runs.
  static bool is_placeholder(int directory, const std::string& name, const struct stat& info) {
    constexpr off_t kLongestText = 2;
    return (S_ISLNK(info.st_mode) && link_text(directory, name.c_str()) == sandbox::kNowhere) ||
           (S_ISREG(info.st_mode) && (info.st_mode & 0222U) == 0 && info.st_size <= kLongestText);
  }

  std::string content(int directory, const std::string& name, const std::string& path,
                      const struct stat& info) {
    Known& known = tree_.known_[path];
    const std::int64_t modified = nanos(info.st_mtim);
    const std::int64_t changed = nanos(info.st_ctim);
    const bool same = known.round != 0 && known.inode == info.st_ino &&
                      known.size == info.st_size && known.modified == modified &&
                      known.changed == changed;
    if (!same) {
      known.hash = read(directory, name, info);
    }
    known.inode = info.st_ino;
    known.size = info.st_size;
    known.modified = begun_ - changed < kJustNow ? 0 : modified;
    known.changed = changed;
    known.round = tree_.round_;
    return known.hash;
  }

  static std::string read(int directory, const std::string& name, const struct stat& info) {
    if (static_cast<std::uint64_t>(info.st_size) > kMaxFileBytes) {
      return "large " + std::to_string(info.st_size) + " " + std::to_string(nanos(info.st_mtim));
    }
    const os::UniqueFd file(
        ::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    if (!file) {
      return "unreadable";
    }
    crypto::Sha256 sum;
    std::array<char, 65'536> buffer;
    while (true) {
      const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
      if (got <= 0) {
        return got < 0 ? "unreadable" : sum.finish_hex();
      }
      sum.update({buffer.data(), static_cast<std::size_t>(got)});
    }
  }

  WorkspaceTree& tree_;
  std::int64_t begun_;
  TreeSnapshot out_;
};

Result<TreeSnapshot> WorkspaceTree::take() {
  ++round_;
  return Walk(*this).run();
}

std::vector<std::string> changed_files(const TreeSnapshot& before, const TreeSnapshot& after,
                                       std::size_t limit) {
  std::vector<std::string> names;
  for (const auto& [path, hash] : after.files) {
    const auto was = before.files.find(path);
    if (was == before.files.end() || was->second != hash) {
      names.push_back(path);
    }
  }
  for (const auto& [path, hash] : before.files) {
    if (!after.files.contains(path)) {
      names.push_back(path);
    }
  }
  std::sort(names.begin(), names.end());
  names.resize(std::min(names.size(), limit));
  return names;
}

}  // namespace oap::orchestration
