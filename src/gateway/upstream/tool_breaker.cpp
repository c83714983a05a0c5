#include "gateway/upstream/tool_breaker.hpp"

#include <utility>

namespace oap::gateway {

std::string_view to_string(ToolBreaker::State state) {
  switch (state) {
    case ToolBreaker::State::kClosed:
      return "closed";
    case ToolBreaker::State::kOpen:
      return "open";
    case ToolBreaker::State::kHalfOpen:
      return "half_open";
  }
  return "";
}

ToolBreaker::State ToolBreaker::state(SteadyTime now) const {
  if (!open_) {
    return State::kClosed;
  }
  return now < open_until_ ? State::kOpen : State::kHalfOpen;
}

Millis ToolBreaker::left(SteadyTime now) const {
  return state(now) == State::kOpen ? std::chrono::ceil<Millis>(open_until_ - now) : Millis{0};
}

bool ToolBreaker::admit(SteadyTime now, Ticket& ticket) {
  const State at = state(now);
  if (at == State::kOpen || (at == State::kHalfOpen && trying_)) {
    return false;
  }
  trying_ = at == State::kHalfOpen;
  ticket = generation_;
  return true;
}

void ToolBreaker::settle(Ticket ticket, Verdict verdict, SteadyTime now, double chance) {
  if (ticket != generation_) {
    return;
  }
  const bool was_trying = std::exchange(trying_, false);
  if (verdict == Verdict::kNothing) {
    return;
  }
  if (was_trying) {
    verdict == Verdict::kGood ? close() : open(now, chance);
    return;
  }
  rotate(now);
  ++now_.calls;
  if (verdict == Verdict::kGood) {
    failures_in_row_ = 0;
    return;
  }
  ++now_.failures;
  ++failures_in_row_;
  const int failures = now_.failures + before_.failures;
  const int calls = now_.calls + before_.calls;
  const bool many = failures >= options_.failure_threshold && failures * 2 >= calls;
  if (failures_in_row_ >= options_.failure_threshold || many) {
    open(now, chance);
  }
}

void ToolBreaker::rotate(SteadyTime now) {
  const auto half = options_.window / 2;
  if (now < half_ends_) {
    return;
  }
  before_ = now < half_ends_ + half ? now_ : Counts{};
  now_ = {};
  half_ends_ = now + half;
}

void ToolBreaker::open(SteadyTime now, double chance) {
  const auto longer = static_cast<double>(options_.recovery_timeout.count()) * 0.1 * chance;
  open_ = true;
  ++generation_;
  open_until_ = now + options_.recovery_timeout + Millis(static_cast<Millis::rep>(longer));
}

void ToolBreaker::close() {
  open_ = false;
  ++generation_;
  failures_in_row_ = 0;
  now_ = {};
  before_ = {};
}

}  // namespace oap::gateway
