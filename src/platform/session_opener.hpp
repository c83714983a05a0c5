#pragma once

#include <string>

#include "session/session_locks.hpp"
#include "session/session_manager.hpp"
#include "store/session_repository.hpp"

namespace oap::platform {

/// Bytes of a session's or a turn's title, at most.
inline constexpr std::size_t kTitleBytes = 80;

/// Opens sessions for this process, where no other one is at work in them. What it borrows outlives
/// it. Blocking.
class SessionOpener {
 public:
  SessionOpener(store::SessionRepository& store, session::SessionManager& sessions,
                session::SessionLocks& locks)
      : store_(store), sessions_(sessions), locks_(locks) {}

  /// A new one, the workspace's newest or the named one. kNotFound, kFailedPrecondition (another
  /// process is at work in it).
  Result<session::SessionState> open(session::SessionStart start);

  /// Closes in a session's history what was under way when its last run was given up; an empty id
  /// means the workspace's newest. Errors as of `open`.
  Result<store::SessionRecord> settle(const std::string& workspace, const std::string& id);

 private:
  store::SessionRepository& store_;
  session::SessionManager& sessions_;
  session::SessionLocks& locks_;
};

}  // namespace oap::platform
