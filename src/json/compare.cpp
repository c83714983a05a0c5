#include "json/compare.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <limits>
#include <string_view>

namespace oap::json {
namespace {

// Holds every 64-bit integer and every double exactly.
using Real = long double;
static_assert(std::numeric_limits<Real>::digits >= 64);

__extension__ using Wide = unsigned __int128;

Real to_real(const Value& value) {
  if (value.is_int64()) {
    return static_cast<Real>(value.get_int64());
  }
  return value.is_uint64() ? static_cast<Real>(value.get_uint64())
                           : static_cast<Real>(value.get_double());
}

/// digits × 10^exponent, digits without a trailing zero; the sign does not matter here.
struct Decimal {
  std::uint64_t digits = 0;
  int exponent = 0;
};

Decimal to_decimal(const Value& value) {
  Decimal out;
  if (value.is_int64()) {
    const std::int64_t number = value.get_int64();
    out.digits =
        number < 0 ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
  } else if (value.is_uint64()) {
    out.digits = value.get_uint64();
  } else {
    char text[40];
    const auto end = std::to_chars(std::begin(text), std::end(text), std::fabs(value.get_double()),
                                   std::chars_format::scientific);
    const char* at = std::begin(text);
    bool fraction = false;
    for (; at != end.ptr && *at != 'e'; ++at) {
      if (*at == '.') {
        fraction = true;
        continue;
      }
      out.digits = out.digits * 10 + static_cast<std::uint64_t>(*at - '0');
      out.exponent -= fraction ? 1 : 0;
    }
    int exponent = 0;
    if (at != end.ptr) {
      at += at[1] == '+' ? 2 : 1;
      std::from_chars(at, end.ptr, exponent);
    }
    out.exponent += exponent;
  }
  while (out.digits != 0 && out.digits % 10 == 0) {
    out.digits /= 10;
    ++out.exponent;
  }
  return out;
}

bool equal_objects(const Object& a, const Object& b) {
  if (a.size() != b.size()) {
    return false;
  }
  for (const auto& member : a) {
    const Value* other = b.if_contains(member.key());
    if (other == nullptr || !equal(member.value(), *other)) {
      return false;
    }
  }
  return true;
}

bool equal_arrays(const Array& a, const Array& b) {
  if (a.size() != b.size()) {
    return false;
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!equal(a[i], b[i])) {
      return false;
    }
  }
  return true;
}

std::size_t mix(std::size_t seed, std::size_t more) {
  return (seed ^ (more + 0x9e3779b97f4a7c15U + (seed << 6U) + (seed >> 2U))) * 0x9ddfea08eb382d69U;
}

std::size_t hash_text(std::string_view text) { return std::hash<std::string_view>{}(text); }

}  // namespace

bool is_number(const Value& value) {
  return value.is_int64() || value.is_uint64() || value.is_double();
}

bool is_integer(const Value& value) {
  if (value.is_double()) {
    return std::isfinite(value.get_double()) &&
           std::trunc(value.get_double()) == value.get_double();
  }
  return value.is_int64() || value.is_uint64();
}

std::strong_ordering compare_numbers(const Value& a, const Value& b) {
  const Real left = to_real(a);
  const Real right = to_real(b);
  if (left < right) {
    return std::strong_ordering::less;
  }
  return left > right ? std::strong_ordering::greater : std::strong_ordering::equal;
}

bool is_multiple_of(const Value& value, const Value& divisor) {
  Decimal a = to_decimal(value);
  const Decimal b = to_decimal(divisor);
  if (a.digits == 0) {
    return true;
  }
  const int shift = a.exponent - b.exponent;
  if (shift < -19) {
    return false;  // The divisor is larger than the value.
  }
  if (shift < 0) {
    Wide scaled = b.digits;
    for (int i = shift; i < 0; ++i) {
      scaled *= 10;
    }
    return Wide{a.digits} % scaled == 0;
  }
  Wide rest = a.digits % b.digits;
  for (int i = 0; i < shift && rest != 0; ++i) {
    rest = rest * 10 % b.digits;
  }
  return rest == 0;
}

bool equal(const Value& a, const Value& b) {
  if (is_number(a) && is_number(b)) {
    return compare_numbers(a, b) == 0;
  }
  if (a.kind() != b.kind()) {
    return false;
  }
  if (const String* text = a.if_string()) {
    return *text == b.get_string();
  }
  if (const Array* items = a.if_array()) {
    return equal_arrays(*items, b.get_array());
  }
  if (const Object* members = a.if_object()) {
    return equal_objects(*members, b.get_object());
  }
  return a.is_null() || a.get_bool() == b.get_bool();
}

std::size_t hash_of(const Value& value) {
  if (is_number(value)) {
    return std::hash<double>{}(static_cast<double>(to_real(value)));
  }
  if (const String* text = value.if_string()) {
    return hash_text(view(*text));
  }
  if (const Array* items = value.if_array()) {
    std::size_t seed = 3;
    for (const Value& item : *items) {
      seed = mix(seed, hash_of(item));
    }
    return seed;
  }
  if (const Object* members = value.if_object()) {
    std::size_t sum = 5;
    for (const auto& member : *members) {
      sum += mix(hash_text({member.key().data(), member.key().size()}), hash_of(member.value()));
    }
    return sum;
  }
  return value.is_null() ? 1 : value.get_bool() ? 7 : 11;
}

}  // namespace oap::json
