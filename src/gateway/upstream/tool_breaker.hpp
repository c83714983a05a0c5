#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.hpp"

namespace oap::gateway {

/// When a tool is no longer called for a while. Data.
struct BreakerOptions {
  int failure_threshold =
      5;  ///< so many in a row; or so many in the window, if they are half of it
  Millis window{60'000};
  Millis recovery_timeout{60'000};  ///< open for so long, longer by up to a tenth at random
  Millis slow_call{0};              ///< a result that took so long counts as a failure; 0 = never
  /// A call that ran out of time sooner than this says nothing of the server: somebody was
  /// impatient.
  Millis timeout_counts_from{1'000};
};

/// What one call tells of the server.
enum class Verdict { kGood, kBad, kNothing };

/// A circuit breaker for one tool: open after too many failures, then one call at a time finds out
/// whether it is well again. What was admitted before the state changed is not counted. Pure; time
/// and chance are given to it.
class ToolBreaker {
 public:
  enum class State { kClosed, kOpen, kHalfOpen };
  using Ticket = std::uint64_t;

  explicit ToolBreaker(BreakerOptions options) : options_(options) {}

  /// False: not now. A ticket must be settled.
  bool admit(SteadyTime now, Ticket& ticket);
  void settle(Ticket ticket, Verdict verdict, SteadyTime now, double chance);

  State state(SteadyTime now) const;
  int failures() const { return failures_in_row_; }
  /// Until the next call may be tried; 0 where one may be.
  Millis left(SteadyTime now) const;

 private:
  struct Counts {
    int calls = 0;
    int failures = 0;
  };
  void rotate(SteadyTime now);
  void open(SteadyTime now, double chance);
  void close();

  BreakerOptions options_;
  bool open_ = false;
  bool trying_ = false;  // half open: the one call is under way
  SteadyTime open_until_{};
  Ticket generation_ = 0;
  int failures_in_row_ = 0;
  Counts now_;     // of this half of the window
  Counts before_;  // and of the one before
  SteadyTime half_ends_{};
};

/// "closed", "open", "half_open".
std::string_view to_string(ToolBreaker::State state);

}  // namespace oap::gateway
