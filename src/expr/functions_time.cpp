#include <array>

#include "expr/library.hpp"
#include "expr/time.hpp"

namespace oap::expr {

namespace {

Value to_timestamp(Args args, Budget& /*budget*/) {
  const Value& value = *args[0];
  if (value.is(Kind::kTimestamp)) {
    return value;
  }
  if (value.is(Kind::kInt)) {
    return value.as_int() >= kMinSeconds && value.as_int() <= kMaxSeconds
               ? Value::timestamp({value.as_int(), 0})
               : bad("the timestamp is out of range (years 1 to 9999)");
  }
  if (!value.is(Kind::kString)) {
    return Value::mismatch();
  }
  const std::optional<Instant> instant = parse_timestamp(value.text());
  return instant ? Value::timestamp(*instant)
                 : bad("the string is no timestamp such as 2026-01-31T12:00:00Z");
}

Value to_duration(Args args, Budget& /*budget*/) {
  const Value& value = *args[0];
  if (value.is(Kind::kDuration)) {
    return value;
  }
  if (!value.is(Kind::kString)) {
    return Value::mismatch();
  }
  const std::optional<std::int64_t> nanos = parse_duration(value.text());
  return nanos ? Value::duration(*nanos)
               : bad("the string is no duration such as 1h30m, or is out of range (292 years)");
}

using Part = std::int64_t (*)(const Civil& civil, std::int32_t nanos);

std::int64_t year(const Civil& civil, std::int32_t /*nanos*/) { return civil.year; }
std::int64_t month(const Civil& civil, std::int32_t /*nanos*/) { return civil.month - 1; }
std::int64_t date(const Civil& civil, std::int32_t /*nanos*/) { return civil.day; }
std::int64_t day(const Civil& civil, std::int32_t /*nanos*/) { return civil.day - 1; }
std::int64_t weekday(const Civil& civil, std::int32_t /*nanos*/) { return civil.weekday; }
std::int64_t year_day(const Civil& civil, std::int32_t /*nanos*/) { return civil.year_day; }
std::int64_t hours(const Civil& civil, std::int32_t /*nanos*/) { return civil.hour; }
std::int64_t minutes(const Civil& civil, std::int32_t /*nanos*/) { return civil.minute; }
std::int64_t seconds(const Civil& civil, std::int32_t /*nanos*/) { return civil.second; }
std::int64_t milliseconds(const Civil& /*civil*/, std::int32_t nanos) { return nanos / 1'000'000; }

/// A part of a timestamp in UTC or the zone of the second argument; of a duration its whole length
/// in that unit, where one is given.
template <Part part, std::int64_t duration_unit = 0>
Value get(Args args, Budget& budget) {
  const Value& value = *args[0];
  if (value.is(Kind::kDuration) && duration_unit != 0 && args.size() == 1) {
    constexpr std::int64_t unit = duration_unit == 0 ? 1 : duration_unit;
    return unit == 1'000'000 ? Value::integer(value.as_duration() % kNanosPerSecond / unit)
                             : Value::integer(value.as_duration() / unit);
  }
  if (!value.is(Kind::kTimestamp) || (args.size() == 2 && !args[1]->is(Kind::kString))) {
    return Value::mismatch();
  }
  const Instant instant = value.as_timestamp();
  std::int64_t offset = 0;
  if (args.size() == 2) {
    budget.spend(20);
    const std::optional<std::int64_t> found = zone_offset(args[1]->text(), instant.seconds);
    if (!found) {
      return bad("unknown time zone; known are names such as Europe/Berlin and offsets as +01:00");
    }
    offset = *found;
  }
  return Value::integer(part(civil_of(instant.seconds + offset), instant.nanos));
}

constexpr std::int64_t kHour = 3'600 * kNanosPerSecond;
constexpr std::int64_t kMinute = 60 * kNanosPerSecond;

constexpr std::array kTable = {
    Declaration{"timestamp(timestamp): timestamp", to_timestamp},
    Declaration{"timestamp(string): timestamp", to_timestamp},
    Declaration{"timestamp(int): timestamp", to_timestamp},
    Declaration{"duration(duration): duration", to_duration},
    Declaration{"duration(string): duration", to_duration},
    Declaration{".getFullYear(timestamp): int", get<year>},
    Declaration{".getFullYear(timestamp, string): int", get<year>},
    Declaration{".getMonth(timestamp): int", get<month>},
    Declaration{".getMonth(timestamp, string): int", get<month>},
    Declaration{".getDate(timestamp): int", get<date>},
    Declaration{".getDate(timestamp, string): int", get<date>},
    Declaration{".getDayOfMonth(timestamp): int", get<day>},
    Declaration{".getDayOfMonth(timestamp, string): int", get<day>},
    Declaration{".getDayOfWeek(timestamp): int", get<weekday>},
    Declaration{".getDayOfWeek(timestamp, string): int", get<weekday>},
    Declaration{".getDayOfYear(timestamp): int", get<year_day>},
    Declaration{".getDayOfYear(timestamp, string): int", get<year_day>},
    Declaration{".getHours(timestamp): int", get<hours, kHour>},
    Declaration{".getHours(timestamp, string): int", get<hours, kHour>},
    Declaration{".getHours(duration): int", get<hours, kHour>},
    Declaration{".getMinutes(timestamp): int", get<minutes, kMinute>},
    Declaration{".getMinutes(timestamp, string): int", get<minutes, kMinute>},
    Declaration{".getMinutes(duration): int", get<minutes, kMinute>},
    Declaration{".getSeconds(timestamp): int", get<seconds, kNanosPerSecond>},
    Declaration{".getSeconds(timestamp, string): int", get<seconds, kNanosPerSecond>},
    Declaration{".getSeconds(duration): int", get<seconds, kNanosPerSecond>},
    Declaration{".getMilliseconds(timestamp): int", get<milliseconds, 1'000'000>},
    Declaration{".getMilliseconds(timestamp, string): int", get<milliseconds, 1'000'000>},
    Declaration{".getMilliseconds(duration): int", get<milliseconds, 1'000'000>},
};

}  // namespace

std::span<const Declaration> time_table() { return kTable; }

}  // namespace oap::expr
