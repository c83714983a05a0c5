#pragma once

#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "async/stream.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"
#include "os/fd.hpp"
#include "sandbox/spec.hpp"

namespace oap::sandbox {

struct Launched;

/// How a child ended: a code, or the signal that ended it (then code is 128 + signal).
struct Exit {
  int code = 0;
  int signal = 0;
  /// Why we ended it: "" or one sentence ("it used more than 512 MB of memory").
  std::string note;
  /// One sentence each: files that it left for git on the host to run, and what was done to them.
  std::vector<std::string> warnings;
  /// What of the workspace was not kept (Changes::kDropped): "3 changes: a, b, c (removed)", or "".
  std::string dropped;
};

/// A running program under a supervisor process of its own, which ends the whole tree of
/// descendants (daemons too) when the program ends, when kill() is called and when this process
/// dies by whatever means. Belongs to the executor's thread. Destruction kills and reaps what still
/// runs.
class Child {
 public:
  /// Blocks for the time of a fork and an exec, about a millisecond. kNotFound: no such program
  /// (the message names the PATH) or directory; kPermissionDenied: not executable;
  /// kInvalidArgument: an empty argv, a NUL byte, a workspace that no child may have;
  /// kResourceExhausted: no more processes or descriptors; kFailedPrecondition: less isolation than
  /// the spec requires.
  static Result<std::unique_ptr<Child>> start(Executor executor, Spec spec);
  /// The same, but only the fork blocks. Cancellation does not end it.
  static Task<Result<std::unique_ptr<Child>>> start_beside(Executor executor, Spec spec);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  async::ReadPipe& out();
  async::ReadPipe& err();
  async::WritePipe& in();
  /// The program's process id, also its process group and session.
  pid_t pid() const;
  /// What holds; it may become less while wait() waits (then weakness() says why).
  const Isolation& isolation() const;
  Changes changes() const;
  /// Why it has no file system of its own, or one that is not held wholly, or "".
  const std::string& weakness() const;
  /// With Spec::through_proxy: the socket that listens on 127.0.0.1:3128 in the child's network.
  /// Once; the caller then serves it.
  os::UniqueFd listener();

  /// Waits until the program and all its descendants are gone; the answer stays the same when asked
  /// again. Read out() and err() meanwhile, or a chatty child never ends. kCancelled leaves it
  /// running.
  Task<Result<Exit>> wait();

  /// Asks the program's group to end (TERM), and kills the tree after the grace. Does not wait.
  void terminate(Millis grace = Millis{2000});
  /// Kills the whole tree. Does not wait.
  void kill();

 private:
  struct State;
  struct Launching;
  static Result<std::unique_ptr<Child>> attend(Executor executor, Launching launching,
                                               Launched running);
  explicit Child(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace oap::sandbox
