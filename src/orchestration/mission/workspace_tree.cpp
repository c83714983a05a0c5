#include "orchestration/mission/workspace_tree.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/hash.hpp"
#include "orchestration/mission/ignore_rules.hpp"
#include "os/fd.hpp"
#include "os/file.hpp"
#include "sandbox/plan.hpp"
#include "text/strings.hpp"

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

/// Folders that builds and installations fill.
constexpr std::array<std::string_view, 16> kMade = {
    "build", "dist",   "target", "out", "bin",  "obj",   "_build", "coverage",
    "tmp",   "vendor", "venv",   "env", "logs", ".next", ".nuxt",  ".gradle"};

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool left_out(std::string_view name) { return is_one_of(name, kLeftOut) || name.ends_with(".pyc"); }

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
    OAP_CHECK_OK(enter(std::move(root), "", Rules{}, 0));
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
  /// What is left out here: by what the files say now, and by what they said at the first look.
  struct Rules {
    IgnoreRules now;
    IgnoreRules first;
    bool hidden = false;  ///< a folder above is left out now and was not at first
  };

  Result<void> enter(os::UniqueFd directory, const std::string& path, Rules rules,
                     std::size_t depth) {
    if (depth > kMaxDepth) {
      return {};
    }
    const std::string ignore = tree_.workspace_ + "/" + path + ".gitignore";
    if (auto text = ::faccessat(directory.get(), ".gitignore", R_OK, 0) == 0
                        ? os::read_file(ignore, kIgnoreBytes)
                        : Result<std::string>(fail(Code::kNotFound, "none"))) {
      rules.now.add(*text, path);
      if (tree_.round_ == 1) {
        tree_.first_rules_[path] = *std::move(text);
      }
    }
    if (const auto first = tree_.first_rules_.find(path); first != tree_.first_rules_.end()) {
      rules.first.add(first->second, path);
    }
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
                     const Rules& rules, std::size_t depth) {
    struct stat info{};
    if (::fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return {};
    }
    const bool is_folder = S_ISDIR(info.st_mode);
    const bool hidden = rules.hidden || rules.now.ignores(path, is_folder);
    if (hidden &&
        (rules.first.ignores(path, is_folder) || !counts_all_the_same(name, path, is_folder))) {
      return {};
    }
    if (is_folder) {
      os::UniqueFd inner(
          ::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      Rules below = rules;
      below.hidden = hidden;
      return inner ? enter(std::move(inner), path + "/", std::move(below), depth + 1)
                   : Result<void>{};
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

  /// Of what a rule leaves out that was not there at first: what had counted before, and programs.
  bool counts_all_the_same(const std::string& name, const std::string& path, bool is_folder) const {
    if (!is_folder) {
      return tree_.known_.contains(path) || is_program_text(path);
    }
    const std::string below = path + "/";
    return !is_one_of(name, kMade) ||
           std::any_of(tree_.known_.begin(), tree_.known_.end(),
                       [&below](const auto& entry) { return entry.first.starts_with(below); });
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

bool is_program_text(std::string_view path) {
  static constexpr std::array<std::string_view, 61> kEndings = {
      "c",   "cc",  "cpp",  "cxx",   "h",      "hh",    "hpp",    "hxx",  "m",   "mm",   "py",
      "pyi", "pyx", "js",   "mjs",   "cjs",    "jsx",   "ts",     "mts",  "cts", "tsx",  "vue",
      "go",  "rs",  "java", "kt",    "kts",    "scala", "groovy", "cs",   "fs",  "vb",   "swift",
      "rb",  "php", "pl",   "pm",    "lua",    "r",     "jl",     "ex",   "exs", "erl",  "hs",
      "ml",  "mli", "clj",  "dart",  "zig",    "nim",   "sh",     "bash", "zsh", "fish", "ps1",
      "bat", "sql", "mk",   "cmake", "gradle", "proto"};
  static constexpr std::array<std::string_view, 7> kNames = {
      "makefile", "gnumakefile", "dockerfile", "cmakelists.txt", "rakefile", "justfile", "build"};
  const std::size_t slash = path.rfind('/');
  const std::string name =
      text::lower_ascii(slash == std::string_view::npos ? path : path.substr(slash + 1));
  const std::size_t dot = name.rfind('.');
  return is_one_of(name, kNames) ||
         (dot != std::string::npos && is_one_of(std::string_view(name).substr(dot + 1), kEndings));
}

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
