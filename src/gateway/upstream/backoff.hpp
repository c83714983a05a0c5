#pragma once

#include <optional>

#include "base/clock.hpp"

namespace oap::gateway {

/// How soon a server that ended or did not start is tried again. Data.
struct RestartPolicy {
  int free_failures = 2;         ///< so many in a row are followed by no pause
  Millis first_pause{500};       ///< the next by this one, then each by twice the one before
  Millis longest_pause{30'000};  ///< at most, jitter included
  double jitter = 0.2;           ///< a pause is longer or shorter by up to this share of it
  Millis stable_after{30'000};   ///< up for so long: the count of failures starts anew
};

/// Counts a server's failures in a row and says from when on it may be started. Pure; time and
/// chance are given to it.
class Backoff {
 public:
  explicit Backoff(RestartPolicy policy) : policy_(policy) {}

  void started(SteadyTime now) { up_since_ = now; }
  /// It did what it is for: the next failure is the first in a row again, and costs no pause.
  void served() {
    failures_ = 0;
    not_before_ = {};
  }
  /// It did not start, or it ended. `chance` is in [0, 1).
  void failed(SteadyTime now, double chance);
  /// In a row; 0 again once it has served, or has been up for a stable time.
  int failures(SteadyTime now) const;
  /// Until it may be started; 0 = now.
  Millis left(SteadyTime now) const;

 private:
  RestartPolicy policy_;
  int failures_ = 0;
  std::optional<SteadyTime> up_since_;
  SteadyTime not_before_{};
};

}  // namespace oap::gateway
