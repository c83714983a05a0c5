#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace oap::async {

/// A circuit breaker: stops calls to a peer that fails or has become slow, and lets a few probes
/// through from time to time until it is well again. Decides only: it never waits, and all time is
/// given to it. Not thread-safe; permits may outlive it.
///
/// Closed: calls pass. Opens where `failure_threshold` calls in a row failed, or where among at
/// least `minimum_calls` of the last `window` the share of failures or of slow calls is reached.
/// Open: calls are refused for `recovery_timeout`, longer each time it opens again without having
/// closed. Half-open: at most `half_open_probes` calls at a time; after `half_open_successes` good
/// ones it closes, at the first failed or slow one it opens. What a call reports that began before
/// the last change of state is counted, but decides nothing.
class Breaker {
  struct Core;

 public:
  enum class State { kClosed, kOpen, kHalfOpen };

  /// Values out of range are moved into it.
  struct Options {
    std::string name = "the server";    ///< of what is called, for messages
    std::size_t failure_threshold = 5;  ///< failures in a row; 0: does not count
    Millis recovery_timeout{60'000};    ///< how long it stays open at first
    Millis window{60'000};
    std::size_t minimum_calls = 10;
    double failure_rate = 0.5;  ///< 0 < rate <= 1; above 1: does not count
    Millis slow_after{0};       ///< calls of this length are slow; 0: none is
    double slow_rate = 0.8;     ///< as failure_rate
    double backoff = 2;         ///< factor for each further opening, at least 1
    Millis max_recovery_timeout{600'000};
    double jitter = 0.1;     ///< the open time is longer by up to this share, 0 to 1
    std::uint64_t seed = 0;  ///< of the jitter: differs between processes
    std::size_t half_open_probes = 1;
    std::size_t half_open_successes = 1;
  };

  /// Leave to make one call. Report once how it went; dropped unreported it counts as nothing, and
  /// gives a probe's place back. Later reports of the same permit do nothing.
  class Permit {
   public:
    Permit(Permit&& other) noexcept = default;
    Permit& operator=(Permit&& other) noexcept;
    ~Permit() { cancelled(); }

    void succeeded(SteadyTime now);
    /// The peer failed or was late. Not for what the caller did wrong: that is a success of the
    /// peer, for it answered.
    void failed(SteadyTime now);
    /// The call was given up by its caller.
    void cancelled();

   private:
    friend class Breaker;
    Permit(std::shared_ptr<Core> core, std::uint64_t generation, SteadyTime began)
        : core_(std::move(core)), generation_(generation), began_(began) {}
    std::shared_ptr<Core> core_;
    std::uint64_t generation_;
    SteadyTime began_;
  };

  struct Counters {
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;
    std::uint64_t slow = 0;  ///< of those two
    std::uint64_t cancelled = 0;
    std::uint64_t refused = 0;
    std::uint64_t opened = 0;
    std::uint64_t closed = 0;
  };

  explicit Breaker(Options options);

  /// Leave to call now, or kUnavailable with what happened and when to try again.
  Result<Permit> acquire(SteadyTime now);
  /// kHalfOpen also where it is open and the time is up.
  State state(SteadyTime now) const;
  /// Zero where `acquire` would let a call through. While all probes are under way: one second.
  Millis retry_after(SteadyTime now) const;
  const Counters& counters() const;
  /// One clause: "open after 5 failures in a row; next attempt in 12 s".
  std::string describe(SteadyTime now) const;

  /// By hand: open until `close`, or closed with an empty window.
  void hold_open(std::string reason);
  void close();

 private:
  std::shared_ptr<Core> core_;
};

/// closed, open, half_open.
std::string_view to_string(Breaker::State state);

}  // namespace oap::async
