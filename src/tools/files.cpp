#include "tools/files.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ids.hpp"

namespace oap::tools {
namespace {

Result<void> write_all(int fd, std::string_view text, std::string_view shown) {
  while (!text.empty()) {
    const ssize_t put = ::write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put < 0) {
      return fail(errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? Code::kResourceExhausted
                                                                       : Code::kFailedPrecondition,
                  "{} cannot be written: {}", shown, std::strerror(errno));
    }
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

}  // namespace

bool is_binary(std::string_view start) {
  return start.substr(0, 8192).find('\0') != std::string_view::npos;
}

std::int64_t size_of(const OpenFile& file) {
  struct stat status = {};
  return ::fstat(file.get(), &status) == 0 ? status.st_size : 0;
}

Result<void> lock(const Place& place) {
  constexpr int kTries = 2000;
  constexpr useconds_t kPause = 5000;
  for (int i = 0; i < kTries; ++i) {
    if (::flock(place.directory.get(), LOCK_EX | LOCK_NB) == 0) {
      return {};
    }
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return {};  // a file system without locks: as good as it gets
    }
    ::usleep(kPause);
  }
  return fail(Code::kUnavailable, "the directory of {} is locked by another program", place.shown);
}

Result<std::string> read_all(const OpenFile& file, std::size_t limit, std::string_view shown) {
  std::string text;
  std::string buffer(64 * 1024, '\0');
  while (true) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return fail(Code::kFailedPrecondition, "{} cannot be read: {}", shown, std::strerror(errno));
    }
    if (got == 0) {
      return text;
    }
    text.append(buffer, 0, static_cast<std::size_t>(got));
    if (text.size() > limit) {
      return fail(Code::kResourceExhausted, "{} is larger than {} bytes", shown, limit);
    }
  }
}

Result<void> replace_file(const Place& place, std::string_view text) {
  const int directory = place.directory.get();
  struct stat old = {};
  const bool existed = ::fstatat(directory, place.name.c_str(), &old, AT_SYMLINK_NOFOLLOW) == 0;
  const std::string temporary = "." + new_id("oap_write_") + ".tmp";
  OpenFile file(
      ::openat(directory, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!file) {
    return fail(Code::kFailedPrecondition, "{} cannot be written: {}", place.shown,
                std::strerror(errno));
  }
  Result<void> done = write_all(file.get(), text, place.shown);
  if (done && existed) {
    if (::fchown(file.get(), old.st_uid, old.st_gid) != 0) {
      // Only root may give a file away; anybody else keeps what is written.
    }
    ::fchmod(file.get(), old.st_mode & 07777U);
  }
  if (done && ::fsync(file.get()) != 0 && errno != EINVAL && errno != EROFS) {
    done = fail(Code::kFailedPrecondition, "{} cannot be written to disk: {}", place.shown,
                std::strerror(errno));
  }
  if (done && ::renameat(directory, temporary.c_str(), directory, place.name.c_str()) != 0) {
    done = fail(Code::kFailedPrecondition, "{} cannot be replaced: {}", place.shown,
                std::strerror(errno));
  }
  if (!done) {
    ::unlinkat(directory, temporary.c_str(), 0);
  }
  return done;
}

}  // namespace oap::tools
