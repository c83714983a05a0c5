#pragma once

#include <string>

#include <sys/types.h>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "os/env.hpp"
#include "os/fd.hpp"
#include "os/lock.hpp"

namespace oap::api {

/// Where the daemon of a state directory listens: `$OAP_SOCKET`, else `<state_root>/oap.sock`, and
/// where that is longer than a socket's name may be (107 bytes)
/// `${XDG_RUNTIME_DIR:-/tmp/oap-<uid>}/oap-<16 hex of sha256(state_root)>.sock`. Pure.
std::string socket_path(const std::string& state_root, const os::EnvLookup& env);

/// The one right to be the daemon of a state directory, and its listening socket. The kernel drops
/// the right when the process dies; what it left behind is taken over by the next. Destruction
/// removes the socket's name.
class SocketClaim {
 public:
  /// Creates missing folders 0700, takes `<state_root>/serve.lock` and the socket's own
  /// `<socket>.lock`, removes a dead daemon's socket, listens with mode 0600. kAlreadyExists with
  /// the process id where a daemon runs; kFailedPrecondition where the socket's folder is open to
  /// others or something else than a socket is in its place. Blocks for some milliseconds at most.
  static Result<SocketClaim> take(const std::string& state_root, const std::string& socket);
  ~SocketClaim();
  SocketClaim(SocketClaim&&) noexcept;
  SocketClaim& operator=(SocketClaim&&) = delete;

  const std::string& path() const { return path_; }
  /// The listening descriptor, non-blocking; once.
  os::UniqueFd take_fd() { return std::move(fd_); }
  /// Nobody new finds the daemon from here on.
  void remove_name();

 private:
  SocketClaim(std::string path, os::FileLock state, os::FileLock own, os::UniqueFd fd);
  std::string path_;
  os::FileLock state_lock_;
  os::FileLock own_lock_;
  os::UniqueFd fd_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

/// The process that holds the state directory's right; 0 where none does.
pid_t running_daemon(const std::string& state_root);
/// Waits until none does. kDeadlineExceeded.
Result<void> wait_until_gone(const std::string& state_root, Deadline deadline);

}  // namespace oap::api
