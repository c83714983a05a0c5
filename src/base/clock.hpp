#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace oap {

using Millis = std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;

/// Where time comes from. Decisions take a Clock so that tests need no sleeps.
/// Thread-safe. `steady` never goes back; `wall` is UTC and may.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime steady() const = 0;
  virtual WallTime wall() const = 0;
};

/// The machine's own clock. One shared, stateless instance.
const Clock& system_clock();

/// A clock that stands still until told to move. Not thread-safe.
class FakeClock final : public Clock {
 public:
  SteadyTime steady() const override { return steady_; }
  WallTime wall() const override { return wall_; }
  void advance(Millis by) {
    steady_ += by;
    wall_ += by;
  }
  void set_wall(WallTime at) { wall_ = at; }

 private:
  SteadyTime steady_{std::chrono::hours(1)};
  WallTime wall_{std::chrono::seconds(1'700'000'000)};
};

/// The instant at which a wait must end; `never()` has none. A value, freely copied.
class Deadline {
 public:
  static Deadline never() { return Deadline{}; }
  static Deadline at(SteadyTime when) { return Deadline{when}; }
  static Deadline after(Millis wait) { return Deadline{std::chrono::steady_clock::now() + wait}; }

  bool is_never() const { return !at_; }
  std::optional<SteadyTime> time() const { return at_; }
  bool passed(SteadyTime now = std::chrono::steady_clock::now()) const {
    return at_ && now >= *at_;
  }
  /// Time left, at least zero; a very long time where there is no deadline.
  Millis left(SteadyTime now = std::chrono::steady_clock::now()) const;
  /// The earlier of two.
  Deadline sooner(Deadline other) const;

 private:
  Deadline() = default;
  explicit Deadline(SteadyTime when) : at_(when) {}
  std::optional<SteadyTime> at_;
};

/// RFC 3339 in UTC with milliseconds: 2026-11-21T08:00:00.123Z
std::string format_time(WallTime at);

}  // namespace oap
