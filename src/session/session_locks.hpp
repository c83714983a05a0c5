#pragma once

#include <mutex>
#include <set>
#include <string>

#include "base/result.hpp"
#include "os/fd.hpp"

namespace oap::session {

/// Which sessions this process is at work in, so that no other one says that their calls were
/// interrupted, or puts its own turns between. A lock ends with the process, however it ends, or
/// with this object. One file for all, a byte of it a session (Linux open file description locks).
/// Thread-safe.
class SessionLocks {
 public:
  /// `file` is made where it is missing.
  explicit SessionLocks(std::string file) : file_(std::move(file)) {}

  /// Taken already by this object: fine. kFailedPrecondition, with what to do, where another
  /// process is at work in it; kUnavailable where the file cannot be used.
  Result<void> claim(const std::string& session_id);

 private:
  std::mutex mutex_;
  std::string file_;
  os::UniqueFd fd_;
  std::set<std::string> held_;
};

}  // namespace oap::session
