#include "expr/time.hpp"
#include "workflow/machine/machine.hpp"

namespace oap::workflow {

Result<WallTime> due_after(const json::Value& duration, WallTime now) {
  OAP_TRY(const Millis wait, read_duration(duration));
  return now + wait;
}

Result<WallTime> due_at(const json::Value& rfc3339) {
  const auto instant =
      rfc3339.is_string() ? expr::parse_timestamp(json::view(rfc3339.get_string())) : std::nullopt;
  if (!instant) {
    return fail(Code::kInvalidArgument,
                "'until' must be a time such as 2026-11-30T08:00:00Z (RFC 3339)");
  }
  constexpr std::int64_t kNanosPerMilli = 1'000'000;
  const std::int64_t seconds = std::clamp<std::int64_t>(instant->seconds, 0, kMostMillis / 1'000);
  return from_millis(seconds * 1'000 + instant->nanos / kNanosPerMilli);
}

}  // namespace oap::workflow
