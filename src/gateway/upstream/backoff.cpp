#include "gateway/upstream/backoff.hpp"

#include <algorithm>
#include <cmath>

namespace oap::gateway {
namespace {

Millis pause_after(const RestartPolicy& policy, int failures, double chance) {
  const int paid = failures - policy.free_failures;
  if (paid <= 0) {
    return Millis{0};
  }
  const auto longest = static_cast<double>(policy.longest_pause.count());
  const int doublings = std::min(paid - 1, 40);
  const double plain =
      std::min(longest, std::ldexp(static_cast<double>(policy.first_pause.count()), doublings));
  const double share = 1.0 + policy.jitter * (2.0 * chance - 1.0);
  return Millis(static_cast<Millis::rep>(std::clamp(plain * share, 0.0, longest)));
}

}  // namespace

int Backoff::failures(SteadyTime now) const {
  const bool stable = up_since_ && now - *up_since_ >= policy_.stable_after;
  return stable ? 0 : failures_;
}

void Backoff::failed(SteadyTime now, double chance) {
  failures_ = failures(now) + 1;
  up_since_.reset();
  not_before_ = now + pause_after(policy_, failures_, chance);
}

Millis Backoff::left(SteadyTime now) const {
  if (now >= not_before_) {
    return Millis{0};
  }
  return std::chrono::ceil<Millis>(not_before_ - now);
}

}  // namespace oap::gateway
