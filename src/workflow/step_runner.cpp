#include "workflow/step_runner.hpp"

#include <algorithm>
#include <cmath>

#include "crypto/hash.hpp"

namespace oap::workflow {

Task<Result<std::optional<StepResult>>> StepRunner::find_result(StepRequest /*request*/) {
  co_return std::nullopt;
}

std::string idempotency_key(std::string_view run_id, std::string_view path) {
  std::string text(run_id);
  text.push_back('\0');
  text += path;
  return crypto::sha256_hex(text);
}

bool is_retryable(Code code) {
  return code == Code::kUnavailable || code == Code::kDeadlineExceeded || code == Code::kUpstream;
}

Millis backoff(const RetryPolicy& policy, int n, double part) {
  const double initial = static_cast<double>(std::max<Millis::rep>(0, policy.initial.count()));
  const double max = static_cast<double>(std::max<Millis::rep>(0, policy.max.count()));
  const double grown = initial * std::pow(std::max(1.0, policy.backoff), std::max(0, n - 1));
  const double whole = std::min(max, std::isfinite(grown) ? grown : max);
  return Millis(
      static_cast<Millis::rep>(policy.jitter ? whole * std::clamp(part, 0.0, 1.0) : whole));
}

}  // namespace oap::workflow
