#include "cli/values.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "audit/query.hpp"
#include "base/clock.hpp"
#include "config/size.hpp"
#include "sandbox/spec.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

constexpr double kShortest = 0.001;
constexpr double kYear = 31'536'000;
constexpr std::size_t kMostShown = 100;

/// Lists of rules that may say "none".
constexpr std::array<std::string_view, 2> kMayBeEmpty{"--allowedTools", "--disallowedTools"};

std::string shown(const std::string& text) {
  return "'" + text::escape_visible(text::truncate_utf8(text, kMostShown)) + "'";
}

template <class T>
std::string fault_of(const Result<T>& parsed) {
  return parsed ? std::string() : parsed.error().message();
}

template <class Number>
std::optional<Number> number_of(const std::string& text) {
  Number number{};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

template <class Number>
std::string check_whole(const std::string& text) {
  using Limits = std::numeric_limits<Number>;
  return number_of<Number>(text) ? ""
                                 : fmt::format("{} is no whole number from {} to {}", shown(text),
                                               Limits::min(), Limits::max());
}

std::string check_decimal(const std::string& text) {
  const auto number = number_of<double>(text);
  return number && std::isfinite(*number) ? "" : shown(text) + " is no number, such as 2 or 0.5";
}

std::string check_text(const std::string& text) {
  if (text.empty()) {
    return "it is empty; leave the option out, or give it a value";
  }
  return text::is_valid_utf8(text) ? "" : shown(text) + " is not UTF-8 text";
}

void check_option(CLI::Option& option) {
  if (option.get_items_expected_max() == 0 || option.get_positional()) {
    return;
  }
  const std::string type = option.get_type_name();
  const std::string_view name = std::string_view(type).substr(0, type.find(':'));
  for (const std::string_view exempt : kMayBeEmpty) {
    if (option.get_name() == exempt) {
      return;
    }
  }
  option.check(CLI::Validator(check_text, ""));
  if (name == "INT") {
    option.check(CLI::Validator(check_whole<std::int64_t>, ""));
  } else if (name == "UINT") {
    option.check(CLI::Validator(check_whole<std::uint64_t>, ""));
  } else if (name == "FLOAT" || name == "SECONDS") {
    option.check(CLI::Validator(check_decimal, ""));
  }
}

}  // namespace

CLI::Validator size_value() {
  const auto check = [](const std::string& text) -> std::string {
    return config::parse_size(text) ? "" : shown(text) + " is no size, such as 512MB or 1GiB";
  };
  return CLI::Validator(check, "");
}

CLI::Validator kinds_value() {
  const auto check = [](const std::string& text) { return fault_of(sandbox::parse_kinds(text)); };
  return CLI::Validator(check, "");
}

CLI::Validator time_value() {
  const auto check = [](const std::string& text) {
    return fault_of(audit::parse_when(text, system_clock().wall()));
  };
  return CLI::Validator(check, "");
}

CLI::Validator age_value() {
  const auto check = [](const std::string& text) { return fault_of(audit::parse_age(text)); };
  return CLI::Validator(check, "");
}

CLI::Validator seconds_value() {
  const auto check = [](const std::string& text) -> std::string {
    const auto seconds = number_of<double>(text);
    const bool fits = seconds && *seconds >= kShortest && *seconds <= kYear;
    return fits ? "" : shown(text) + " is no number of seconds from 0.001 to 31536000";
  };
  return CLI::Validator(check, "");
}

void check_values(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    check_option(*option);
  }
  for (CLI::App* sub : app.get_subcommands([](CLI::App*) { return true; })) {
    check_values(*sub);
  }
}

}  // namespace oap::cli
