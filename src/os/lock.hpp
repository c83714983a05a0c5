#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "os/fd.hpp"

namespace oap::os {

/// An exclusive lock between processes: flock(2) on a file of its own, created mode 0600 where
/// missing and never deleted. Held until destroyed; the kernel drops it when the process dies.
/// Two FileLocks on one path exclude each other also within one process.
class FileLock {
 public:
  /// Waits until the deadline, at most a few milliseconds late; then kDeadlineExceeded.
  /// Blocks the calling thread.
  static Result<FileLock> acquire(const std::string& path, Deadline deadline);

  FileLock(FileLock&&) noexcept = default;
  FileLock& operator=(FileLock&&) noexcept = default;

  int fd() const { return fd_.get(); }

 private:
  explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace oap::os
