#include <cmath>

#include "expr/compare.hpp"
#include "expr/evaluator.hpp"
#include "expr/time.hpp"

namespace oap::expr {

namespace {

Value overflow() { return bad("the result is out of range (overflow)"); }
Value by_zero() { return bad("division by zero"); }

Value integers(Op op, std::int64_t a, std::int64_t b) {
  std::int64_t out = 0;
  switch (op) {
    case Op::kAdd:
      return __builtin_add_overflow(a, b, &out) ? overflow() : Value::integer(out);
    case Op::kSubtract:
      return __builtin_sub_overflow(a, b, &out) ? overflow() : Value::integer(out);
    case Op::kMultiply:
      return __builtin_mul_overflow(a, b, &out) ? overflow() : Value::integer(out);
    default:
      break;
  }
  if (b == 0) {
    return by_zero();
  }
  if (a == INT64_MIN && b == -1) {
    return op == Op::kDivide ? overflow() : Value::integer(0);
  }
  return Value::integer(op == Op::kDivide ? a / b : a % b);
}

Value naturals(Op op, std::uint64_t a, std::uint64_t b) {
  std::uint64_t out = 0;
  switch (op) {
    case Op::kAdd:
      return __builtin_add_overflow(a, b, &out) ? overflow() : Value::unsigned_integer(out);
    case Op::kSubtract:
      return __builtin_sub_overflow(a, b, &out) ? overflow() : Value::unsigned_integer(out);
    case Op::kMultiply:
      return __builtin_mul_overflow(a, b, &out) ? overflow() : Value::unsigned_integer(out);
    default:
      return b == 0 ? by_zero() : Value::unsigned_integer(op == Op::kDivide ? a / b : a % b);
  }
}

Value reals(Op op, double a, double b) {
  switch (op) {
    case Op::kAdd:
      return Value::real(a + b);
    case Op::kSubtract:
      return Value::real(a - b);
    case Op::kMultiply:
      return Value::real(a * b);
    case Op::kDivide:
      return Value::real(a / b);
    default:
      return Value::mismatch();
  }
}

Value moved(Instant instant, std::int64_t nanoseconds) {
  const std::optional<Instant> out = add_nanoseconds(instant, nanoseconds);
  return out ? Value::timestamp(*out) : bad("the timestamp is out of range (years 1 to 9999)");
}

Value times(Op op, const Value& a, const Value& b) {
  const bool plus = op == Op::kAdd;
  if (!plus && op != Op::kSubtract) {
    return Value::mismatch();
  }
  std::int64_t out = 0;
  if (a.is(Kind::kDuration) && b.is(Kind::kDuration)) {
    const bool over = plus ? __builtin_add_overflow(a.as_duration(), b.as_duration(), &out)
                           : __builtin_sub_overflow(a.as_duration(), b.as_duration(), &out);
    return over ? bad("the duration is out of range (292 years)") : Value::duration(out);
  }
  if (plus && a.is(Kind::kDuration) && b.is(Kind::kTimestamp)) {
    return moved(b.as_timestamp(), a.as_duration());
  }
  if (!a.is(Kind::kTimestamp)) {
    return Value::mismatch();
  }
  if (b.is(Kind::kDuration)) {
    if (plus) {
      return moved(a.as_timestamp(), b.as_duration());
    }
    return b.as_duration() == INT64_MIN ? overflow() : moved(a.as_timestamp(), -b.as_duration());
  }
  if (plus || !b.is(Kind::kTimestamp)) {
    return Value::mismatch();
  }
  const auto length = difference(a.as_timestamp(), b.as_timestamp());
  return length ? Value::duration(*length) : bad("the duration is out of range (292 years)");
}

Value concatenation(const Value& a, const Value& b, Budget& budget) {
  if (a.is(Kind::kList)) {
    if (!budget.allocate((a.size() + b.size()) * sizeof(Value) + 64)) {
      return Value::mismatch();
    }
    std::vector<Value> items;
    items.reserve(a.size() + b.size());
    for (const Value* part : {&a, &b}) {
      for (std::size_t i = 0; i < part->size(); ++i) {
        items.push_back(part->at(i));
      }
    }
    return Value::list(std::move(items));
  }
  if (!budget.allocate(a.text().size() + b.text().size() + 64)) {
    return Value::mismatch();
  }
  std::string out;
  out.reserve(a.text().size() + b.text().size());
  out.append(a.text()).append(b.text());
  return a.is(Kind::kString) ? Value::string(std::move(out)) : Value::bytes(std::move(out));
}

}  // namespace

Value arithmetic(Op op, const Value& a, const Value& b, Budget& budget) {
  if (a.kind() != b.kind()) {
    return times(op, a, b);
  }
  switch (a.kind()) {
    case Kind::kInt:
      return integers(op, a.as_int(), b.as_int());
    case Kind::kUint:
      return naturals(op, a.as_uint(), b.as_uint());
    case Kind::kDouble:
      return reals(op, a.as_double(), b.as_double());
    case Kind::kString:
    case Kind::kBytes:
    case Kind::kList:
      return op == Op::kAdd ? concatenation(a, b, budget) : Value::mismatch();
    default:
      return times(op, a, b);
  }
}

Value comparison(Op op, const Value& a, const Value& b, Budget& budget) {
  if (op == Op::kEqual || op == Op::kNotEqual) {
    return Value::boolean(equal(a, b, budget) == (op == Op::kEqual));
  }
  const auto ordered = order(a, b);
  if (!ordered) {
    return Value::mismatch();
  }
  if (a.is(Kind::kString) || a.is(Kind::kBytes)) {
    budget.read(std::min(a.text().size(), b.text().size()));
  }
  switch (op) {
    case Op::kLess:
      return Value::boolean(*ordered < 0);
    case Op::kLessEqual:
      return Value::boolean(*ordered <= 0);
    case Op::kGreater:
      return Value::boolean(*ordered > 0);
    default:
      return Value::boolean(*ordered >= 0);
  }
}

Value membership(const Value& item, const Value& in, Budget& budget) {
  if (in.is(Kind::kMap)) {
    budget.spend(8 + (item.is(Kind::kString) ? item.text().size() / 4 : 0));
    return Value::boolean(!in.find(item).is(Kind::kAbsent));
  }
  if (!in.is(Kind::kList)) {
    return Value::mismatch();
  }
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (equal(item, in.at(i), budget)) {
      return Value::boolean(true);
    }
    if (budget.exhausted()) {
      break;
    }
  }
  return Value::boolean(false);
}

Value unique_map(std::vector<std::pair<Value, Value>> entries, Budget& budget) {
  for (const auto& [key, value] : entries) {
    if (!budget.spend(4 + (key.is(Kind::kString) ? key.text().size() : 0))) {
      return Value::mismatch();
    }
  }
  Value map = Value::map(std::move(entries));
  return map.is(Kind::kMap) && map.has_repeated_key() ? bad("a key stands twice in the map") : map;
}

Value negative(const Value& value) {
  if (value.is(Kind::kInt)) {
    return value.as_int() == INT64_MIN ? overflow() : Value::integer(-value.as_int());
  }
  return value.is(Kind::kDouble) ? Value::real(-value.as_double()) : Value::mismatch();
}

}  // namespace oap::expr
