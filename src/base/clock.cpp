#include "base/clock.hpp"

#include <algorithm>
#include <cstddef>

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
  const auto millis = std::chrono::floor<Millis>(at);
  const auto day = std::chrono::floor<std::chrono::days>(millis);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(millis - day);
  std::string text = "0000-00-00T00:00:00.000Z";
  const auto put = [&text](std::size_t end, auto number, int digits) {
    for (auto left = static_cast<unsigned>(number); digits > 0; --digits, left /= 10) {
      text[--end] = static_cast<char>('0' + left % 10);
    }
  };
  put(4, static_cast<int>(date.year()), 4);
  put(7, static_cast<unsigned>(date.month()), 2);
  put(10, static_cast<unsigned>(date.day()), 2);
  put(13, time.hours().count(), 2);
  put(16, time.minutes().count(), 2);
  put(19, time.seconds().count(), 2);
  put(23, time.subseconds().count(), 3);
  return text;
}

}  // namespace oap
