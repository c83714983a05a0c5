#include "audit/regular_file.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.hpp"

namespace oap::audit {
namespace {

constexpr std::string_view kMovedAway =
    "the audit log reads only files of its own; put back what was there, or move the audit folder "
    "away to begin anew";

Error failure(std::string_view doing, const std::string& path, int number) {
  if (number == ELOOP) {
    return {Code::kFailedPrecondition,
            fmt::format("{} {}: it is, or leads through, a symbolic link that is not followed; {}",
                        doing, path, kMovedAway)};
  }
  return advised(os::errno_error(doing, path, number));
}

Error irregular(const std::string& path) {
  return {Code::kFailedPrecondition, fmt::format("{} is not a regular file; {}", path, kMovedAway)};
}

Result<os::UniqueFd> opened(int dir_fd, const std::string& name, const std::string& path,
                            int flags) {
  constexpr int kAlways = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  os::UniqueFd file(::openat(dir_fd, name.c_str(), flags | kAlways, 0600));
  struct stat info{};
  if (!file && (errno == ENXIO || errno == EISDIR)) {
    return fail(irregular(path));
  }
  if (!file || fstat(file.get(), &info) != 0) {
    return fail(failure("opening", path, errno));
  }
  if (!S_ISREG(info.st_mode)) {
    return fail(irregular(path));
  }
  return file;
}

}  // namespace

Error advised(const Error& error) {
  if (error.code() != Code::kFailedPrecondition) {
    return error;
  }
  return {error.code(),
          fmt::format("{}; run as the user whom the audit log belongs to, or give this user the "
                      "right to read and write there",
                      error.message())};
}

Result<os::UniqueFd> open_regular(int dir_fd, const std::string& dir, const std::string& name,
                                  int flags) {
  return opened(dir_fd, name, dir + "/" + name, flags);
}

Result<os::UniqueFd> open_regular(const std::string& path, int flags) {
  return opened(AT_FDCWD, path, path, flags);
}

Result<std::string> read_regular(const std::string& path, std::size_t max_bytes) {
  OAP_TRY(const os::UniqueFd file, open_regular(path, O_RDONLY));
  struct stat info{};
  if (fstat(file.get(), &info) != 0) {
    return fail(failure("reading", path, errno));
  }
  std::string text(std::min(static_cast<std::size_t>(info.st_size), max_bytes) + 1, '\0');
  std::size_t done = 0;
  while (true) {
    const ssize_t got = ::read(file.get(), text.data() + done, text.size() - done);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return fail(failure("reading", path, errno));
    }
    done += static_cast<std::size_t>(got);
    if (done > max_bytes) {
      return fail(Code::kResourceExhausted,
                  "reading {}: the file has more than the {} bytes allowed", path, max_bytes);
    }
    if (got == 0) {
      text.resize(done);
      return text;
    }
    if (done == text.size()) {
      text.resize(std::min(done * 2, max_bytes + 1));
    }
  }
}

Result<bool> is_there(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0) {
    return true;
  }
  if (errno == ENOENT || errno == ENOTDIR) {
    return false;
  }
  return fail(failure("looking for", path, errno));
}

}  // namespace oap::audit
