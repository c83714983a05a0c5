#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "sandbox/report.hpp"
#include "sandbox/spec.hpp"

namespace oap::sandbox {

struct RunOptions {
  std::string input;  ///< all of the child's stdin
  Deadline deadline = Deadline::never();
  /// Of each stream: the head and the tail are kept, the middle gives way to a note.
  std::size_t max_output_bytes = 1u << 20;
  bool merge_stderr = false;
  std::function<void(std::size_t)> on_output = {};  ///< told how many bytes have just come
};

struct Output {
  int exit_code = 0;  ///< 124 where it was killed for time; 128 + signal
  int signal = 0;
  std::string out;
  std::string err;
  bool truncated = false;
  bool timed_out = false;  ///< the deadline passed or the caller was cancelled
  Millis duration{0};
  Isolation isolation;
  std::string weakness;               ///< as Child::weakness
  std::string note;                   ///< why it was ended, one sentence, or ""
  std::vector<std::string> warnings;  ///< as Exit::warnings
  Changes changes = Changes::kKept;
  std::string dropped;  ///< as Exit::dropped
};

/// Runs a program to its end. Where spec.hosts names hosts, they are what it may connect to
/// (kInvalidArgument where one of them is none). A deadline or a cancellation kills the whole tree
/// and still gives what was printed until then. Errors only where the program could not be started
/// (as Child::start).
Task<Result<Output>> run(Executor executor, Spec spec, RunOptions options);

}  // namespace oap::sandbox
