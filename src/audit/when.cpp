#include <charconv>

#include "audit/query.hpp"
#include "json/format_time.hpp"

namespace oap::audit {
namespace {

int number_at(std::string_view text, std::size_t at, std::size_t digits) {
  int number = 0;
  std::from_chars(text.data() + at, text.data() + at + digits, number);
  return number;
}

/// Of a text that `is_date_time`.
WallTime instant_of(std::string_view text) {
  using namespace std::chrono;
  const year_month_day date(year(number_at(text, 0, 4)),
                            month(static_cast<unsigned>(number_at(text, 5, 2))),
                            day(static_cast<unsigned>(number_at(text, 8, 2))));
  WallTime at = sys_days(date) + hours(number_at(text, 11, 2)) + minutes(number_at(text, 14, 2)) +
                seconds(number_at(text, 17, 2));
  std::size_t zone = 19;
  if (text[zone] == '.') {
    int scale = 100;
    for (++zone; text[zone] >= '0' && text[zone] <= '9'; ++zone, scale /= 10) {
      at += milliseconds((text[zone] - '0') * scale);
    }
  }
  if (text[zone] == '+' || text[zone] == '-') {
    const minutes offset(number_at(text, zone + 1, 2) * 60 + number_at(text, zone + 4, 2));
    at += text[zone] == '+' ? -offset : offset;
  }
  return at;
}

}  // namespace

Result<Millis> parse_age(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  constexpr std::int64_t kDay = 86'400;
  const std::int64_t seconds = unit == "s"   ? 1
                               : unit == "m" ? 60
                               : unit == "h" ? 3'600
                               : unit == "d" ? kDay
                               : unit == "w" ? 7 * kDay
                                             : 0;
  if (error != std::errc() || seconds == 0 || count < 0 || count > 100 * 366 * kDay / seconds) {
    return fail(Code::kInvalidArgument, "'{}' is no length of time such as 15m, 24h, 7d or 2w",
                text);
  }
  return Millis(std::chrono::seconds(count * seconds));
}

std::optional<WallTime> parse_time(std::string_view text) {
  return json::is_date_time(text) ? std::optional(instant_of(text)) : std::nullopt;
}

Result<std::string> parse_when(std::string_view text, WallTime now) {
  if (json::is_date(text)) {
    return format_time(instant_of(std::string(text) + "T00:00:00Z"));
  }
  if (json::is_date_time(text)) {
    return format_time(instant_of(text));
  }
  const auto age = parse_age(text);
  if (!age) {
    return fail(Code::kInvalidArgument,
                "'{}' is no time: give RFC 3339 (2026-11-26T10:00:00Z), a date, or how long ago "
                "(15m, 24h, 7d)",
                text);
  }
  return format_time(now - *age);
}

}  // namespace oap::audit
