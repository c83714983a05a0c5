#include <fmt/format.h>

#include "expr/evaluator.hpp"
#include "expr/order_by.hpp"

namespace oap::expr {

void Evaluator::set_item(const Instruction& at, const Value& range, std::size_t index) {
  if (range.is(Kind::kMap)) {
    local(at.a) = range.key_at(index);
    if (at.pairs) {
      local(at.a + 1) = range.value_at(index);
    }
    return;
  }
  if (at.pairs) {
    local(at.a) = Value::integer(static_cast<std::int64_t>(index));
    if (range.is_secret()) {
      local(at.a).taint();
    }
  }
  local(at.a + (at.pairs ? 1 : 0)) = range.at(index);
}

Value Evaluator::condition(const Instruction& at, std::uint32_t id) {
  Value value = run(id);
  if (value.is_error() || value.is(Kind::kBool)) {
    return value;
  }
  const Value* const args[] = {&value};
  return problem(
      at, fmt::format("no such overload: the condition gives {}, not bool", type_name(*args[0])));
}

Value Evaluator::loop(const Instruction& at) {
  Value scratch;
  const Value& seen = see(child(at, 0), scratch);
  if (seen.is_error()) {
    return seen;
  }
  if (!seen.is(Kind::kList) && !seen.is(Kind::kMap)) {
    return problem(at, fmt::format("no such overload: a value of type {} cannot be gone through",
                                   type_name(seen)));
  }
  const Value range = seen;
  Value result;
  switch (at.macro) {
    case Macro::kAll:
    case Macro::kExists:
      result = quantify(at, range);
      break;
    case Macro::kExistsOne:
      result = exists_one(at, range);
      break;
    case Macro::kTransformMap:
    case Macro::kTransformMapEntry:
      result = collect_map(at, range);
      break;
    case Macro::kSortBy:
      result = sort_by(at, range);
      break;
    default:
      result = collect(at, range);
      break;
  }
  local(at.a) = Value();
  if (at.pairs) {
    local(at.a + 1) = Value();
  }
  if (budget_.exhausted()) {
    return exhausted();
  }
  result = worded(std::move(result), at, {});
  return range.is_secret() ? std::move(result).secret() : result;
}

Value Evaluator::quantify(const Instruction& at, const Value& range) {
  const bool stop = at.macro == Macro::kExists;
  Value failure = Value::absent();
  bool secret = false;
  for (std::size_t i = 0; i < range.size() && budget_.spend(1); ++i) {
    set_item(at, range, i);
    Value value = condition(at, child(at, 1));
    secret = secret || value.tainted();
    if (value.is_error()) {
      failure = failure.is(Kind::kAbsent) ? std::move(value) : std::move(failure);
    } else if (value.as_bool() == stop) {
      return secret ? std::move(value).secret() : value;
    }
  }
  if (!failure.is(Kind::kAbsent)) {
    return failure;
  }
  Value result = Value::boolean(!stop);
  return secret ? std::move(result).secret() : result;
}

Value Evaluator::exists_one(const Instruction& at, const Value& range) {
  std::size_t found = 0;
  bool secret = false;
  for (std::size_t i = 0; i < range.size() && budget_.spend(1); ++i) {
    set_item(at, range, i);
    Value value = condition(at, child(at, 1));
    if (value.is_error()) {
      return value;
    }
    secret = secret || value.tainted();
    found += value.as_bool() ? 1 : 0;
  }
  Value result = Value::boolean(found == 1);
  return secret ? std::move(result).secret() : result;
}

Value Evaluator::collect(const Instruction& at, const Value& range) {
  std::vector<Value> items;
  const bool filter = at.macro == Macro::kFilter;
  bool secret = false;
  for (std::size_t i = 0; i < range.size() && budget_.spend(1); ++i) {
    set_item(at, range, i);
    if (filter || at.count == 3) {
      Value keep = condition(at, child(at, 1));
      if (keep.is_error()) {
        return keep;
      }
      secret = secret || keep.tainted();
      if (!keep.as_bool()) {
        continue;
      }
    }
    Value item = filter ? local(at.a) : run(child(at, at.count - 1));
    if (item.is_error()) {
      return item;
    }
    if (!budget_.allocate(sizeof(Value))) {
      break;
    }
    items.push_back(std::move(item));
  }
  Value result = Value::list(std::move(items));
  return secret ? std::move(result).secret() : result;
}

Value Evaluator::collect_map(const Instruction& at, const Value& range) {
  std::vector<std::pair<Value, Value>> entries;
  bool secret = false;
  for (std::size_t i = 0; i < range.size() && budget_.allocate(2 * sizeof(Value)); ++i) {
    set_item(at, range, i);
    Value keep = at.count == 3 ? condition(at, child(at, 1)) : Value::boolean(true);
    if (keep.is_error()) {
      return keep;
    }
    secret = secret || keep.tainted();
    if (!keep.as_bool()) {
      continue;
    }
    Value value = run(child(at, at.count - 1));
    if (value.is_error()) {
      return value;
    }
    if (at.macro == Macro::kTransformMap) {
      entries.emplace_back(local(at.a), std::move(value));
      continue;
    }
    if (!value.is(Kind::kMap) || value.size() != 1) {
      return problem(at, "transformMapEntry wants a map of one entry as result");
    }
    entries.emplace_back(value.key_at(0), value.value_at(0));
  }
  Value result = unique_map(std::move(entries), budget_);
  return secret ? std::move(result).secret() : result;
}

Value Evaluator::sort_by(const Instruction& at, const Value& range) {
  if (!range.is(Kind::kList)) {
    return problem(at, "no such overload: only lists can be sorted");
  }
  std::vector<std::pair<Value, Value>> keyed;
  bool secret = false;
  for (std::size_t i = 0; i < range.size() && budget_.allocate(3 * sizeof(Value)); ++i) {
    set_item(at, range, i);
    Value key = run(child(at, 1));
    if (key.is_error()) {
      return key;
    }
    secret = secret || key.tainted();
    keyed.emplace_back(std::move(key), range.at(i));
  }
  Value result = order_by(std::move(keyed), budget_);
  return secret ? std::move(result).secret() : result;
}

}  // namespace oap::expr
