#include "json/format_time.hpp"

#include <algorithm>
#include <optional>

#include "text/strings.hpp"

namespace oap::json {
namespace {

/// The number that exactly these digits make.
std::optional<int> number(std::string_view text, std::size_t size) {
  if (text.size() < size) {
    return std::nullopt;
  }
  int value = 0;
  for (const char c : text.substr(0, size)) {
    if (!text::is_digit(c)) {
      return std::nullopt;
    }
    value = value * 10 + (c - '0');
  }
  return value;
}

/// "HH:MM" as minutes.
std::optional<int> minutes(std::string_view text) {
  const auto hour = number(text, 2);
  const auto minute = text.size() >= 5 && text[2] == ':' ? number(text.substr(3), 2) : std::nullopt;
  if (!hour || !minute || *hour > 23 || *minute > 59) {
    return std::nullopt;
  }
  return *hour * 60 + *minute;
}

/// Takes runs of digits, each followed by one of `units`: a unit may only be followed by its
/// successor. Gives what is left, or nothing where no unit was found.
std::optional<std::string_view> take_units(std::string_view text, std::string_view units) {
  std::size_t next = std::string_view::npos;
  while (!text.empty() && text::is_digit(text[0])) {
    const std::size_t digits = text.find_first_not_of("0123456789");
    const std::size_t unit = digits == std::string_view::npos ? digits : units.find(text[digits]);
    if (unit == std::string_view::npos || (next != std::string_view::npos && unit != next)) {
      return std::nullopt;
    }
    next = unit + 1;
    text.remove_prefix(digits + 1);
  }
  return next == std::string_view::npos ? std::nullopt : std::optional(text);
}

}  // namespace

bool is_date(std::string_view text) {
  const bool shaped = text.size() == 10 && text[4] == '-' && text[7] == '-';
  const auto year = number(text, 4);
  const auto month = shaped ? number(text.substr(5), 2) : std::nullopt;
  const auto day = shaped ? number(text.substr(8), 2) : std::nullopt;
  if (!year || !month || !day || *month < 1 || *month > 12) {
    return false;
  }
  const bool leap = (*year % 4 == 0 && *year % 100 != 0) || *year % 400 == 0;
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const int last = kDays[*month - 1] + (*month == 2 && leap ? 1 : 0);
  return *day >= 1 && *day <= last;
}

bool is_time(std::string_view text) {
  const auto clock = minutes(text);
  const auto second = text.size() >= 8 && text[5] == ':' ? number(text.substr(6), 2) : std::nullopt;
  if (!clock || !second || *second > 60) {
    return false;
  }
  std::string_view rest = text.substr(8);
  if (rest.starts_with('.')) {
    const std::size_t end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    if (end == 1) {
      return false;
    }
    rest.remove_prefix(end);
  }
  int offset = 0;
  if (rest.size() == 6 && (rest[0] == '+' || rest[0] == '-')) {
    const auto away = minutes(rest.substr(1));
    if (!away) {
      return false;
    }
    offset = rest[0] == '+' ? *away : -*away;
  } else if (rest != "Z" && rest != "z") {
    return false;
  }
  constexpr int kDay = 24 * 60;
  return *second < 60 || (*clock - offset + kDay) % kDay == kDay - 1;
}

bool is_date_time(std::string_view text) {
  return text.size() > 11 && (text[10] == 'T' || text[10] == 't') && is_date(text.substr(0, 10)) &&
         is_time(text.substr(11));
}

bool is_duration(std::string_view text) {
  if (!text.starts_with('P')) {
    return false;
  }
  text.remove_prefix(1);
  if (const auto weeks = take_units(text, "W")) {
    return weeks->empty();
  }
  if (!text.starts_with('T')) {
    const auto rest = take_units(text, "YMD");
    if (!rest) {
      return false;
    }
    text = *rest;
    if (text.empty()) {
      return true;
    }
  }
  const auto rest = text.starts_with('T') ? take_units(text.substr(1), "HMS") : std::nullopt;
  return rest && rest->empty();
}

}  // namespace oap::json
