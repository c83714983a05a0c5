#include "expr/zone_rule.hpp"

#include "expr/time.hpp"
#include "text/strings.hpp"

namespace oap::expr {

/// Reads the text from left to right; once something is missing, `ok` stays false.
class ZoneRule::Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool ok = true;
  bool ended() const { return text_.empty(); }

  bool accept(char c) {
    if (text_.empty() || text_.front() != c) {
      return false;
    }
    text_.remove_prefix(1);
    return true;
  }

  void name() {
    std::size_t length = 0;
    if (accept('<')) {
      length = text_.find('>');
      ok = ok && length != std::string_view::npos;
      text_.remove_prefix(ok ? length + 1 : 0);
      return;
    }
    while (length < text_.size() && text::is_alpha(text_[length])) {
      ++length;
    }
    ok = ok && length >= 3;
    text_.remove_prefix(length);
  }

  int number() {
    int value = 0;
    int digits = 0;
    while (!text_.empty() && text::is_digit(text_.front()) && digits < 4) {
      value = value * 10 + (text_.front() - '0');
      text_.remove_prefix(1);
      ++digits;
    }
    ok = ok && digits > 0;
    return value;
  }

  /// [+-]hh[:mm[:ss]] in seconds.
  std::int64_t time() {
    const bool negative = accept('-');
    if (!negative) {
      accept('+');
    }
    std::int64_t seconds = static_cast<std::int64_t>(number()) * 3'600;
    if (accept(':')) {
      seconds += static_cast<std::int64_t>(number()) * 60;
    }
    if (accept(':')) {
      seconds += number();
    }
    return negative ? -seconds : seconds;
  }

  Day day() {
    Day day;
    if (accept('M')) {
      day.month = number();
      ok = accept('.') && ok;
      day.week = number();
      ok = accept('.') && ok;
      day.weekday = number();
      ok = ok && day.month >= 1 && day.month <= 12 && day.week >= 1 && day.week <= 5 &&
           day.weekday <= 6;
    } else {
      day.form = accept('J') ? Day::Form::kJulian : Day::Form::kZeroBased;
      day.day = number();
      ok = ok && day.day <= 365;
    }
    if (accept('/')) {
      day.time = time();
    }
    return day;
  }

 private:
  std::string_view text_;
};

std::optional<ZoneRule> ZoneRule::parse(std::string_view text) {
  Reader reader(text);
  ZoneRule rule;
  reader.name();
  rule.standard_ = -reader.time();
  if (!reader.ended()) {
    rule.has_summer_ = true;
    rule.summer_ = rule.standard_ + 3'600;
    reader.name();
    if (!reader.accept(',')) {
      rule.summer_ = -reader.time();
      reader.ok = reader.accept(',') && reader.ok;
    }
    rule.begin_ = reader.day();
    reader.ok = reader.accept(',') && reader.ok;
    rule.end_ = reader.day();
  }
  return reader.ok && reader.ended() ? std::optional(rule) : std::nullopt;
}

std::int64_t ZoneRule::start_of(const Day& day, std::int64_t year) {
  std::int64_t days = 0;
  switch (day.form) {
    case Day::Form::kZeroBased:
      days = days_from_civil(year, 1, 1) + day.day;
      break;
    case Day::Form::kJulian:
      days = days_from_civil(year, 1, 1) + day.day - 1;
      days += day.day > 59 && days_from_civil(year, 3, 1) - days_from_civil(year, 2, 1) == 29;
      break;
    case Day::Form::kMonth: {
      const std::int64_t first = days_from_civil(year, day.month, 1);
      const std::int64_t next = day.month == 12 ? days_from_civil(year + 1, 1, 1)
                                                : days_from_civil(year, day.month + 1, 1);
      const std::int64_t weekday = ((first + 4) % 7 + 7) % 7;
      days = first + (day.weekday - weekday + 7) % 7 + static_cast<std::int64_t>(day.week - 1) * 7;
      days -= days >= next ? 7 : 0;
      break;
    }
  }
  return days * 86'400 + day.time;
}

std::int64_t ZoneRule::offset_at(std::int64_t seconds) const {
  if (!has_summer_) {
    return standard_;
  }
  const std::int64_t year = civil_of(seconds + standard_).year;
  const std::int64_t begin = start_of(begin_, year) - standard_;
  const std::int64_t end = start_of(end_, year) - summer_;
  const bool summer =
      begin < end ? seconds >= begin && seconds < end : seconds >= begin || seconds < end;
  return summer ? summer_ : standard_;
}

}  // namespace oap::expr
