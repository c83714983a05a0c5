#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "gateway/trust/pins.hpp"

namespace oap::gateway {

/// The pins of one workspace in `<state_dir>/pins.json`: 0600, replaced atomically, changed under a
/// lock file beside it. A missing file means that nothing has been seen yet. One that is damaged,
/// from a newer version, somebody else's, writable by others or no plain file is an error of every
/// function (kDataLoss, kFailedPrecondition) that names the file and what to do; it is never
/// replaced. Holds no state, so any number of processes and threads may use it at once. Blocks for
/// the file system and up to five seconds for the lock (then kDeadlineExceeded).
class PinStore {
 public:
  explicit PinStore(std::string state_dir, const Clock& clock = system_clock());

  /// `judge` of pins.hpp on the file. An error means that no tool of the server may be listed or
  /// called. Writes only where something was seen that is not in the file yet.
  Result<Judgement> judge(const std::string& server, const ServerSource& source,
                          config::ServerTrust policy, std::span<const ToolSpec> tools) const;
  /// `approve` of pins.hpp on the file. All or nothing.
  Result<std::vector<std::string>> approve(const std::string& server,
                                           const std::vector<Approval>& approvals,
                                           std::string_view who) const;
  /// Forgets all of a server, so that its next sight is the first again. False where it is unknown.
  Result<bool> forget(const std::string& server) const;
  Result<Pins> read() const;
  const std::string& path() const { return path_; }

 private:
  Result<void> change(const std::function<Result<bool>(Pins&)>& edit) const;

  std::string state_dir_;
  std::string path_;
  const Clock& clock_;
};

}  // namespace oap::gateway
