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
/// descriptor; kUnavailable after `wait`.
class Flock {
 public:
  static constexpr Millis kWait{10'000};

  static Result<Flock> acquire(int fd, const std::string& dir, Millis wait = kWait) {
    const Deadline deadline = Deadline::after(wait);
    auto pause = std::chrono::microseconds(20);
    while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK && errno != EINTR) {
        return fail(os::errno_error("locking the audit log in", dir, errno));
      }
      if (deadline.passed()) {
        return fail(Code::kUnavailable,
                    "the audit log in {} has been locked by another process for {} s", dir,
                    static_cast<double>(wait.count()) / 1'000);
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
  explicit Flock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace oap::audit
