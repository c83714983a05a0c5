#pragma once

#include <sys/types.h>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "os/fd.hpp"
#include "sandbox/plan.hpp"
#include "sandbox/prepare.hpp"
#include "sandbox/spec.hpp"

namespace oap::sandbox {

struct Pipe {
  os::UniqueFd read;
  os::UniqueFd write;
};

/// The ends of everything between this process and a child.
struct Ends {
  Pipe in;
  Pipe out;
  Pipe err;
  Pipe status;
  Pipe life;
  Pipe listener;

  static Result<Ends> make(const Spec& spec);
  void hand_to(LaunchPlan& plan, const Spec& spec) const;
  void close_theirs();
};

struct Launched {
  Ends ends;
  pid_t supervisor = -1;
  Deadline until = Deadline::never();  ///< when its first report must be there
  Report report;                       ///< that one; where it is a failure, the supervisor is gone
};

/// Forks a supervisor, whose first report is still to come. Errors as Child::start.
Result<Launched> launch(const Spec& spec, Prepared& prepared);
/// Waits for that report and takes it. kUnavailable: there is none, and no supervisor any more.
Result<void> hear_first(Launched& launched, const Spec& spec);
/// Until hear_first has nothing to wait for, or must not be waited for any longer.
Task<Result<void>> reported(Executor executor, const Launched& launched);

/// Waits for a child process of this one to be gone.
void reap(pid_t pid);

/// The descriptor that the child's init has sent, if it has.
os::UniqueFd take_descriptor(int from);

}  // namespace oap::sandbox
