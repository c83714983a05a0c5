#include "async/breaker.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace oap::async {
namespace {

constexpr std::size_t kSlices = 10;
constexpr Millis kProbeRetry{1'000};

/// SplitMix64: a well-spread number from 0 to 1.
double next_fraction(std::uint64_t& seed) {
  seed += 0x9E3779B97F4A7C15U;
  std::uint64_t mixed = seed;
  mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
  mixed ^= mixed >> 31U;
  return static_cast<double>(mixed >> 11U) / static_cast<double>(1ULL << 53U);
}

double share(double value) { return std::isnan(value) ? 1 : std::clamp(value, 0.0, 1.0); }

Breaker::Options in_range(Breaker::Options options) {
  const auto rate = [](double value) { return value > 0 ? value : 1; };
  options.recovery_timeout = std::max(options.recovery_timeout, Millis(1));
  options.max_recovery_timeout = std::max(options.max_recovery_timeout, options.recovery_timeout);
  options.window = std::max(options.window, Millis(kSlices));
  options.minimum_calls = std::max<std::size_t>(options.minimum_calls, 1);
  options.failure_rate = rate(options.failure_rate);
  options.slow_rate = rate(options.slow_rate);
  options.backoff = options.backoff > 1 ? options.backoff : 1;
  options.jitter = share(options.jitter);
  options.half_open_probes = std::max<std::size_t>(options.half_open_probes, 1);
  options.half_open_successes = std::max<std::size_t>(options.half_open_successes, 1);
  return options;
}

struct Tally {
  std::size_t calls = 0;
  std::size_t failed = 0;
  std::size_t slow = 0;
};

/// What happened in the last ten tenths of a length of time.
class Window {
 public:
  explicit Window(Millis length) : slice_(length / static_cast<int>(kSlices)) {}

  void add(SteadyTime now, bool failed, bool slow) {
    Slice& slice = at(number(now));
    ++slice.tally.calls;
    slice.tally.failed += failed ? 1U : 0U;
    slice.tally.slow += slow ? 1U : 0U;
  }
  Tally sum(SteadyTime now) const {
    const std::int64_t newest = number(now);
    Tally sum;
    for (const Slice& slice : slices_) {
      if (slice.number > newest - static_cast<std::int64_t>(kSlices) && slice.number <= newest) {
        sum.calls += slice.tally.calls;
        sum.failed += slice.tally.failed;
        sum.slow += slice.tally.slow;
      }
    }
    return sum;
  }
  void clear() { slices_.fill({}); }

 private:
  struct Slice {
    std::int64_t number = -1;
    Tally tally;
  };
  std::int64_t number(SteadyTime now) const { return now.time_since_epoch() / slice_; }
  Slice& at(std::int64_t number) {
    Slice& slice = slices_[static_cast<std::size_t>(number) % kSlices];
    if (slice.number != number) {
      slice = {number, {}};
    }
    return slice;
  }

  Millis slice_;
  std::array<Slice, kSlices> slices_{};
};

std::string percent(std::size_t part, std::size_t all) {
  return fmt::format("{} of {}", part, all);
}

std::string seconds(Millis time) { return fmt::format("{} s", (time.count() + 999) / 1000); }

}  // namespace

struct Breaker::Core {
  explicit Core(Options given)
      : options(in_range(std::move(given))), window(options.window), seed(options.seed) {}

  State state_at(SteadyTime now) const {
    return state == State::kOpen && !held && now >= open_until ? State::kHalfOpen : state;
  }

  bool has_room() const { return probes < options.half_open_probes; }

  void change(State to) {
    state = to;
    ++generation;
    probes = 0;
    probe_successes = 0;
    in_a_row = 0;
    window.clear();
  }

  void open(SteadyTime now, std::string why) {
    change(State::kOpen);
    ++counters.opened;
    reason = std::move(why);
    const double factor = std::pow(options.backoff, static_cast<double>(openings));
    const auto limit = static_cast<double>(options.max_recovery_timeout.count());
    double time = std::min(limit, static_cast<double>(options.recovery_timeout.count()) * factor);
    time *= 1 + options.jitter * next_fraction(seed);
    open_until = now + Millis(static_cast<std::int64_t>(time));
    ++openings;
  }

  void close() {
    change(State::kClosed);
    ++counters.closed;
    held = false;
    openings = 0;
    reason.clear();
  }

  void report(std::uint64_t from, SteadyTime began, SteadyTime now, bool failed) {
    const bool slow = options.slow_after.count() > 0 && now - began >= options.slow_after;
    ++(failed ? counters.failed : counters.succeeded);
    counters.slow += slow ? 1U : 0U;
    if (from != generation) {
      return;
    }
    if (state == State::kHalfOpen) {
      judge_probe(now, failed, slow);
    } else {
      judge_call(now, failed, slow);
    }
  }

  void judge_probe(SteadyTime now, bool failed, bool slow) {
    --probes;
    if (failed || slow) {
      open(now, failed ? "the trial call failed" : "the trial call was slow");
    } else if (++probe_successes >= options.half_open_successes) {
      close();
    }
  }

  void judge_call(SteadyTime now, bool failed, bool slow) {
    window.add(now, failed, slow);
    in_a_row = failed ? in_a_row + 1 : 0;
    if (options.failure_threshold > 0 && in_a_row >= options.failure_threshold) {
      open(now, fmt::format("{} failures in a row", in_a_row));
      return;
    }
    const Tally sum = window.sum(now);
    if (sum.calls < options.minimum_calls) {
      return;
    }
    const auto reached = [&sum](std::size_t count, double rate) {
      return static_cast<double>(count) >= rate * static_cast<double>(sum.calls) && count > 0;
    };
    if (reached(sum.failed, options.failure_rate)) {
      open(now, percent(sum.failed, sum.calls) + " calls failed");
    } else if (reached(sum.slow, options.slow_rate)) {
      open(now, percent(sum.slow, sum.calls) + " calls were slow");
    }
  }

  Options options;
  Window window;
  State state = State::kClosed;
  std::uint64_t generation = 0;
  std::size_t in_a_row = 0;
  std::size_t openings = 0;  ///< since it was last closed
  std::size_t probes = 0;
  std::size_t probe_successes = 0;
  bool held = false;
  SteadyTime open_until;
  std::string reason;
  std::uint64_t seed;
  Counters counters;
};

Breaker::Permit& Breaker::Permit::operator=(Permit&& other) noexcept {
  if (this != &other) {
    cancelled();
    core_ = std::move(other.core_);
    generation_ = other.generation_;
    began_ = other.began_;
  }
  return *this;
}

void Breaker::Permit::succeeded(SteadyTime now) {
  if (const auto core = std::exchange(core_, nullptr)) {
    core->report(generation_, began_, now, false);
  }
}

void Breaker::Permit::failed(SteadyTime now) {
  if (const auto core = std::exchange(core_, nullptr)) {
    core->report(generation_, began_, now, true);
  }
}

void Breaker::Permit::cancelled() {
  if (const auto core = std::exchange(core_, nullptr)) {
    ++core->counters.cancelled;
    if (core->generation == generation_ && core->state == State::kHalfOpen) {
      --core->probes;
    }
  }
}

Breaker::Breaker(Options options) : core_(std::make_shared<Core>(std::move(options))) {}

Result<Breaker::Permit> Breaker::acquire(SteadyTime now) {
  Core& core = *core_;
  if (core.state_at(now) == State::kHalfOpen && core.state == State::kOpen) {
    core.change(State::kHalfOpen);
  }
  if (core.state == State::kOpen || (core.state == State::kHalfOpen && !core.has_room())) {
    ++core.counters.refused;
    return fail(Code::kUnavailable, "{} is not called at the moment: the circuit breaker is {}",
                core.options.name, describe(now));
  }
  core.probes += core.state == State::kHalfOpen ? 1U : 0U;
  return Permit(core_, core.generation, now);
}

Breaker::State Breaker::state(SteadyTime now) const { return core_->state_at(now); }

Millis Breaker::retry_after(SteadyTime now) const {
  const Core& core = *core_;
  switch (core.state_at(now)) {
    case State::kClosed:
      return Millis(0);
    case State::kOpen:
      return core.held ? core.options.max_recovery_timeout
                       : std::chrono::ceil<Millis>(core.open_until - now);
    case State::kHalfOpen:
      return core.has_room() ? Millis(0) : kProbeRetry;
  }
  return Millis(0);
}

const Breaker::Counters& Breaker::counters() const { return core_->counters; }

std::string Breaker::describe(SteadyTime now) const {
  const Core& core = *core_;
  switch (core.state_at(now)) {
    case State::kClosed: {
      const Tally sum = core.window.sum(now);
      return fmt::format("closed; {} calls failed in the last {}", percent(sum.failed, sum.calls),
                         seconds(core.options.window));
    }
    case State::kOpen:
      return core.held ? fmt::format("held open by hand ({})", core.reason)
                       : fmt::format("open after {}; next attempt in {}", core.reason,
                                     seconds(retry_after(now)));
    case State::kHalfOpen:
      return fmt::format("half-open after {}; {} of {} trial calls are under way", core.reason,
                         core.probes, core.options.half_open_probes);
  }
  return {};
}

void Breaker::hold_open(std::string reason) {
  core_->change(State::kOpen);
  ++core_->counters.opened;
  core_->held = true;
  core_->reason = std::move(reason);
}

void Breaker::close() { core_->close(); }

std::string_view to_string(Breaker::State state) {
  switch (state) {
    case Breaker::State::kClosed:
      return "closed";
    case Breaker::State::kOpen:
      return "open";
    case Breaker::State::kHalfOpen:
      return "half_open";
  }
  return "closed";
}

}  // namespace oap::async
