#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace oap::expr {

/// The rule at the end of a TZif file for times beyond its table: a POSIX TZ string (RFC 8536
/// §3.3), such as "CET-1CEST,M3.5.0,M10.5.0/3". Immutable and pure.
class ZoneRule {
 public:
  /// Nothing where the text is not of that form.
  static std::optional<ZoneRule> parse(std::string_view text);

  /// Seconds east of UTC.
  std::int64_t offset_at(std::int64_t seconds) const;

 private:
  /// A day of the year: "M3.5.0" (month, week, weekday), "J60" (no leap day) or "59".
  struct Day {
    enum class Form { kMonth, kJulian, kZeroBased } form = Form::kMonth;
    int month = 1;
    int week = 1;
    int weekday = 0;
    int day = 0;
    std::int64_t time = 7'200;
  };
  class Reader;

  static std::int64_t start_of(const Day& day, std::int64_t year);

  std::int64_t standard_ = 0;
  std::int64_t summer_ = 0;
  bool has_summer_ = false;
  Day begin_;
  Day end_;
};

}  // namespace oap::expr
