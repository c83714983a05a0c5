#include "os/file.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <system_error>

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace oap::os {
namespace {

Result<void> check_path(std::string_view doing, const std::string& path) {
  if (path.empty()) {
    return fail(Code::kInvalidArgument, "{}: the path is empty", doing);
  }
  if (path.find('\0') != std::string::npos) {
    return fail(Code::kInvalidArgument, "{} {}: the path holds a NUL byte", doing, path.c_str());
  }
  return {};
}

Code code_of(int error_number) {
  switch (error_number) {
    case ENOENT:
      return Code::kNotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::kFailedPrecondition;
    case EEXIST:
      return Code::kAlreadyExists;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return Code::kResourceExhausted;
    case EISDIR:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case EINVAL:
      return Code::kInvalidArgument;
    default:
      return Code::kUnavailable;
  }
}

std::string parent_of(const std::string& path) {
  const std::size_t end = path.find_last_not_of('/');
  const std::size_t slash = end == std::string::npos ? std::string::npos : path.rfind('/', end);
  if (slash == std::string::npos) {
    return end == std::string::npos && !path.empty() ? "/" : ".";
  }
  const std::size_t keep = path.find_last_not_of('/', slash);
  return keep == std::string::npos ? "/" : path.substr(0, keep + 1);
}

std::string temporary_name(const std::string& path) {
  std::uint64_t random = 0;
  if (getrandom(&random, sizeof random, 0) != static_cast<ssize_t>(sizeof random)) {
    random =
        static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  }
  const std::string parent = parent_of(path);
  return fmt::format("{}{}.oap-{:016x}.tmp", parent, parent == "/" ? "" : "/", random);
}

int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0) {
      if (errno == EINTR) {
        continue;
      }
      return errno;
    }
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

Result<void> sync_directory(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) {
    return fail(errno_error("opening the directory", path, errno));
  }
  if (::fsync(fd.get()) != 0 && errno != EINVAL && errno != EROFS) {
    return fail(errno_error("syncing the directory", path, errno));
  }
  return {};
}

Result<std::string> read_link(const std::string& path) {
  std::string target(256, '\0');
  while (true) {
    const ssize_t n = ::readlink(path.c_str(), target.data(), target.size());
    if (n < 0) {
      return fail(errno_error("reading the link", path, errno));
    }
    if (static_cast<std::size_t>(n) < target.size()) {
      target.resize(static_cast<std::size_t>(n));
      return target;
    }
    target.resize(target.size() * 2);
  }
}

/// Components still to be walked, the next one last.
void push_components(std::vector<std::string>& pending, std::string_view path) {
  const std::size_t start = pending.size();
  std::size_t at = 0;
  while (at <= path.size()) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, slash - at);
    if (!part.empty() && part != ".") {
      pending.emplace_back(part);
    }
    at = slash + 1;
  }
  std::reverse(pending.begin() + static_cast<std::ptrdiff_t>(start), pending.end());
}

}  // namespace

void UniqueFd::reset(int fd) {
  if (fd_ >= 0) {
    ::close(fd_);
  }
  fd_ = fd;
}

Error errno_error(std::string_view doing, std::string_view path, int error_number) {
  return Error(code_of(error_number), fmt::format("{} {}: {}", doing, path,
                                                  std::generic_category().message(error_number)));
}

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
  OAP_CHECK_OK(check_path("reading", path));
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) {
    return fail(errno_error("reading", path, errno));
  }
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) {
    return fail(errno_error("reading", path, errno));
  }
  if (S_ISDIR(info.st_mode)) {
    return fail(Code::kInvalidArgument, "reading {}: it is a directory, not a file", path);
  }
  const auto too_large = [&] {
    return fail(Code::kResourceExhausted, "reading {}: the file has more than the {} bytes allowed",
                path, max_bytes);
  };
  if (S_ISREG(info.st_mode) && static_cast<std::uint64_t>(info.st_size) > max_bytes) {
    return too_large();
  }
  std::string text;
  std::size_t used = 0;
  std::size_t room = static_cast<std::size_t>(info.st_size > 0 ? info.st_size : 0) + 1;
  while (true) {
    text.resize(used + std::max<std::size_t>(room, 4096));
    const ssize_t n = ::read(fd.get(), text.data() + used, text.size() - used);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0 && errno == EAGAIN) {
      return fail(Code::kUnavailable, "reading {}: it is a pipe or device with nothing to read",
                  path);
    }
    if (n < 0) {
      return fail(errno_error("reading", path, errno));
    }
    if (n == 0) {
      break;
    }
    used += static_cast<std::size_t>(n);
    if (used > max_bytes) {
      return too_large();
    }
    room = used;
    if (static_cast<std::uint64_t>(info.st_size) >= used) {
      room = static_cast<std::size_t>(info.st_size) - used + 1;
    }
  }
  text.resize(used);
  return text;
}

Result<void> write_file_atomic(const std::string& path, std::string_view text, int mode) {
  OAP_CHECK_OK(check_path("writing", path));
  if (path.back() == '/' || is_directory(path)) {
    return fail(Code::kInvalidArgument, "writing {}: it is a directory, not a file", path);
  }
  const std::string temporary = temporary_name(path);
  UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) {
    return fail(errno_error("writing", path, errno));
  }
  int error = write_all(fd.get(), text);
  if (error == 0 && ::fchmod(fd.get(), static_cast<mode_t>(mode)) != 0) {
    error = errno;
  }
  if (error == 0 && ::fsync(fd.get()) != 0) {
    error = errno;
  }
  fd.reset();
  if (error == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) {
    error = errno;
  }
  if (error != 0) {
    ::unlink(temporary.c_str());
    return fail(errno_error("writing", path, error));
  }
  return sync_directory(parent_of(path));
}

Result<void> make_dirs(const std::string& path, int mode) {
  OAP_CHECK_OK(check_path("creating the directory", path));
  if (is_directory(path)) {
    return {};
  }
  std::size_t at = 0;
  while (at < path.size()) {
    at = std::min(path.find('/', at + 1), path.size());
    const std::string part = path.substr(0, at);
    if (::mkdir(part.c_str(), static_cast<mode_t>(mode)) == 0) {
      continue;
    }
    const int error = errno;
    if (is_directory(part)) {
      continue;
    }
    if (error == EEXIST) {
      return fail(Code::kAlreadyExists,
                  "creating the directory {}: {} is there and is not a directory", path, part);
    }
    return fail(errno_error("creating the directory", part, error));
  }
  return {};
}

Result<std::string> canonical_path(const std::string& path) {
  OAP_CHECK_OK(check_path("resolving", path));
  std::vector<std::string> pending;
  push_components(pending, path);
  if (path.front() != '/') {
    const std::unique_ptr<char, decltype(&std::free)> cwd(::getcwd(nullptr, 0), &std::free);
    if (!cwd) {
      return fail(errno_error("resolving", path, errno));
    }
    push_components(pending, cwd.get());
  }
  constexpr int kMostLinks = 40;
  int links = 0;
  std::string done;
  while (!pending.empty()) {
    const std::string part = std::move(pending.back());
    pending.pop_back();
    if (part == "..") {
      done.resize(done.empty() ? 0 : done.rfind('/'));
      continue;
    }
    const std::string next = done + "/" + part;
    struct stat info{};
    const int found = ::lstat(next.c_str(), &info);
    if (found != 0 && errno != ENOENT && errno != ENOTDIR) {
      return fail(errno_error("resolving", next, errno));
    }
    if (found == 0 && S_ISLNK(info.st_mode)) {
      if (++links > kMostLinks) {
        return fail(Code::kInvalidArgument, "resolving {}: too many symbolic links", path);
      }
      OAP_TRY(const std::string target, read_link(next));
      push_components(pending, target);
      if (!target.empty() && target.front() == '/') {
        done.clear();
      }
      continue;
    }
    done = next;
  }
  return done.empty() ? std::string("/") : done;
}

bool is_stand_in(const struct ::stat& info) {
  return S_ISSOCK(info.st_mode) && (info.st_mode & 07777U) == 0;
}

bool exists(const std::string& path) {
  struct stat info{};
  return path.find('\0') == std::string::npos && ::stat(path.c_str(), &info) == 0;
}

bool is_directory(const std::string& path) {
  struct stat info{};
  return path.find('\0') == std::string::npos && ::stat(path.c_str(), &info) == 0 &&
         S_ISDIR(info.st_mode);
}

Result<std::vector<std::string>> list_dir(const std::string& path) {
  OAP_CHECK_OK(check_path("listing", path));
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(path.c_str()), &::closedir);
  if (!dir) {
    return fail(errno_error("listing", path, errno));
  }
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(dir.get());
    if (entry == nullptr) {
      if (errno != 0) {
        return fail(errno_error("listing", path, errno));
      }
      break;
    }
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") {
      names.emplace_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace oap::os
