#pragma once

#include <string>

#include "base/result.hpp"
#include "os/fd.hpp"
#include "platform/host_sessions.hpp"

namespace oap::platform {

/// What sessions of other hosts have used up, in a file of the daemon's state: one JSON object a
/// line, the last line of a session counts. A daemon that is gone, however it ended, leaves the
/// budgets as they were; a line that was cut by a crash is passed over. One writer: who has the
/// claim to be the daemon. Blocking; of one thread.
class HostLedger {
 public:
  /// Puts what is in the file into the sessions, writes the file anew without what no longer
  /// counts, and writes down every change from here on; the sessions do not outlive it. An Error
  /// where the file cannot be read or written: budgets that are not known cannot be kept.
  static Result<HostLedger> open(std::string path, HostSessions& sessions);

  void write(const HostSessions::Entry& entry);

 private:
  explicit HostLedger(std::string path) : path_(std::move(path)) {}

  std::string path_;
  os::UniqueFd file_;
};

}  // namespace oap::platform
