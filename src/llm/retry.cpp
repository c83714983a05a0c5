#include "llm/retry.hpp"

#include <algorithm>

namespace oap::llm {

std::optional<Millis> next_delay(const Failure& failure, Attempts attempts,
                                 const RetryPolicy& policy, double random) {
  if (!failure.retryable || attempts.failed > policy.max_retries ||
      attempts.stalled > policy.max_stalls) {
    return std::nullopt;
  }
  if (failure.retry_after) {
    return *failure.retry_after <= policy.longest_obeyed ? failure.retry_after : std::nullopt;
  }
  const int doublings = std::clamp(attempts.failed - 1, 0, 20);
  const Millis doubled = policy.first_delay * (std::int64_t{1} << doublings);
  const Millis backoff = std::min<Millis>(doubled, policy.longest_delay);
  const double kept = 1.0 - 0.25 * std::clamp(random, 0.0, 1.0);
  return Millis(static_cast<std::int64_t>(static_cast<double>(backoff.count()) * kept));
}

}  // namespace oap::llm
