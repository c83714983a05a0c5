#pragma once

#include <sys/types.h>

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
  Report report;  ///< the first one; where it is a failure, the supervisor is gone
  pid_t supervisor = -1;
};

/// Forks a supervisor and waits for its first report. kUnavailable: it gives none; else as
/// Child::start.
Result<Launched> launch(const Spec& spec, Prepared& prepared);

/// Waits for a child process of this one to be gone.
void reap(pid_t pid);

/// The descriptor that the child's init has sent, if it has.
os::UniqueFd take_descriptor(int from);

}  // namespace oap::sandbox
