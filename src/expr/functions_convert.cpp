#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "expr/base64.hpp"
#include "expr/library.hpp"
#include "expr/network.hpp"
#include "expr/text_form.hpp"
#include "expr/time.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::expr {

std::string double_form(double value) {
  if (std::isnan(value)) {
    return "NaN";
  }
  if (std::isinf(value)) {
    return value > 0 ? "Infinity" : "-Infinity";
  }
  return fmt::format("{}", value);
}

std::string text_form(const Value& value) {
  switch (value.kind()) {
    case Kind::kNull:
      return "null";
    case Kind::kBool:
      return value.as_bool() ? "true" : "false";
    case Kind::kInt:
      return fmt::format("{}", value.as_int());
    case Kind::kUint:
      return fmt::format("{}", value.as_uint());
    case Kind::kDouble: {
      const std::string text = double_form(value.as_double());
      return text.ends_with(".0") ? text.substr(0, text.size() - 2) : text;
    }
    case Kind::kString:
    case Kind::kBytes:
    case Kind::kType:
      return std::string(value.text());
    case Kind::kTimestamp:
      return format_timestamp(value.as_timestamp());
    case Kind::kDuration:
      return format_duration(value.as_duration());
    case Kind::kIp:
      return format_ip(value.text());
    case Kind::kCidr:
      return fmt::format("{}/{}", format_ip(value.text()), value.prefix_length());
    default:
      return "";
  }
}

namespace {

template <class Number>
std::optional<Number> read_number(std::string_view text) {
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-') {
    text.remove_prefix(1);
  }
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

std::optional<double> read_double(std::string_view text) {
  const std::string lower = text::lower_ascii(text);
  const bool negative = lower.starts_with('-');
  const std::string_view word =
      std::string_view(lower).substr(negative || lower.starts_with('+') ? 1 : 0);
  if (word == "nan") {
    return std::nan("");
  }
  if (word == "inf" || word == "infinity") {
    return negative ? -HUGE_VAL : HUGE_VAL;
  }
  if (word.empty() || !(text::is_digit(word.front()) || word.front() == '.')) {
    return std::nullopt;
  }
  return read_number<double>(text);
}

Value to_int(Args args, Budget& /*budget*/) {
  const Value& value = *args[0];
  switch (value.kind()) {
    case Kind::kInt:
      return value;
    case Kind::kUint:
      return value.as_uint() <= INT64_MAX
                 ? Value::integer(static_cast<std::int64_t>(value.as_uint()))
                 : bad("the uint is beyond the range of int");
    case Kind::kDouble: {
      const double number = value.as_double();
      return number > -9223372036854775808.0 && number < 9223372036854775808.0
                 ? Value::integer(static_cast<std::int64_t>(number))
                 : bad("the double is beyond the range of int");
    }
    case Kind::kString: {
      const auto number = read_number<std::int64_t>(value.text());
      return number ? Value::integer(*number) : bad("the string is no int");
    }
    case Kind::kTimestamp:
      return Value::integer(value.as_timestamp().seconds);
    case Kind::kDuration:
      return Value::integer(value.as_duration() / kNanosPerSecond);
    default:
      return Value::mismatch();
  }
}

Value to_uint(Args args, Budget& /*budget*/) {
  const Value& value = *args[0];
  switch (value.kind()) {
    case Kind::kUint:
      return value;
    case Kind::kInt:
      return value.as_int() >= 0
                 ? Value::unsigned_integer(static_cast<std::uint64_t>(value.as_int()))
                 : bad("a negative int is beyond the range of uint");
    case Kind::kDouble: {
      const double number = value.as_double();
      return number >= 0 && number < 18446744073709551616.0
                 ? Value::unsigned_integer(static_cast<std::uint64_t>(number))
                 : bad("the double is beyond the range of uint");
    }
    case Kind::kString: {
      const auto number = read_number<std::uint64_t>(value.text());
      return number ? Value::unsigned_integer(*number) : bad("the string is no uint");
    }
    default:
      return Value::mismatch();
  }
}

Value to_double(Args args, Budget& /*budget*/) {
  const Value& value = *args[0];
  switch (value.kind()) {
    case Kind::kDouble:
      return value;
    case Kind::kInt:
      return Value::real(static_cast<double>(value.as_int()));
    case Kind::kUint:
      return Value::real(static_cast<double>(value.as_uint()));
    case Kind::kString: {
      const std::optional<double> number = read_double(value.text());
      return number ? Value::real(*number) : bad("the string is no double");
    }
    default:
      return Value::mismatch();
  }
}

Value to_bool(Args args, Budget& /*budget*/) {
  const Value& value = *args[0];
  if (value.is(Kind::kBool)) {
    return value;
  }
  if (!value.is(Kind::kString)) {
    return Value::mismatch();
  }
  for (const std::string_view word : {"1", "t", "true", "TRUE", "True"}) {
    if (value.text() == word) {
      return Value::boolean(true);
    }
  }
  for (const std::string_view word : {"0", "f", "false", "FALSE", "False"}) {
    if (value.text() == word) {
      return Value::boolean(false);
    }
  }
  return bad("the string is neither true nor false");
}

Value to_string(Args args, Budget& budget) {
  const Value& value = *args[0];
  switch (value.kind()) {
    case Kind::kString:
      return value;
    case Kind::kBytes:
      if (!budget.allocate(value.text().size()) || !text::is_valid_utf8(value.text())) {
        return bad("the bytes are not UTF-8");
      }
      return Value::string(std::string(value.text()));
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kUint:
    case Kind::kDouble:
    case Kind::kTimestamp:
    case Kind::kDuration:
    case Kind::kIp:
    case Kind::kCidr:
    case Kind::kType:
      budget.allocate(32);
      return Value::string(text_form(value));
    default:
      return Value::mismatch();
  }
}

Value to_bytes(Args args, Budget& budget) {
  const Value& value = *args[0];
  if (value.is(Kind::kBytes)) {
    return value;
  }
  if (!value.is(Kind::kString) || !budget.allocate(value.text().size())) {
    return Value::mismatch();
  }
  return Value::bytes(std::string(value.text()));
}

Value to_dyn(Args args, Budget& /*budget*/) { return *args[0]; }

Value type_of(Args args, Budget& budget) {
  budget.allocate(32);
  return Value::type(type_name(*args[0]));
}

Value size(Args args, Budget& budget) {
  const Value& value = *args[0];
  switch (value.kind()) {
    case Kind::kString:
      budget.read(value.text().size());
      return Value::integer(static_cast<std::int64_t>(text::code_point_count(value.text())));
    case Kind::kBytes:
      return Value::integer(static_cast<std::int64_t>(value.text().size()));
    case Kind::kList:
    case Kind::kMap:
      return Value::integer(static_cast<std::int64_t>(value.size()));
    default:
      return Value::mismatch();
  }
}

Value encode(Args args, Budget& budget) {
  if (!args[0]->is(Kind::kBytes) || !budget.allocate(args[0]->text().size() * 4 / 3 + 4)) {
    return Value::mismatch();
  }
  return Value::string(base64_encode(args[0]->text()));
}

Value decode(Args args, Budget& budget) {
  if (!args[0]->is(Kind::kString) || !budget.allocate(args[0]->text().size())) {
    return Value::mismatch();
  }
  std::optional<std::string> data = base64_decode(args[0]->text());
  return data ? Value::bytes(std::move(*data)) : bad("the string is not base64");
}

constexpr std::array kTable = {
    Declaration{"int(int): int", to_int},
    Declaration{"int(uint): int", to_int},
    Declaration{"int(double): int", to_int},
    Declaration{"int(string): int", to_int},
    Declaration{"int(timestamp): int", to_int},
    Declaration{"int(duration): int", to_int},
    Declaration{"uint(uint): uint", to_uint},
    Declaration{"uint(int): uint", to_uint},
    Declaration{"uint(double): uint", to_uint},
    Declaration{"uint(string): uint", to_uint},
    Declaration{"double(double): double", to_double},
    Declaration{"double(int): double", to_double},
    Declaration{"double(uint): double", to_double},
    Declaration{"double(string): double", to_double},
    Declaration{"bool(bool): bool", to_bool},
    Declaration{"bool(string): bool", to_bool},
    Declaration{"string(string): string", to_string},
    Declaration{"string(bool): string", to_string},
    Declaration{"string(int): string", to_string},
    Declaration{"string(uint): string", to_string},
    Declaration{"string(double): string", to_string},
    Declaration{"string(bytes): string", to_string},
    Declaration{"string(timestamp): string", to_string},
    Declaration{"string(duration): string", to_string},
    Declaration{"string(net.IP): string", to_string},
    Declaration{"string(net.CIDR): string", to_string},
    Declaration{"bytes(bytes): bytes", to_bytes},
    Declaration{"bytes(string): bytes", to_bytes},
    Declaration{"dyn(A): dyn", to_dyn},
    Declaration{"type(A): type<A>", type_of},
    Declaration{"size(string): int", size},
    Declaration{"size(bytes): int", size},
    Declaration{"size(list<A>): int", size},
    Declaration{"size(map<A, B>): int", size},
    Declaration{".size(string): int", size},
    Declaration{".size(bytes): int", size},
    Declaration{".size(list<A>): int", size},
    Declaration{".size(map<A, B>): int", size},
    Declaration{"base64.encode(bytes): string", encode},
    Declaration{"base64.decode(string): bytes", decode},
};

}  // namespace

std::span<const Declaration> conversion_table() { return kTable; }

}  // namespace oap::expr
