#include "checkpoint/contents.hpp"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/hash.hpp"
#include "os/fd.hpp"
#include "os/file.hpp"

namespace oap::checkpoint {
namespace {

using Kind = PathState::Kind;
constexpr std::size_t kPiece = 256U << 10U;
constexpr std::size_t kMaxTarget = 4'096;

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

bool write_whole(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// A name beside `path` that nobody else uses.
std::string beside(const std::string& path) {
  return parent_of(path) + "/.oap-restore-" + crypto::random_hex(8);
}

}  // namespace

Contents::Contents(std::string folder, std::uint64_t max_file)
    : folder_(std::move(folder)), max_file_(max_file) {}

std::string Contents::file_of(const std::string& hash) const {
  return folder_ + "/" + hash.substr(0, 2) + "/" + hash.substr(2);
}

Result<PathState> Contents::keep(const std::string& path) const { return read(path, true); }
Result<PathState> Contents::look(const std::string& path) const { return read(path, false); }

Result<PathState> Contents::read(const std::string& path, bool keep) const {
  struct stat info = {};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) {
      return PathState{};
    }
    return fail(os::errno_error("looking at", path, errno));
  }
  PathState state;
  state.mode = info.st_mode & 07777U;
  if (S_ISDIR(info.st_mode)) {
    state.kind = Kind::kDirectory;
  } else if (S_ISLNK(info.st_mode)) {
    char target[kMaxTarget];
    const ssize_t length = ::readlink(path.c_str(), target, sizeof target);
    if (length < 0) {
      return fail(os::errno_error("reading the link", path, errno));
    }
    state.kind = Kind::kLink;
    state.mode = 0777;
    state.content.assign(target, static_cast<std::size_t>(length));
  } else if (S_ISREG(info.st_mode)) {
    state.kind = Kind::kFile;
    state.size = static_cast<std::uint64_t>(info.st_size);
    if (state.size <= max_file_) {
      const os::UniqueFd fd(
          ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
      if (!fd) {
        return fail(os::errno_error("opening", path, errno));
      }
      OAP_TRY(state.content, take_in(fd.get(), path, keep));
    }
  } else {
    state.kind = Kind::kOther;
  }
  return state;
}

/// The hash of what the descriptor holds, which is kept under it; "" where there is too much.
Result<std::string> Contents::take_in(int fd, const std::string& path, bool keep) const {
  os::UniqueFd out;
  std::string name;
  if (keep) {
    name = folder_ + "/new-" + crypto::random_hex(8);
    out = os::UniqueFd(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!out) {
      return fail(os::errno_error("writing", name, errno));
    }
  }
  crypto::Sha256 hash;
  std::string piece(kPiece, '\0');
  std::uint64_t total = 0;
  bool whole = true;
  while (true) {
    const ssize_t got = ::read(fd, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    const std::string_view bytes(piece.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    total += bytes.size();
    whole = got >= 0 && total <= max_file_ && (!keep || write_whole(out.get(), bytes));
    if (!whole || got == 0) {
      break;
    }
    hash.update(bytes);
  }
  if (!whole) {
    const int error = errno;
    if (keep) {
      ::unlink(name.c_str());
    }
    return total > max_file_ ? Result<std::string>(std::string())
                             : fail(os::errno_error("keeping", path, error));
  }
  std::string digest = hash.finish_hex();
  if (keep) {
    const std::string kept = file_of(digest);
    ::mkdir(parent_of(kept).c_str(), 0700);
    if (::rename(name.c_str(), kept.c_str()) != 0) {
      const int error = errno;
      ::unlink(name.c_str());
      return fail(os::errno_error("keeping", path, error));
    }
  }
  return digest;
}

Result<void> Contents::restore(const std::string& path, const PathState& state) const {
  struct stat info = {};
  const bool is_there = ::lstat(path.c_str(), &info) == 0;
  const bool is_folder = is_there && S_ISDIR(info.st_mode);
  const bool in_the_way =
      is_there && (state.kind == Kind::kAbsent || is_folder != (state.kind == Kind::kDirectory));
  if (in_the_way && (is_folder ? ::rmdir(path.c_str()) : ::unlink(path.c_str())) != 0) {
    return fail(os::errno_error("removing", path, errno));
  }
  if (state.kind == Kind::kAbsent) {
    return {};
  }
  if (state.kind == Kind::kDirectory) {
    OAP_CHECK_OK(os::make_dirs(path));
    return ::chmod(path.c_str(), state.mode) == 0
               ? Result<void>{}
               : fail(os::errno_error("changing the mode of", path, errno));
  }
  OAP_CHECK_OK(os::make_dirs(parent_of(path)));
  const std::string name = beside(path);
  if (state.kind == Kind::kLink) {
    if (::symlink(state.content.c_str(), name.c_str()) != 0) {
      return fail(os::errno_error("writing", path, errno));
    }
  } else {
    OAP_TRY(const std::string text, os::read_file(file_of(state.content), max_file_));
    if (crypto::sha256_hex(text) != state.content) {
      return fail(Code::kDataLoss, "the kept content of {} is damaged", path);
    }
    const os::UniqueFd fd(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    const bool written = fd && write_whole(fd.get(), text) && ::fchmod(fd.get(), state.mode) == 0 &&
                         ::fsync(fd.get()) == 0;
    if (!written) {
      const int error = errno;
      ::unlink(name.c_str());
      return fail(os::errno_error("writing", path, error));
    }
  }
  if (::rename(name.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(name.c_str());
    return fail(os::errno_error("replacing", path, error));
  }
  return {};
}

void Contents::for_each(
    const std::function<void(const std::string& hash, const std::string& file)>& visit) const {
  const auto groups = os::list_dir(folder_);
  if (!groups) {
    return;
  }
  for (const std::string& group : *groups) {
    const auto files = os::list_dir(folder_ + "/" + group);
    if (group.size() != 2 || !files) {
      continue;
    }
    for (const std::string& file : *files) {
      visit(group + file, folder_ + "/" + group + "/" + file);
    }
  }
}

std::uint64_t Contents::bytes() const {
  std::uint64_t total = 0;
  for_each([&total](const std::string&, const std::string& file) {
    struct stat info = {};
    if (::lstat(file.c_str(), &info) == 0) {
      total += static_cast<std::uint64_t>(info.st_size);
    }
  });
  return total;
}

void Contents::sweep(const std::function<bool(const std::string& hash)>& used) const {
  for_each([&used](const std::string& hash, const std::string& file) {
    if (!used(hash)) {
      ::unlink(file.c_str());
    }
  });
}

}  // namespace oap::checkpoint
