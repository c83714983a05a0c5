#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "expr/compare.hpp"
#include "expr/library.hpp"
#include "expr/order_by.hpp"

namespace oap::expr {

Value order_by(std::vector<std::pair<Value, Value>> keyed, Budget& budget) {
  for (const auto& [key, item] : keyed) {
    const bool sortable = key.is_number() || key.kind() == keyed.front().first.kind();
    if (!sortable || !order(key, keyed.front().first)) {
      return bad(
          "only numbers, strings, bytes, bools, timestamps and durations of one kind can be "
          "sorted");
    }
    if (key.is(Kind::kDouble) && std::isnan(key.as_double())) {
      return bad("NaN has no order");
    }
    const std::uint64_t text =
        key.is(Kind::kString) || key.is(Kind::kBytes) ? key.text().size() : 0;
    if (!budget.spend(16 + text)) {
      return Value::mismatch();
    }
  }
  std::vector<std::size_t> places(keyed.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  std::sort(places.begin(), places.end(), [&](std::size_t a, std::size_t b) {
    const Value& left = keyed[a].first;
    const Value& right = keyed[b].first;
    const std::partial_ordering keys =
        left.is_number() ? compare_exactly(left, right) : *order(left, right);
    return keys < 0 || (keys == 0 && a < b);
  });
  std::vector<Value> items;
  items.reserve(keyed.size());
  for (const std::size_t place : places) {
    items.push_back(std::move(keyed[place].second));
  }
  return Value::list(std::move(items));
}

namespace {

Value sort(Args args, Budget& budget) {
  if (!args[0]->is(Kind::kList)) {
    return Value::mismatch();
  }
  std::vector<std::pair<Value, Value>> keyed;
  for (std::size_t i = 0; i < args[0]->size() && budget.allocate(3 * sizeof(Value)); ++i) {
    Value item = args[0]->at(i);
    keyed.emplace_back(item, item);
  }
  return order_by(std::move(keyed), budget);
}

Value slice(Args args, Budget& budget) {
  if (!args[0]->is(Kind::kList) || !args[1]->is(Kind::kInt) || !args[2]->is(Kind::kInt)) {
    return Value::mismatch();
  }
  const std::int64_t begin = args[1]->as_int();
  const std::int64_t end = args[2]->as_int();
  if (begin < 0 || end < begin || end > static_cast<std::int64_t>(args[0]->size())) {
    return bad(fmt::format("a slice from {} to {} is outside the list", begin, end));
  }
  std::vector<Value> items;
  for (std::int64_t i = begin; i < end && budget.allocate(sizeof(Value)); ++i) {
    items.push_back(args[0]->at(static_cast<std::size_t>(i)));
  }
  return Value::list(std::move(items));
}

void flatten_into(std::vector<Value>& out, const Value& list, std::int64_t depth, int nested,
                  Budget& budget) {
  for (std::size_t i = 0; i < list.size() && budget.allocate(sizeof(Value)); ++i) {
    Value item = list.at(i);
    if (item.is(Kind::kList) && depth > 0 && nested < 200) {
      flatten_into(out, item, depth - 1, nested + 1, budget);
    } else {
      out.push_back(std::move(item));
    }
  }
}

Value flatten(Args args, Budget& budget) {
  if (!args[0]->is(Kind::kList) || (args.size() == 2 && !args[1]->is(Kind::kInt))) {
    return Value::mismatch();
  }
  const std::int64_t depth = args.size() == 2 ? args[1]->as_int() : 1;
  if (depth < 0) {
    return bad("the depth of flatten must not be negative");
  }
  std::vector<Value> items;
  flatten_into(items, *args[0], depth, 0, budget);
  return Value::list(std::move(items));
}

Value distinct(Args args, Budget& budget) {
  if (!args[0]->is(Kind::kList)) {
    return Value::mismatch();
  }
  std::vector<Value> items;
  for (std::size_t i = 0; i < args[0]->size() && budget.allocate(sizeof(Value)); ++i) {
    Value item = args[0]->at(i);
    const bool seen = std::any_of(items.begin(), items.end(),
                                  [&](const Value& each) { return equal(each, item, budget); });
    if (!seen) {
      items.push_back(std::move(item));
    }
  }
  return Value::list(std::move(items));
}

Value range(Args args, Budget& budget) {
  if (!args[0]->is(Kind::kInt)) {
    return Value::mismatch();
  }
  std::vector<Value> items;
  for (std::int64_t i = 0; i < args[0]->as_int() && budget.allocate(sizeof(Value)); ++i) {
    items.push_back(Value::integer(i));
  }
  return Value::list(std::move(items));
}

Value end_of(const Value& list, bool last, Budget& budget) {
  if (!list.is(Kind::kList)) {
    return Value::mismatch();
  }
  budget.allocate(sizeof(Value));
  return list.size() == 0 ? Value::none() : Value::some(list.at(last ? list.size() - 1 : 0));
}

Value first(Args args, Budget& budget) { return end_of(*args[0], false, budget); }
Value last(Args args, Budget& budget) { return end_of(*args[0], true, budget); }

Value none(Args /*args*/, Budget& /*budget*/) { return Value::none(); }

Value some(Args args, Budget& budget) {
  budget.allocate(sizeof(Value));
  return Value::some(*args[0]);
}

bool is_zero(const Value& value) {
  switch (value.kind()) {
    case Kind::kNull:
      return true;
    case Kind::kBool:
      return !value.as_bool();
    case Kind::kInt:
    case Kind::kDuration:
      return value.as_int() == 0;
    case Kind::kUint:
      return value.as_uint() == 0;
    case Kind::kDouble:
      return value.as_double() == 0;
    case Kind::kString:
    case Kind::kBytes:
      return value.text().empty();
    case Kind::kList:
    case Kind::kMap:
      return value.size() == 0;
    case Kind::kTimestamp:
      return value.as_timestamp() == Instant{};
    case Kind::kOptional:
      return value.inner() == nullptr;
    default:
      return false;
  }
}

Value non_zero(Args args, Budget& budget) {
  budget.allocate(sizeof(Value));
  return is_zero(*args[0]) ? Value::none() : Value::some(*args[0]);
}

Value has_value(Args args, Budget& /*budget*/) {
  return args[0]->is(Kind::kOptional) ? Value::boolean(args[0]->inner() != nullptr)
                                      : Value::mismatch();
}

Value value_of(Args args, Budget& /*budget*/) {
  if (!args[0]->is(Kind::kOptional)) {
    return Value::mismatch();
  }
  return args[0]->inner() != nullptr ? *args[0]->inner() : bad("the optional holds no value");
}

Value unwrap(Args args, Budget& budget) {
  if (!args[0]->is(Kind::kList)) {
    return Value::mismatch();
  }
  std::vector<Value> items;
  for (std::size_t i = 0; i < args[0]->size() && budget.allocate(sizeof(Value)); ++i) {
    const Value item = args[0]->at(i);
    if (!item.is(Kind::kOptional)) {
      return Value::mismatch();
    }
    if (item.inner() != nullptr) {
      items.push_back(*item.inner());
    }
  }
  return Value::list(std::move(items));
}

constexpr std::array kTable = {
    Declaration{".sort(list<A>): list<A>", sort},
    Declaration{".slice(list<A>, int, int): list<A>", slice},
    Declaration{".flatten(list<list<A>>): list<A>", flatten},
    Declaration{".flatten(list<dyn>, int): list<dyn>", flatten},
    Declaration{".distinct(list<A>): list<A>", distinct},
    Declaration{"lists.range(int): list<int>", range},
    Declaration{".first(list<A>): optional<A>", first},
    Declaration{".last(list<A>): optional<A>", last},
    Declaration{"optional.none(): optional<A>", none},
    Declaration{"optional.of(A): optional<A>", some},
    Declaration{"optional.ofNonZeroValue(A): optional<A>", non_zero},
    Declaration{".hasValue(optional<A>): bool", has_value},
    Declaration{".value(optional<A>): A", value_of},
    Declaration{"optional.unwrap(list<optional<A>>): list<A>", unwrap},
    Declaration{".unwrapOpt(list<optional<A>>): list<A>", unwrap},
};

}  // namespace

std::span<const Declaration> list_table() { return kTable; }

}  // namespace oap::expr
