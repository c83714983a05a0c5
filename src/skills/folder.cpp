#include "skills/folder.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/hash.hpp"
#include "os/fd.hpp"
#include "os/file.hpp"
#include "skills/skill.hpp"
#include "text/utf8.hpp"

namespace oap::skills {
namespace {

struct CloseDir {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDir>;

std::string shown(std::string_view path) { return text::escape_visible(path); }

bool is_plain_name(std::string_view name) {
  return text::is_valid_utf8(name) && text::escape_visible(name) == name &&
         name.find('\\') == std::string_view::npos;
}

class Reader {
 public:
  explicit Reader(const FolderLimits& limits) : limits_(limits) {}

  Result<void> directory(os::UniqueFd fd, const std::string& prefix, int depth) {
    OAP_TRY(const std::vector<std::string> names, names_of(std::move(fd), prefix));
    for (const std::string& name : names) {
      OAP_CHECK_OK(entry(prefix, name, depth));
    }
    open_.pop_back();
    return {};
  }

  Result<void> file(const os::UniqueFd& fd, const struct ::stat& info, std::string path) {
    const auto size = static_cast<std::uint64_t>(std::max<off_t>(info.st_size, 0));
    if (folder_.files.size() >= limits_.files) {
      return fail(Code::kFailedPrecondition, "it has more than {} files", limits_.files);
    }
    if (size > limits_.file_bytes || folder_.bytes + size > limits_.bytes) {
      return fail(Code::kFailedPrecondition, "{} is too large ({} bytes)", shown(path), size);
    }
    FolderFile file{std::move(path), (info.st_mode & S_IXUSR) != 0, {}};
    file.text.resize(size + 1);
    std::size_t have = 0;
    while (have < file.text.size()) {
      const ssize_t got = ::read(fd.get(), file.text.data() + have, file.text.size() - have);
      if (got < 0 && errno == EINTR) {
        continue;
      }
      if (got < 0) {
        return fail(os::errno_error("reading", file.path, errno));
      }
      if (got == 0) {
        break;
      }
      have += static_cast<std::size_t>(got);
    }
    if (have > size) {
      return fail(Code::kFailedPrecondition, "{} grew while it was read", shown(file.path));
    }
    file.text.resize(have);
    folder_.bytes += have;
    folder_.files.push_back(std::move(file));
    return {};
  }

  Folder take() {
    std::sort(folder_.files.begin(), folder_.files.end(),
              [](const FolderFile& a, const FolderFile& b) { return a.path < b.path; });
    crypto::Sha256 all;
    for (const FolderFile& file : folder_.files) {
      all.update(file.path);
      all.update(std::string_view("\0", 1));
      all.update(file.executable ? "x" : "-");
      all.update(crypto::sha256_hex(file.text));
      all.update("\n");
    }
    folder_.digest = "sha256:" + all.finish_hex();
    return std::move(folder_);
  }

 private:
  Result<std::vector<std::string>> names_of(os::UniqueFd fd, const std::string& prefix) {
    const int copy = ::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0);
    const Directory directory(copy < 0 ? nullptr : ::fdopendir(copy));
    if (directory == nullptr) {
      return fail(os::errno_error("reading", prefix, errno));
    }
    open_.push_back(std::move(fd));
    std::vector<std::string> names;
    while (const dirent* const item = ::readdir(directory.get())) {
      const std::string_view name = item->d_name;
      if (name == "." || name == ".." || (prefix.empty() && name == ".git")) {
        continue;
      }
      if (names.size() >= limits_.files) {
        return fail(Code::kFailedPrecondition, "it has more than {} files", limits_.files);
      }
      names.emplace_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<void> entry(const std::string& prefix, const std::string& name, int depth) {
    std::string path = prefix + name;
    if (!is_plain_name(name)) {
      return fail(Code::kFailedPrecondition, "the name {} has characters that cannot be seen",
                  shown(path));
    }
    os::UniqueFd fd(::openat(open_.back().get(), name.c_str(),
                             O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
    struct stat info{};
    if (!fd && errno == ELOOP) {
      return fail(Code::kFailedPrecondition, "{} is a symbolic link", shown(path));
    }
    if (!fd || ::fstat(fd.get(), &info) != 0) {
      return fail(os::errno_error("reading", path, errno));
    }
    if (S_ISREG(info.st_mode)) {
      return file(fd, info, std::move(path));
    }
    if (!S_ISDIR(info.st_mode)) {
      return fail(Code::kFailedPrecondition, "{} is neither a file nor a folder", shown(path));
    }
    if (depth >= limits_.depth) {
      return fail(Code::kFailedPrecondition, "{} is more than {} folders deep", shown(path),
                  limits_.depth);
    }
    return directory(std::move(fd), path + "/", depth + 1);
  }

  const FolderLimits& limits_;
  std::vector<os::UniqueFd> open_;
  Folder folder_;
};

}  // namespace

const FolderFile* Folder::find(std::string_view path) const {
  for (const FolderFile& file : files) {
    if (file.path == path) {
      return &file;
    }
  }
  return nullptr;
}

Result<Folder> read_folder(const std::string& path, const FolderLimits& limits) {
  os::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW));
  if (!fd) {
    return fail(os::errno_error("opening", path, errno));
  }
  Reader reader(limits);
  if (auto done = reader.directory(std::move(fd), "", 1); !done) {
    return fail(std::move(done).error());
  }
  return reader.take();
}

Result<Folder> read_flat(const std::string& path) {
  const os::UniqueFd fd(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  struct stat info{};
  if (!fd || ::fstat(fd.get(), &info) != 0) {
    return fail(os::errno_error("opening", path, errno));
  }
  if (!S_ISREG(info.st_mode)) {
    return fail(Code::kFailedPrecondition, "{} is no regular file", shown(path));
  }
  FolderLimits limits;
  limits.file_bytes = kMostSkillBytes;
  Reader reader(limits);
  OAP_CHECK_OK(reader.file(fd, info, std::filesystem::path(path).filename().string()));
  return reader.take();
}

Result<void> write_folder(const Folder& folder, const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (fs::exists(fs::symlink_status(path, error))) {
    return fail(Code::kAlreadyExists, "{} exists already", shown(path));
  }
  OAP_CHECK_OK(os::make_dirs(fs::path(path).parent_path().string()));
  const std::string making = path + ".new-" + crypto::random_hex(4);
  Result<void> done = os::make_dirs(making);
  for (const FolderFile& file : folder.files) {
    const fs::path target = fs::path(making) / file.path;
    if (done) {
      done = os::make_dirs(target.parent_path().string());
    }
    if (done) {
      done = os::write_file_atomic(target.string(), file.text, file.executable ? 0755 : 0644);
    }
  }
  if (done && ::rename(making.c_str(), path.c_str()) != 0) {
    done = fail(os::errno_error("renaming to", path, errno));
  }
  if (!done) {
    fs::remove_all(making, error);
  }
  return done;
}

}  // namespace oap::skills
