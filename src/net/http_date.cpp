#include "net/http_date.hpp"

#include <array>
#include <charconv>
#include <vector>

#include <fmt/format.h>

#include "text/strings.hpp"

namespace oap::net {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && value >= 0 ? std::optional<int>(value) : std::nullopt;
}

std::optional<unsigned> month(std::string_view text) {
  for (unsigned i = 0; i < kMonths.size(); ++i) {
    if (text::equals_ci(text, kMonths[i])) {
      return i + 1;
    }
  }
  return std::nullopt;
}

std::optional<std::chrono::seconds> time_of_day(std::string_view text) {
  const auto parts = text::split(text, ':');
  if (parts.size() != 3) {
    return std::nullopt;
  }
  const auto hour = number(parts[0]);
  const auto minute = number(parts[1]);
  const auto second = number(parts[2]);
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  return std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second);
}

std::optional<WallTime> combine(std::optional<int> year, std::optional<unsigned> at_month,
                                std::optional<int> day, std::string_view clock) {
  const auto time = time_of_day(clock);
  if (!year || !at_month || !day || !time || *day > 31 || *year > 9999) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*at_month),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) {
    return std::nullopt;
  }
  return std::chrono::sys_days(date) + *time;
}

}  // namespace

std::optional<WallTime> parse_http_date(std::string_view text) {
  const auto words = text::split_words(text);
  if (words.size() == 6 && words[5] == "GMT") {  // Sun, 06 Nov 1994 08:49:37 GMT
    return combine(number(words[3]), month(words[2]), number(words[1]), words[4]);
  }
  if (words.size() == 5) {  // Sun Nov  6 08:49:37 1994
    return combine(number(words[4]), month(words[1]), number(words[2]), words[3]);
  }
  if (words.size() == 4 && words[3] == "GMT") {  // Sunday, 06-Nov-94 08:49:37 GMT
    const auto parts = text::split(words[1], '-');
    const auto year = parts.size() == 3 ? number(parts[2]) : std::nullopt;
    if (!year || *year > 99) {
      return std::nullopt;
    }
    return combine(*year + (*year < 70 ? 2000 : 1900), month(parts[1]), number(parts[0]), words[2]);
  }
  return std::nullopt;
}

std::string format_http_date(WallTime at) {
  static constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                            "Thu", "Fri", "Sat"};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(at - day));
  return fmt::format(
      "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[std::chrono::weekday(day).c_encoding()],
      static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
      static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
      time.seconds().count());
}

}  // namespace oap::net
