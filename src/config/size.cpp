#include "config/size.hpp"

#include <charconv>
#include <string>

#include "text/strings.hpp"

namespace oap::config {
namespace {

constexpr double kTooMany = 9.2e18;

std::optional<double> unit_factor(std::string_view unit) {
  const std::string lower = text::lower_ascii(unit);
  if (lower.empty() || lower == "b") {
    return 1.0;
  }
  const std::size_t power = std::string_view("kmgtp").find(lower[0]);
  if (power == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view rest = std::string_view(lower).substr(1);
  if (!rest.empty() && rest != "b" && rest != "i" && rest != "ib") {
    return std::nullopt;
  }
  const double base = !rest.empty() && rest[0] == 'i' ? 1024.0 : 1000.0;
  double factor = 1;
  for (std::size_t i = 0; i <= power; ++i) {
    factor *= base;
  }
  return factor;
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  text = text::trim(text);
  std::size_t end = 0;
  while (end < text.size() && (text::is_digit(text[end]) || text[end] == '.')) {
    ++end;
  }
  double number = 0;
  const std::string_view digits = text.substr(0, end);
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (digits.empty() || digits.front() == '.' || parsed.ec != std::errc() ||
      parsed.ptr != digits.data() + digits.size()) {
    return std::nullopt;
  }
  const auto factor = unit_factor(text::trim(text.substr(end)));
  if (!factor || number * *factor < 1 || number * *factor > kTooMany) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(number * *factor);
}

}  // namespace oap::config
