#include "checkpoint/picture.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpoint/ignore.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "os/fd.hpp"
#include "os/file.hpp"
#include "os/stand_in.hpp"
#include "text/strings.hpp"

namespace oap::checkpoint {
namespace {

using Kind = PathState::Kind;
constexpr std::size_t kDeepest = 64;
constexpr std::size_t kMaxIgnoreFile = 256U << 10U;
/// A file that was changed this shortly before it was read may change again unseen.
constexpr std::int64_t kTimeGrain = 50'000'000;

std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

std::int64_t wall() {
  timespec time = {};
  clock_gettime(CLOCK_REALTIME, &time);
  return nanoseconds(time);
}

}  // namespace

class Picture::Walk {
 public:
  explicit Walk(Picture& picture) : picture_(picture) {}

  Result<void> run() { return folder("", 0); }
  std::size_t count() const { return count_; }
  std::vector<Change> changes;

 private:
  struct CloseDir {
    void operator()(DIR* dir) const { ::closedir(dir); }
  };

  Result<void> folder(const std::string& relative, std::size_t depth) {
    const std::string place =
        relative.empty() ? picture_.workspace_ : picture_.workspace_ + "/" + relative;
    os::UniqueFd fd(::open(place.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd || depth > kDeepest) {
      return {};
    }
    const std::unique_ptr<DIR, CloseDir> dir(::fdopendir(fd.get()));
    if (!dir) {
      return {};
    }
    const int number = fd.release();  // the DIR closes it
    const std::size_t patterns = ignore_.count();
    struct stat info = {};
    if (::fstatat(number, ".gitignore", &info, AT_SYMLINK_NOFOLLOW) == 0) {
      if (const auto text = os::read_file(place + "/.gitignore", kMaxIgnoreFile)) {
        ignore_.add(*text, relative);
      }
    }
    while (const dirent* found = ::readdir(dir.get())) {
      const std::string_view name = found->d_name;
      if (name == "." || name == ".." || name == ".git" || name == "node_modules" ||
          ::fstatat(number, found->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
        continue;
      }
      std::string path = relative;
      path += relative.empty() ? "" : "/";
      path += name;
      if (!os::is_stand_in(number, found->d_name, info)) {
        OAP_CHECK_OK(entry(path, info, depth));
      } else if (S_ISDIR(info.st_mode)) {
        OAP_CHECK_OK(folder(path, depth + 1));
      }
    }
    ignore_.keep(patterns);
    return {};
  }

  Result<void> entry(const std::string& path, const struct stat& info, std::size_t depth) {
    const bool is_folder = S_ISDIR(info.st_mode);
    const bool counts = is_folder || S_ISREG(info.st_mode) || S_ISLNK(info.st_mode);
    const bool own = is_folder && picture_.workspace_ + "/" + path == picture_.own_;
    if (!counts || own || ignore_.ignores(path, is_folder)) {
      return {};
    }
    if (++count_ > picture_.bounds_.max_entries) {
      return fail(Code::kResourceExhausted,
                  "the workspace has more than {} files: what commands change in it cannot be "
                  "taken back, only what write_file and edit_file change",
                  picture_.bounds_.max_entries);
    }
    const PathState& state = look(path, info);
    bytes_ += state.kind == Kind::kFile && state.known() ? state.size : 0;
    if (bytes_ > picture_.bounds_.max_picture) {
      return fail(Code::kResourceExhausted,
                  "the workspace holds more than {} MB: what commands change in it cannot be taken "
                  "back, only what write_file and edit_file change",
                  picture_.bounds_.max_picture >> 20U);
    }
    return is_folder ? folder(path, depth + 1) : Result<void>{};
  }

  const PathState& look(const std::string& path, const struct stat& info) {
    const auto [place, is_new] = picture_.seen_.try_emplace(path);
    Seen& seen = place->second;
    seen.round = picture_.round_;
    const std::int64_t modified = nanoseconds(info.st_mtim);
    const std::int64_t changed = nanoseconds(info.st_ctim);
    const auto size = static_cast<std::uint64_t>(info.st_size);
    const bool same = !is_new && seen.sure && seen.modified == modified &&
                      seen.changed == changed && seen.inode == info.st_ino &&
                      (seen.state.kind != Kind::kFile || seen.state.size == size);
    if (same) {
      return seen.state;
    }
    PathState now = state_of(path, info);
    seen.sure = S_ISDIR(info.st_mode) || wall() - std::max(modified, changed) > kTimeGrain;
    seen.modified = modified;
    seen.changed = changed;
    seen.inode = info.st_ino;
    if (is_new || !(seen.state == now)) {
      changes.push_back({path, std::exchange(seen.state, now), std::move(now)});
    }
    return seen.state;
  }

  PathState state_of(const std::string& path, const struct stat& info) const {
    const std::uint32_t mode = info.st_mode & 07777U;
    if (S_ISDIR(info.st_mode)) {
      return {Kind::kDirectory, "", mode, 0};
    }
    auto state = picture_.contents_.keep(picture_.workspace_ + "/" + path);
    if (!state) {  // not readable, or gone meanwhile
      return {Kind::kFile, "", mode, static_cast<std::uint64_t>(info.st_size)};
    }
    return *std::move(state);
  }

  Picture& picture_;
  Ignore ignore_;
  std::size_t count_ = 0;
  std::uint64_t bytes_ = 0;
};

Picture::Picture(std::string workspace, std::string own, const Contents& contents, Bounds bounds)
    : workspace_(std::move(workspace)),
      own_(std::move(own)),
      contents_(contents),
      bounds_(bounds) {}

Result<std::vector<Change>> Picture::take() {
  ++round_;
  Walk walk(*this);
  if (const auto done = walk.run(); !done) {
    seen_.clear();
    return fail(done.error());
  }
  if (walk.count() != seen_.size()) {
    for (auto entry = seen_.begin(); entry != seen_.end();) {
      if (entry->second.round == round_) {
        ++entry;
        continue;
      }
      walk.changes.push_back({entry->first, std::move(entry->second.state), {}});
      entry = seen_.erase(entry);
    }
  }
  std::sort(walk.changes.begin(), walk.changes.end(),
            [](const Change& a, const Change& b) { return a.path < b.path; });
  return std::move(walk.changes);
}

void Picture::for_each_content(const std::function<void(const std::string& hash)>& visit) const {
  for (const auto& [path, seen] : seen_) {
    if (seen.state.kind == Kind::kFile) {
      visit(seen.state.content);
    }
  }
}

void Picture::load(const std::string& file) {
  const auto text = os::read_file(file);
  if (!text) {
    return;
  }
  for (const std::string_view line : text::split_lines(*text)) {
    const auto value = json::parse(line);
    const std::optional<PathState> state =
        value ? state_from_json(*value) : std::optional<PathState>();
    if (!state) {
      seen_.clear();
      return;
    }
    Seen seen;
    seen.state = *state;
    seen.modified = json::get_int(*value, "modified");
    seen.changed = json::get_int(*value, "changed");
    seen.inode = static_cast<std::uint64_t>(json::get_int(*value, "inode"));
    seen.sure = json::get_bool(*value, "sure");
    seen_[std::string(json::get_string(*value, "path"))] = std::move(seen);
  }
}

Result<void> Picture::save(const std::string& file) const {
  std::string text;
  for (const auto& [path, seen] : seen_) {
    json::Object line = to_json(seen.state);
    line["path"] = path;
    line["modified"] = seen.modified;
    line["changed"] = seen.changed;
    line["inode"] = static_cast<std::int64_t>(seen.inode);
    line["sure"] = seen.sure;
    text += json::print(json::Value(std::move(line))) + "\n";
  }
  return os::write_file_atomic(file, text, 0600);
}

}  // namespace oap::checkpoint
