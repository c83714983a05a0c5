#include "base/clock.hpp"

#include <algorithm>
#include <ctime>

#include <fmt/format.h>

namespace oap {
namespace {

class SystemClock final : public Clock {
 public:
  SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
  WallTime wall() const override { return std::chrono::system_clock::now(); }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

Millis Deadline::left(SteadyTime now) const {
  if (!at_) {
    return std::chrono::hours(24 * 365);
  }
  return std::max(Millis(0), std::chrono::ceil<Millis>(*at_ - now));
}

Deadline Deadline::sooner(Deadline other) const {
  if (!at_) {
    return other;
  }
  if (!other.at_) {
    return *this;
  }
  return Deadline{std::min(*at_, *other.at_)};
}

std::string format_time(WallTime at) {
  const auto millis = std::chrono::duration_cast<Millis>(at.time_since_epoch()).count();
  const std::time_t seconds = static_cast<std::time_t>(millis / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     millis % 1000);
}

}  // namespace oap
