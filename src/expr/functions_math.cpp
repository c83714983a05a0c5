#include <array>
#include <cmath>

#include "expr/compare.hpp"
#include "expr/library.hpp"

namespace oap::expr {

namespace {

/// The extreme of the arguments, or of the items where the one argument is a list.
template <bool greatest>
Value extreme(Args args, Budget& budget) {
  const bool of_list = args.size() == 1 && args[0]->is(Kind::kList);
  const std::size_t count = of_list ? args[0]->size() : args.size();
  if (count == 0) {
    return bad("of an empty list nothing is the greatest or the least");
  }
  Value best;
  for (std::size_t i = 0; i < count && budget.spend(1); ++i) {
    Value each = of_list ? args[0]->at(i) : *args[i];
    if (!each.is_number()) {
      return Value::mismatch();
    }
    const bool better =
        i == 0 || (greatest ? compare_numbers(each, best) > 0 : compare_numbers(each, best) < 0);
    best = better ? std::move(each) : std::move(best);
  }
  return best;
}

template <double (*function)(double)>
Value on_double(Args args, Budget& /*budget*/) {
  return args[0]->is(Kind::kDouble) ? Value::real(function(args[0]->as_double()))
                                    : Value::mismatch();
}

template <bool (*function)(double)>
Value is_double(Args args, Budget& /*budget*/) {
  return args[0]->is(Kind::kDouble) ? Value::boolean(function(args[0]->as_double()))
                                    : Value::mismatch();
}

double ceil_of(double x) { return std::ceil(x); }
double floor_of(double x) { return std::floor(x); }
double round_of(double x) { return std::round(x); }
double trunc_of(double x) { return std::trunc(x); }
bool is_nan(double x) { return std::isnan(x); }
bool is_inf(double x) { return std::isinf(x); }
bool is_finite(double x) { return std::isfinite(x); }

Value abs(Args args, Budget& /*budget*/) {
  const Value& value = *args[0];
  if (value.is(Kind::kInt)) {
    return value.as_int() == INT64_MIN ? bad("the absolute value overflows int")
                                       : Value::integer(std::abs(value.as_int()));
  }
  if (value.is(Kind::kDouble)) {
    return Value::real(std::fabs(value.as_double()));
  }
  return value.is(Kind::kUint) ? value : Value::mismatch();
}

Value sign(Args args, Budget& /*budget*/) {
  const Value& value = *args[0];
  if (value.is(Kind::kInt)) {
    return Value::integer((value.as_int() > 0 ? 1 : 0) - (value.as_int() < 0 ? 1 : 0));
  }
  if (value.is(Kind::kUint)) {
    return Value::unsigned_integer(value.as_uint() > 0 ? 1 : 0);
  }
  if (value.is(Kind::kDouble)) {
    const double x = value.as_double();
    return Value::real(std::isnan(x) ? x : (x > 0 ? 1.0 : 0.0) - (x < 0 ? 1.0 : 0.0));
  }
  return Value::mismatch();
}

Value square_root(Args args, Budget& /*budget*/) {
  const Value& value = *args[0];
  if (value.is(Kind::kDouble)) {
    return Value::real(std::sqrt(value.as_double()));
  }
  if (value.is(Kind::kInt)) {
    return Value::real(std::sqrt(static_cast<double>(value.as_int())));
  }
  return value.is(Kind::kUint) ? Value::real(std::sqrt(static_cast<double>(value.as_uint())))
                               : Value::mismatch();
}

std::uint64_t bits_and(std::uint64_t a, std::uint64_t b) { return a & b; }
std::uint64_t bits_or(std::uint64_t a, std::uint64_t b) { return a | b; }
std::uint64_t bits_xor(std::uint64_t a, std::uint64_t b) { return a ^ b; }

template <std::uint64_t (*function)(std::uint64_t, std::uint64_t)>
Value bits(Args args, Budget& /*budget*/) {
  const Value& a = *args[0];
  const Value& b = *args[1];
  if (a.is(Kind::kInt) && b.is(Kind::kInt)) {
    return Value::integer(static_cast<std::int64_t>(
        function(static_cast<std::uint64_t>(a.as_int()), static_cast<std::uint64_t>(b.as_int()))));
  }
  return a.is(Kind::kUint) && b.is(Kind::kUint)
             ? Value::unsigned_integer(function(a.as_uint(), b.as_uint()))
             : Value::mismatch();
}

Value bits_not(Args args, Budget& /*budget*/) {
  const Value& value = *args[0];
  if (value.is(Kind::kInt)) {
    return Value::integer(~value.as_int());
  }
  return value.is(Kind::kUint) ? Value::unsigned_integer(~value.as_uint()) : Value::mismatch();
}

template <bool left>
Value shift(Args args, Budget& /*budget*/) {
  const Value& value = *args[0];
  if (!args[1]->is(Kind::kInt) || !(value.is(Kind::kInt) || value.is(Kind::kUint))) {
    return Value::mismatch();
  }
  const std::int64_t by = args[1]->as_int();
  if (by < 0) {
    return bad("a shift must not be by a negative number");
  }
  const std::uint64_t from =
      value.is(Kind::kInt) ? static_cast<std::uint64_t>(value.as_int()) : value.as_uint();
  const std::uint64_t shifted = by > 63 ? 0 : (left ? from << by : from >> by);
  return value.is(Kind::kInt) ? Value::integer(static_cast<std::int64_t>(shifted))
                              : Value::unsigned_integer(shifted);
}

constexpr std::array kTable = {
    Declaration{"math.greatest(dyn...): dyn", extreme<true>},
    Declaration{"math.least(dyn...): dyn", extreme<false>},
    Declaration{"math.ceil(double): double", on_double<ceil_of>},
    Declaration{"math.floor(double): double", on_double<floor_of>},
    Declaration{"math.round(double): double", on_double<round_of>},
    Declaration{"math.trunc(double): double", on_double<trunc_of>},
    Declaration{"math.isNaN(double): bool", is_double<is_nan>},
    Declaration{"math.isInf(double): bool", is_double<is_inf>},
    Declaration{"math.isFinite(double): bool", is_double<is_finite>},
    Declaration{"math.abs(int): int", abs},
    Declaration{"math.abs(uint): uint", abs},
    Declaration{"math.abs(double): double", abs},
    Declaration{"math.sign(int): int", sign},
    Declaration{"math.sign(uint): uint", sign},
    Declaration{"math.sign(double): double", sign},
    Declaration{"math.sqrt(int): double", square_root},
    Declaration{"math.sqrt(uint): double", square_root},
    Declaration{"math.sqrt(double): double", square_root},
    Declaration{"math.bitAnd(int, int): int", bits<bits_and>},
    Declaration{"math.bitAnd(uint, uint): uint", bits<bits_and>},
    Declaration{"math.bitOr(int, int): int", bits<bits_or>},
    Declaration{"math.bitOr(uint, uint): uint", bits<bits_or>},
    Declaration{"math.bitXor(int, int): int", bits<bits_xor>},
    Declaration{"math.bitXor(uint, uint): uint", bits<bits_xor>},
    Declaration{"math.bitNot(int): int", bits_not},
    Declaration{"math.bitNot(uint): uint", bits_not},
    Declaration{"math.bitShiftLeft(int, int): int", shift<true>},
    Declaration{"math.bitShiftLeft(uint, int): uint", shift<true>},
    Declaration{"math.bitShiftRight(int, int): int", shift<false>},
    Declaration{"math.bitShiftRight(uint, int): uint", shift<false>},
};

}  // namespace

std::span<const Declaration> math_table() { return kTable; }

}  // namespace oap::expr
