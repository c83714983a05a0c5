#include "checkpoint/picture.hpp"

#include <algorithm>
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

std::int64_t now() {
  timespec time = {};
  clock_gettime(CLOCK_REALTIME, &time);
  return nanoseconds(time);
}

}  // namespace

class Picture::Walk {
 public:
  explicit Walk(Picture& picture) : picture_(picture) {}

  Result<std::map<std::string, Seen>> run() {
    OAP_CHECK_OK(folder("", 0));
    return std::move(found_);
  }

 private:
  Result<void> folder(const std::string& relative, std::size_t depth) {
    const std::string place =
        relative.empty() ? picture_.workspace_ : picture_.workspace_ + "/" + relative;
    const os::UniqueFd fd(::open(place.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd || depth > kDeepest) {
      return {};
    }
    const auto names = os::list_dir(place);
    if (!names) {
      return {};
    }
    const std::size_t patterns = ignore_.count();
    if (const auto text = os::read_file(place + "/.gitignore", kMaxIgnoreFile)) {
      ignore_.add(*text, relative);
    }
    for (const std::string& name : *names) {
      OAP_CHECK_OK(entry(fd.get(), relative.empty() ? name : relative + "/" + name, name, depth));
    }
    ignore_.keep(patterns);
    return {};
  }

  Result<void> entry(int folder_fd, const std::string& path, const std::string& name,
                     std::size_t depth) {
    struct stat info = {};
    const bool skipped = name == ".git" || name == "node_modules";
    if (skipped || ::fstatat(folder_fd, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return {};
    }
    const bool is_folder = S_ISDIR(info.st_mode);
    const bool counts = is_folder || S_ISREG(info.st_mode) || S_ISLNK(info.st_mode);
    const bool own = is_folder && picture_.workspace_ + "/" + path == picture_.own_;
    if (!counts || own || ignore_.ignores(path, is_folder)) {
      return {};
    }
    if (found_.size() >= picture_.bounds_.max_entries) {
      return fail(Code::kResourceExhausted,
                  "the workspace has more than {} files: what commands change in it cannot be "
                  "taken back, only what write_file and edit_file change",
                  picture_.bounds_.max_entries);
    }
    OAP_TRY(found_[path], look(path, info));
    const PathState& state = found_[path].state;
    bytes_ += state.kind == Kind::kFile && state.known() ? state.size : 0;
    if (bytes_ > picture_.bounds_.max_picture) {
      return fail(Code::kResourceExhausted,
                  "the workspace holds more than {} MB: what commands change in it cannot be taken "
                  "back, only what write_file and edit_file change",
                  picture_.bounds_.max_picture >> 20U);
    }
    return is_folder ? folder(path, depth + 1) : Result<void>{};
  }

  Result<Seen> look(const std::string& path, const struct stat& info) const {
    Seen seen;
    seen.modified = nanoseconds(info.st_mtim);
    seen.changed = nanoseconds(info.st_ctim);
    seen.inode = info.st_ino;
    const auto before = picture_.seen_.find(path);
    const std::uint32_t mode = info.st_mode & 07777U;
    if (S_ISDIR(info.st_mode)) {
      seen.state = {Kind::kDirectory, "", mode, 0};
      return seen;
    }
    const bool same = before != picture_.seen_.end() && before->second.sure &&
                      before->second.modified == seen.modified &&
                      before->second.changed == seen.changed &&
                      before->second.inode == seen.inode &&
                      (S_ISLNK(info.st_mode) ||
                       before->second.state.size == static_cast<std::uint64_t>(info.st_size));
    if (same) {
      return before->second;
    }
    seen.sure = now() - std::max(seen.modified, seen.changed) > kTimeGrain;
    auto state = picture_.contents_.keep(picture_.workspace_ + "/" + path);
    if (!state) {  // not readable, or gone meanwhile
      seen.state = {Kind::kFile, "", mode, static_cast<std::uint64_t>(info.st_size)};
      return seen;
    }
    seen.state = *std::move(state);
    return seen;
  }

  Picture& picture_;
  Ignore ignore_;
  std::map<std::string, Seen> found_;
  std::uint64_t bytes_ = 0;
};

Picture::Picture(std::string workspace, std::string own, const Contents& contents, Bounds bounds)
    : workspace_(std::move(workspace)),
      own_(std::move(own)),
      contents_(contents),
      bounds_(bounds) {}

Result<void> Picture::take() {
  OAP_TRY(seen_, Walk(*this).run());
  return {};
}

Picture::Entries Picture::entries() const {
  Entries entries;
  for (const auto& [path, seen] : seen_) {
    entries.emplace_hint(entries.end(), path, seen.state);
  }
  return entries;
}

const PathState* Picture::find(const std::string& path) const {
  const auto found = seen_.find(path);
  return found == seen_.end() ? nullptr : &found->second.state;
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
