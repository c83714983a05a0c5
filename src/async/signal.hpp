#pragma once

#include <functional>
#include <memory>

#include "async/task.hpp"

namespace oap::async {

/// Tells of SIGINT, SIGTERM and SIGHUP as a call on the executor, with how many have come so far:
/// the first asks to end in order, the second at once. While it lives these signals do not end the
/// process; when destroyed, their former effect is back. One at a time in a process is enough.
class Signals {
 public:
  using Callback = std::function<void(int signal_number, int count)>;
  Signals(Executor executor, Callback callback);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  struct State;
  static void wait(const std::shared_ptr<State>& state);
  std::shared_ptr<State> state_;  // watched by the pending wait
};

}  // namespace oap::async
