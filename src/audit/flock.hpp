#pragma once

#include <cerrno>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <sys/file.h>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "os/file.hpp"

namespace oap::audit {

/// flock(2) on a descriptor that stays open: cheaper than a fresh one for each group. Borrows the
/// descriptor; kUnavailable after 10 s.
class Flock {
 public:
  static Result<Flock> acquire(int fd, const std::string& dir) {
    const Deadline deadline = Deadline::after(kWait);
    auto pause = std::chrono::microseconds(20);
    while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK && errno != EINTR) {
        return fail(os::errno_error("locking the audit log in", dir, errno));
      }
      if (deadline.passed()) {
        return fail(Code::kUnavailable,
                    "the audit log in {} has been locked by another process for {} s", dir,
                    kWait.count() / 1000);
      }
      std::this_thread::sleep_for(pause);
      pause = std::min(pause * 2, std::chrono::microseconds(1'000));
    }
    return Flock(fd);
  }
  /// Nothing where somebody else holds it.
  static std::optional<Flock> try_acquire(int fd) {
    return ::flock(fd, LOCK_EX | LOCK_NB) == 0 ? std::optional(Flock(fd)) : std::nullopt;
  }
  Flock(Flock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Flock& operator=(Flock&&) = delete;
  ~Flock() {
    if (fd_ >= 0) {
      ::flock(fd_, LOCK_UN);
    }
  }

 private:
  static constexpr Millis kWait{10'000};

  explicit Flock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace oap::audit
