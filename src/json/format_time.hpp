#pragma once

#include <string_view>

namespace oap::json {

/// Formats of RFC 3339: its `date-time`, `full-date`, `full-time` (leap seconds only at 23:59:60
/// UTC) and the durations of its appendix A. All pure.
bool is_date_time(std::string_view text);
bool is_date(std::string_view text);
bool is_time(std::string_view text);
bool is_duration(std::string_view text);

}  // namespace oap::json
