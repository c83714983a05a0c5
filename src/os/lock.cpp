#include "os/lock.hpp"

#include <algorithm>
#include <cerrno>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>

#include "os/file.hpp"

namespace oap::os {

Result<FileLock> FileLock::acquire(const std::string& path, Deadline deadline) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) {
    return fail(errno_error("locking", path, errno));
  }
  Millis pause{1};
  constexpr Millis kLongestPause{10};
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) {
      continue;
    }
    if (errno != EWOULDBLOCK) {
      return fail(errno_error("locking", path, errno));
    }
    if (deadline.passed()) {
      return fail(Code::kDeadlineExceeded,
                  "locking {}: another process holds it; try again when that one has ended", path);
    }
    std::this_thread::sleep_for(std::min(pause, deadline.left() + Millis{1}));
    pause = std::min(pause * 2, kLongestPause);
  }
  return FileLock(std::move(fd));
}

}  // namespace oap::os
