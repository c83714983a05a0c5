#include "expr/compare.hpp"

#include <cmath>

namespace oap::expr {

namespace {

constexpr double kTwo63 = 9223372036854775808.0;
constexpr double kTwo64 = 18446744073709551616.0;

std::partial_ordering compare_int_double(std::int64_t a, double b) {
  if (std::isnan(b)) {
    return std::partial_ordering::unordered;
  }
  if (b >= kTwo63) {
    return std::partial_ordering::less;
  }
  if (b < -kTwo63) {
    return std::partial_ordering::greater;
  }
  const double floor = std::floor(b);
  const auto whole = static_cast<std::int64_t>(floor);
  if (a != whole) {
    return a <=> whole;
  }
  return floor < b ? std::partial_ordering::less : std::partial_ordering::equivalent;
}

std::partial_ordering compare_uint_double(std::uint64_t a, double b) {
  if (std::isnan(b)) {
    return std::partial_ordering::unordered;
  }
  if (b >= kTwo64) {
    return std::partial_ordering::less;
  }
  if (b < 0) {
    return std::partial_ordering::greater;
  }
  const double floor = std::floor(b);
  const auto whole = static_cast<std::uint64_t>(floor);
  if (a != whole) {
    return a <=> whole;
  }
  return floor < b ? std::partial_ordering::less : std::partial_ordering::equivalent;
}

std::partial_ordering compare_int_uint(std::int64_t a, std::uint64_t b) {
  if (a < 0) {
    return std::partial_ordering::less;
  }
  return static_cast<std::uint64_t>(a) <=> b;
}

std::partial_ordering flip(std::partial_ordering order) { return 0 <=> order; }

int sign(std::strong_ordering order) { return order < 0 ? -1 : (order > 0 ? 1 : 0); }

int key_class(const Value& key) {
  switch (key.kind()) {
    case Kind::kBool:
      return 0;
    case Kind::kInt:
    case Kind::kUint:
    case Kind::kDouble:
      return 1;
    case Kind::kString:
      return 2;
    default:
      return 3;
  }
}

bool equal_lists(const Value& a, const Value& b, Budget& budget) {
  const std::size_t size = a.size();
  if (size != b.size()) {
    return false;
  }
  for (std::size_t i = 0; i < size; ++i) {
    if (!equal(a.at(i), b.at(i), budget)) {
      return false;
    }
  }
  return true;
}

bool equal_maps(const Value& a, const Value& b, Budget& budget) {
  const std::size_t size = a.size();
  if (size != b.size()) {
    return false;
  }
  for (std::size_t i = 0; i < size; ++i) {
    const Value other = b.find(a.key_at(i));
    if (other.is(Kind::kAbsent) || !equal(a.value_at(i), other, budget)) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::partial_ordering compare_exactly(const Value& a, const Value& b) {
  switch (a.kind()) {
    case Kind::kInt:
      return b.is(Kind::kInt)    ? a.as_int() <=> b.as_int()
             : b.is(Kind::kUint) ? compare_int_uint(a.as_int(), b.as_uint())
                                 : compare_int_double(a.as_int(), b.as_double());
    case Kind::kUint:
      return b.is(Kind::kInt)    ? flip(compare_int_uint(b.as_int(), a.as_uint()))
             : b.is(Kind::kUint) ? a.as_uint() <=> b.as_uint()
                                 : compare_uint_double(a.as_uint(), b.as_double());
    default:
      return b.is(Kind::kInt)    ? flip(compare_int_double(b.as_int(), a.as_double()))
             : b.is(Kind::kUint) ? flip(compare_uint_double(b.as_uint(), a.as_double()))
                                 : a.as_double() <=> b.as_double();
  }
}

std::partial_ordering compare_numbers(const Value& a, const Value& b) {
  const auto rounded = [](const Value& value) {
    return value.is(Kind::kInt)    ? static_cast<double>(value.as_int())
           : value.is(Kind::kUint) ? static_cast<double>(value.as_uint())
                                   : value.as_double();
  };
  return a.is(Kind::kDouble) || b.is(Kind::kDouble) ? rounded(a) <=> rounded(b)
                                                    : compare_exactly(a, b);
}

int compare_keys(const Value& a, const Value& b) {
  const int left = key_class(a);
  const int right = key_class(b);
  if (left != right) {
    return left < right ? -1 : 1;
  }
  switch (left) {
    case 0:
      return static_cast<int>(a.as_bool()) - static_cast<int>(b.as_bool());
    case 1: {
      const std::partial_ordering numbers = compare_exactly(a, b);
      return numbers < 0 ? -1 : (numbers == 0 ? 0 : 1);
    }
    case 2:
      return sign(a.text() <=> b.text());
    default:
      return -1;
  }
}

bool equal(const Value& a, const Value& b, Budget& budget) {
  if (!budget.spend(1)) {
    return false;
  }
  if (a.is_number() && b.is_number()) {
    return compare_numbers(a, b) == 0;
  }
  if (a.kind() != b.kind()) {
    return false;
  }
  switch (a.kind()) {
    case Kind::kNull:
      return true;
    case Kind::kBool:
      return a.as_bool() == b.as_bool();
    case Kind::kString:
    case Kind::kBytes:
    case Kind::kType:
    case Kind::kIp:
      return a.text().size() == b.text().size() && budget.read(a.text().size()) &&
             a.text() == b.text();
    case Kind::kCidr:
      return a.prefix_length() == b.prefix_length() && a.text() == b.text();
    case Kind::kTimestamp:
      return a.as_timestamp() == b.as_timestamp();
    case Kind::kDuration:
      return a.as_duration() == b.as_duration();
    case Kind::kList:
      return equal_lists(a, b, budget);
    case Kind::kMap:
      return equal_maps(a, b, budget);
    case Kind::kOptional: {
      const Value* left = a.inner();
      const Value* right = b.inner();
      return left == nullptr || right == nullptr ? left == right : equal(*left, *right, budget);
    }
    default:
      return false;
  }
}

std::optional<std::partial_ordering> order(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) {
    return compare_numbers(a, b);
  }
  if (a.kind() != b.kind()) {
    return std::nullopt;
  }
  switch (a.kind()) {
    case Kind::kBool:
      return a.as_bool() <=> b.as_bool();
    case Kind::kString:
    case Kind::kBytes:
      return a.text() <=> b.text();
    case Kind::kTimestamp:
      return a.as_timestamp() <=> b.as_timestamp();
    case Kind::kDuration:
      return a.as_duration() <=> b.as_duration();
    default:
      return std::nullopt;
  }
}

}  // namespace oap::expr
