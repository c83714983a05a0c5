#include "expr/time.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "text/strings.hpp"

namespace oap::expr {

namespace {

constexpr std::int64_t kDaySeconds = 86'400;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

bool is_leap(std::int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int month_days(std::int64_t year, int month) {
  static constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return kDays.at(static_cast<std::size_t>(month - 1)) + (month == 2 && is_leap(year) ? 1 : 0);
}

/// Reads fixed pieces of a text from left to right.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  int digits(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (text_.empty() || !text::is_digit(text_.front())) {
        ok_ = false;
        return 0;
      }
      value = value * 10 + (text_.front() - '0');
      text_.remove_prefix(1);
    }
    return value;
  }

  bool accept(std::string_view any_of) {
    if (text_.empty() || any_of.find(text_.front()) == std::string_view::npos) {
      return false;
    }
    last_ = text_.front();
    text_.remove_prefix(1);
    return true;
  }
  void expect(std::string_view any_of) { ok_ = accept(any_of) && ok_; }

  /// The digits after a decimal point as nanoseconds.
  int fraction() {
    int value = 0;
    int count = 0;
    while (!text_.empty() && text::is_digit(text_.front())) {
      value = count < 9 ? value * 10 + (text_.front() - '0') : value;
      ++count;
      text_.remove_prefix(1);
    }
    ok_ = ok_ && count > 0 && count <= 9;
    for (; count < 9; ++count) {
      value *= 10;
    }
    return value;
  }

  char last() const { return last_; }
  bool ok() const { return ok_; }
  bool ended() const { return text_.empty(); }

 private:
  std::string_view text_;
  char last_ = '\0';
  bool ok_ = true;
};

std::optional<std::int64_t> unit_at(std::string_view& text) {
  static constexpr std::array<std::pair<std::string_view, std::int64_t>, 8> kUnits = {{
      {"ns", 1},
      {"us", 1'000},
      {"µs", 1'000},
      {"μs", 1'000},
      {"ms", 1'000'000},
      {"s", kNanosPerSecond},
      {"m", 60 * kNanosPerSecond},
      {"h", 3'600 * kNanosPerSecond},
  }};
  for (const auto& [name, size] : kUnits) {
    if (text.starts_with(name)) {
      text.remove_prefix(name.size());
      return size;
    }
  }
  return std::nullopt;
}

/// One number with its unit, in nanoseconds; exact, what is below one is cut.
std::optional<__int128> duration_piece(std::string_view& text) {
  __int128 whole = 0;
  __int128 part = 0;
  __int128 scale = 1;
  bool any = false;
  bool point = false;
  for (; !text.empty() && (text::is_digit(text.front()) || (text.front() == '.' && !point));
       text.remove_prefix(1)) {
    if (text.front() == '.') {
      point = true;
      continue;
    }
    any = true;
    const int digit = text.front() - '0';
    if (!point) {
      whole = whole * 10 + digit;
    } else if (scale < 1'000'000'000'000'000) {
      part = part * 10 + digit;
      scale *= 10;
    }
    if (whole > INT64_MAX) {
      return std::nullopt;
    }
  }
  const std::optional<std::int64_t> unit = any ? unit_at(text) : std::nullopt;
  if (!unit) {
    return std::nullopt;
  }
  return whole * *unit + part * *unit / scale;
}

}  // namespace

std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  const std::int64_t y = year - (month <= 2 ? 1 : 0);
  const std::int64_t era = floor_div(y, 400);
  const std::int64_t of_era = y - era * 400;
  const std::int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146'097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719'468;
}

Civil civil_of(std::int64_t seconds) {
  const std::int64_t days = floor_div(seconds, kDaySeconds);
  const auto rest = static_cast<int>(seconds - days * kDaySeconds);
  const std::int64_t shifted = days + 719'468;
  const std::int64_t era = floor_div(shifted, 146'097);
  const std::int64_t of_era = shifted - era * 146'097;
  const std::int64_t year_of_era =
      (of_era - of_era / 1'460 + of_era / 36'524 - of_era / 146'096) / 365;
  const std::int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const auto shifted_month = static_cast<int>((5 * of_year + 2) / 153);
  Civil out;
  out.month = shifted_month + (shifted_month < 10 ? 3 : -9);
  out.day = static_cast<int>(of_year) - (153 * shifted_month + 2) / 5 + 1;
  out.year = year_of_era + era * 400 + (out.month <= 2 ? 1 : 0);
  out.hour = rest / 3'600;
  out.minute = rest / 60 % 60;
  out.second = rest % 60;
  out.weekday = static_cast<int>(((days + 4) % 7 + 7) % 7);
  out.year_day = static_cast<int>(days - days_from_civil(out.year, 1, 1));
  return out;
}

std::optional<Instant> parse_timestamp(std::string_view text) {
  Reader reader(text);
  const int year = reader.digits(4);
  reader.expect("-");
  const int month = reader.digits(2);
  reader.expect("-");
  const int day = reader.digits(2);
  reader.expect("Tt");
  const int hour = reader.digits(2);
  reader.expect(":");
  const int minute = reader.digits(2);
  reader.expect(":");
  const int second = reader.digits(2);
  const int nanos = reader.accept(".") ? reader.fraction() : 0;
  std::int64_t offset = 0;
  if (!reader.accept("Zz")) {
    reader.expect("+-");
    const int sign = reader.last() == '-' ? -1 : 1;
    const int hours = reader.digits(2);
    reader.expect(":");
    const int minutes = reader.digits(2);
    if (hours > 23 || minutes > 59) {
      return std::nullopt;
    }
    offset = sign * (hours * 3'600 + minutes * 60);
  }
  if (!reader.ok() || !reader.ended() || month < 1 || month > 12 || day < 1 || hour > 23 ||
      minute > 59 || second > 59 || day > month_days(year, month)) {
    return std::nullopt;
  }
  const std::int64_t seconds = days_from_civil(year, month, day) * kDaySeconds + hour * 3'600 +
                               minute * 60 + second - offset;
  if (seconds < kMinSeconds || seconds > kMaxSeconds) {
    return std::nullopt;
  }
  return Instant{seconds, nanos};
}

std::string format_timestamp(Instant instant) {
  const Civil civil = civil_of(instant.seconds);
  std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", civil.year, civil.month,
                                civil.day, civil.hour, civil.minute, civil.second);
  if (instant.nanos != 0) {
    out += fmt::format(".{:09}", instant.nanos);
    out.erase(out.find_last_not_of('0') + 1);
  }
  return out + "Z";
}

std::optional<Instant> add_nanoseconds(Instant instant, std::int64_t nanoseconds) {
  const __int128 total =
      static_cast<__int128>(instant.seconds) * kNanosPerSecond + instant.nanos + nanoseconds;
  const __int128 low = static_cast<__int128>(kMinSeconds) * kNanosPerSecond;
  const __int128 high = (static_cast<__int128>(kMaxSeconds) + 1) * kNanosPerSecond;
  if (total < low || total >= high) {
    return std::nullopt;
  }
  auto seconds = static_cast<std::int64_t>(total / kNanosPerSecond);
  auto nanos = static_cast<std::int32_t>(total % kNanosPerSecond);
  if (nanos < 0) {
    --seconds;
    nanos += static_cast<std::int32_t>(kNanosPerSecond);
  }
  return Instant{seconds, nanos};
}

std::optional<std::int64_t> difference(Instant later, Instant earlier) {
  const __int128 total =
      (static_cast<__int128>(later.seconds) - earlier.seconds) * kNanosPerSecond + later.nanos -
      earlier.nanos;
  if (total < INT64_MIN || total > INT64_MAX) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(total);
}

std::optional<std::int64_t> parse_duration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) {
    text.remove_prefix(1);
  }
  if (text == "0") {
    return 0;
  }
  if (text.empty()) {
    return std::nullopt;
  }
  __int128 total = 0;
  while (!text.empty()) {
    const std::optional<__int128> piece = duration_piece(text);
    if (!piece) {
      return std::nullopt;
    }
    total += *piece;
    if (total > static_cast<__int128>(INT64_MAX) + (negative ? 1 : 0)) {
      return std::nullopt;
    }
  }
  return static_cast<std::int64_t>(negative ? -total : total);
}

std::string format_duration(std::int64_t nanoseconds) {
  const bool negative = nanoseconds < 0;
  const std::uint64_t size = negative ? 0 - static_cast<std::uint64_t>(nanoseconds)
                                      : static_cast<std::uint64_t>(nanoseconds);
  std::string out = fmt::format("{}{}", negative ? "-" : "", size / kNanosPerSecond);
  if (size % kNanosPerSecond != 0) {
    out += fmt::format(".{:09}", size % kNanosPerSecond);
    out.erase(out.find_last_not_of('0') + 1);
  }
  return out + "s";
}

}  // namespace oap::expr
