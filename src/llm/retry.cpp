#include "llm/retry.hpp"

#include <algorithm>

#include <fmt/format.h>

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

std::optional<Error> too_long_a_wait(const Failure& failure, const RetryPolicy& policy) {
  if (!failure.retryable || !failure.retry_after || *failure.retry_after <= policy.longest_obeyed) {
    return std::nullopt;
  }
  const auto seconds = [](Millis time) { return (time.count() + 999) / 1'000; };
  return Error(
      Code::kUpstream,
      fmt::format("{}; it asks for {} s without requests, and more than {} s are not waited "
                  "for: try again later, or with another model",
                  failure.error.message(), seconds(*failure.retry_after),
                  seconds(policy.longest_obeyed)));
}

}  // namespace oap::llm
