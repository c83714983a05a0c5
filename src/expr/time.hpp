#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "expr/value.hpp"

namespace oap::expr {

// Timestamps and durations of CEL. All pure but for zone_offset, which reads the tz database.

inline constexpr std::int64_t kMinSeconds = -62'135'596'800;  ///< 0001-01-01T00:00:00Z
inline constexpr std::int64_t kMaxSeconds = 253'402'300'799;  ///< 9999-12-31T23:59:59Z
inline constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

/// A date and time of day in the proleptic Gregorian calendar.
struct Civil {
  std::int64_t year = 1970;
  int month = 1;  ///< 1 to 12
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int weekday = 0;   ///< 0 is Sunday
  int year_day = 0;  ///< from 0
};

Civil civil_of(std::int64_t seconds);
/// Days since 1970-01-01.
std::int64_t days_from_civil(std::int64_t year, int month, int day);

/// RFC 3339 with an offset or Z; nothing where it is not that or outside the years 1 to 9999.
std::optional<Instant> parse_timestamp(std::string_view text);
std::string format_timestamp(Instant instant);
/// Nothing outside the range of timestamps.
std::optional<Instant> add_nanoseconds(Instant instant, std::int64_t nanoseconds);
/// Nothing where the difference does not fit into 64 bits of nanoseconds (292 years).
std::optional<std::int64_t> difference(Instant later, Instant earlier);

/// "1h30m", "-1.5s", "100ms", "0": numbers with the units h, m, s, ms, us (µs), ns; nothing where
/// it is not that or beyond 64 bits of nanoseconds.
std::optional<std::int64_t> parse_duration(std::string_view text);
/// In seconds: "5400s", "-1.5s", "0.1s".
std::string format_duration(std::int64_t nanoseconds);

/// Seconds east of UTC of a zone ("Europe/Berlin", "UTC", "+01:00", "-02:30", "02:00") at an
/// instant; nothing where the zone is not known. Zones come from /usr/share/zoneinfo (RFC 8536),
/// each is read once. Thread-safe.
std::optional<std::int64_t> zone_offset(std::string_view zone, std::int64_t seconds);

}  // namespace oap::expr
