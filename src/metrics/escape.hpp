#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace oap::metrics {

// The text rules of Prometheus exposition 0.0.4 and OpenMetrics 1.0. Pure.

/// [a-zA-Z_:][a-zA-Z0-9_:]*
bool is_metric_name(std::string_view name);
/// [a-zA-Z_][a-zA-Z0-9_]*, not beginning with two underscores.
bool is_label_name(std::string_view name);
/// At most `max` bytes of valid UTF-8; what is none becomes U+FFFD.
std::string clean_value(std::string_view value, std::size_t max);
/// Escapes backslash and line break, and the quote where asked.
void append_escaped(std::string& out, std::string_view text, bool quote);
/// 1, 0.25, 1e+20, NaN, +Inf, -Inf.
void append_number(std::string& out, double value);

}  // namespace oap::metrics
