#pragma once

#include <string>

#include "approval/approver.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"
#include "gateway/walk.hpp"
#include "hooks/registry.hpp"

namespace oap::gateway {

/// Asks for a call that the guards neither allow nor deny: the caller's own approver, and where
/// nobody is there, whoever the desk knows for that.
class Asking {
 public:
  /// Borrowed; they outlive it.
  struct Parts {
    hooks::Registry& hooks;
    approval::Approver& approver;
    approval::Desk* desk = nullptr;  ///< null: questions are plain and nobody else is asked
    const Clock& clock;
    std::string workspace;
    Millis patience;         ///< of one question
    Millis default_timeout;  ///< of a call that waited long and has no deadline of its own
  };
  Asking(Parts parts, ProgressObserver tell) : parts_(std::move(parts)), tell_(std::move(tell)) {}

  /// False: the walk is denied.
  Task<bool> approve(Walk& walk);

 private:
  Task<bool> announce(Walk& walk);
  Task<Result<approval::Answer>> ask(Walk& walk, approval::Request& request);

  Parts parts_;
  ProgressObserver tell_;
};

}  // namespace oap::gateway
