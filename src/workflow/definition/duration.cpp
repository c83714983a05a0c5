#include <cmath>
#include <cstdlib>

#include "json/value.hpp"
#include "text/strings.hpp"
#include "workflow/definition/blueprint.hpp"

namespace oap::workflow {
namespace {

constexpr double kMaxMillis = 366.0 * 24 * 3'600 * 1'000;
constexpr std::string_view kForms =
    "a duration is a number of seconds, or a text such as \"500ms\", \"90s\", \"5m\", \"2h30m\", "
    "\"1d\"";

Result<Millis> bounded(double millis) {
  if (!(millis >= 0)) {
    return fail(Code::kInvalidArgument, "a duration is not below 0");
  }
  if (millis > kMaxMillis) {
    return fail(Code::kInvalidArgument, "a duration is at most 366 days");
  }
  return Millis(static_cast<std::int64_t>(std::llround(millis)));
}

/// How many milliseconds the unit at the beginning has; 0 where there is none.
double take_unit(std::string_view& text) {
  struct Unit {
    std::string_view name;
    double millis;
  };
  constexpr Unit kUnits[] = {
      {"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  for (const Unit& unit : kUnits) {
    if (text.starts_with(unit.name)) {
      text.remove_prefix(unit.name.size());
      return unit.millis;
    }
  }
  return 0;
}

std::optional<double> take_number(std::string_view& text) {
  std::size_t end = 0;
  bool dot = false;
  while (end < text.size() && end < 20 &&
         (text::is_digit(text[end]) || (text[end] == '.' && !dot && end > 0))) {
    dot = dot || text[end] == '.';
    ++end;
  }
  if (end == 0 || text[end - 1] == '.') {
    return std::nullopt;
  }
  const double number = std::strtod(std::string(text.substr(0, end)).c_str(), nullptr);
  text.remove_prefix(end);
  return number;
}

}  // namespace

Result<Millis> read_duration(const json::Value& value) {
  if (value.is_int64()) {
    return bounded(static_cast<double>(value.get_int64()) * 1000);
  }
  if (value.is_uint64()) {
    return bounded(static_cast<double>(value.get_uint64()) * 1000);
  }
  if (value.is_double()) {
    return bounded(value.get_double() * 1000);
  }
  if (!value.is_string()) {
    return fail(Code::kInvalidArgument, "{}", kForms);
  }
  std::string_view text = text::trim(json::view(value.get_string()));
  double millis = 0;
  double last_unit = 0;
  bool any = false;
  while (!text.empty()) {
    const std::optional<double> number = take_number(text);
    const bool plain = number && text.empty() && !any;
    const double unit = plain ? 1'000 : number ? take_unit(text) : 0;
    if (unit == 0 || (any && unit >= last_unit)) {
      return fail(Code::kInvalidArgument, "{}", kForms);
    }
    millis += *number * unit;
    last_unit = unit;
    any = true;
  }
  return any ? bounded(millis) : fail(Code::kInvalidArgument, "{}", kForms);
}

}  // namespace oap::workflow
