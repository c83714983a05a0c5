#include <array>

#include <fmt/format.h>

#include "expr/compare.hpp"
#include "expr/evaluator.hpp"

namespace oap::expr {

namespace {

constexpr std::size_t kFewArguments = 4;

bool any_tainted(std::span<const Value* const> args) {
  for (const Value* argument : args) {
    if (argument->tainted()) {
      return true;
    }
  }
  return false;
}

bool may_be_key(const Value& key) {
  return key.is(Kind::kBool) || key.is(Kind::kInt) || key.is(Kind::kUint) || key.is(Kind::kString);
}

}  // namespace

std::string shown(const Instruction& at) {
  static constexpr std::array<std::string_view, 16> kSymbols = {
      "&&", "||", "!", "-", "?:", "==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/"};
  if (at.function != nullptr) {
    return "'" + at.function->name + "'";
  }
  if (at.op == Op::kIndex) {
    return "'[]'";
  }
  const auto place = static_cast<std::size_t>(at.op) - static_cast<std::size_t>(Op::kAnd);
  return fmt::format("'{}'", place < kSymbols.size() ? kSymbols.at(place)
                             : at.op == Op::kModulo  ? "%"
                                                     : "this");
}

/// A function that is not ours does not know of the budget: what it reads and makes is paid here.
Value Evaluator::custom(const FunctionEntry& function, std::span<const Value* const> seen) {
  for (const Value* argument : seen) {
    if (argument->is(Kind::kString) || argument->is(Kind::kBytes)) {
      budget_.read(argument->text().size());
    }
  }
  if (budget_.exhausted()) {
    return exhausted();
  }
  Value result = function.custom(seen);
  std::uint64_t made = 0;
  if (result.is(Kind::kString) || result.is(Kind::kBytes)) {
    made = result.text().size();
  } else if (result.is(Kind::kList) || result.is(Kind::kMap)) {
    made = result.size() * sizeof(Value) * (result.is(Kind::kMap) ? 2 : 1);
  }
  return budget_.allocate(made) ? std::move(result) : exhausted();
}

Value Evaluator::call(const Instruction& at) {
  std::array<Value, kFewArguments> few;
  std::array<const Value*, kFewArguments> few_seen{};
  std::vector<Value> many(at.count > kFewArguments ? at.count : 0);
  std::vector<const Value*> many_seen(many.size());
  const std::span<const Value*> seen =
      many.empty() ? std::span<const Value*>(few_seen).first(at.count) : std::span(many_seen);
  for (std::uint32_t i = 0; i < at.count; ++i) {
    seen[i] = &see(child(at, i), many.empty() ? few.at(i) : many[i]);
    if (seen[i]->is_error()) {
      return *seen[i];
    }
  }
  Value result = at.function->custom ? custom(*at.function, seen) : at.function->run(seen, budget_);
  if (budget_.exhausted()) {
    return exhausted();
  }
  if (result.is_error()) {
    return worded(std::move(result), at, seen);
  }
  return any_tainted(seen) ? std::move(result).secret() : result;
}

Value Evaluator::matches(const Instruction& at) {
  Value scratch;
  const Value& text = see(child(at, 0), scratch);
  if (text.is_error()) {
    return text;
  }
  if (!text.is(Kind::kString)) {
    const Value* const args[] = {&text};
    return worded(Value::mismatch(), at, args);
  }
  const text::Regex& regex = code_.regexes[at.a];
  if (!budget_.spend(20 + text.text().size() * (regex.pattern().size() / 64 + 1) / 8)) {
    return exhausted();
  }
  Value result = Value::boolean(regex.search(text.text()));
  return text.tainted() ? std::move(result).secret() : result;
}

Value Evaluator::alternative(const Instruction& at) {
  Value scratch;
  const Value& first = see(child(at, 0), scratch);
  if (first.is_error()) {
    return first;
  }
  if (!first.is(Kind::kOptional)) {
    const Value* const args[] = {&first};
    return worded(Value::mismatch(), at, args);
  }
  const bool secret = first.is_secret();
  if (first.inner() != nullptr) {
    Value result = at.op == Op::kOptionalOr ? first : *first.inner();
    return secret ? std::move(result).secret() : result;
  }
  Value second = run(child(at, 1));
  if (at.op == Op::kOptionalOr && !second.is_error() && !second.is(Kind::kOptional)) {
    const Value* const args[] = {&first, &second};
    return worded(Value::mismatch(), at, args);
  }
  return secret ? std::move(second).secret() : second;
}

Value Evaluator::list(const Instruction& at) {
  if (!budget_.allocate(at.count * sizeof(Value) + 64)) {
    return exhausted();
  }
  std::vector<Value> items;
  items.reserve(at.count);
  for (std::uint32_t i = 0; i < at.count; ++i) {
    Value item = run(child(at, i));
    if (item.is_error()) {
      return item;
    }
    if (!code_.optional_entries[at.a + i]) {
      items.push_back(std::move(item));
    } else if (!item.is(Kind::kOptional)) {
      return problem(at, "no such overload: '?' wants an optional behind it");
    } else if (item.inner() != nullptr) {
      items.push_back(*item.inner());
    }
  }
  return worded(Value::list(std::move(items)), at, {});
}

Value Evaluator::map(const Instruction& at) {
  if (!budget_.allocate(at.count * sizeof(Value) + 64)) {
    return exhausted();
  }
  std::vector<std::pair<Value, Value>> entries;
  entries.reserve(at.count / 2);
  for (std::uint32_t i = 0; i < at.count / 2; ++i) {
    Value key = run(child(at, 2 * i));
    if (key.is_error()) {
      return key;
    }
    if (!may_be_key(key)) {
      return problem(at, fmt::format("a value of type {} cannot be a key", type_name(key)));
    }
    Value value = run(child(at, 2 * i + 1));
    if (value.is_error()) {
      return value;
    }
    if (!code_.optional_entries[at.a + i]) {
      entries.emplace_back(std::move(key), std::move(value));
    } else if (!value.is(Kind::kOptional)) {
      return problem(at, "no such overload: '?' wants an optional behind it");
    } else if (value.inner() != nullptr) {
      entries.emplace_back(std::move(key), *value.inner());
    }
  }
  return worded(unique_map(std::move(entries), budget_), at, {});
}

Value Evaluator::bind(const Instruction& at) {
  Value value = run(child(at, 0));
  if (value.is_error()) {
    return value;
  }
  local(at.a) = std::move(value);
  Value result = run(child(at, 1));
  local(at.a) = Value();
  return result;
}

Value Evaluator::block(const Instruction& at) {
  for (std::uint32_t i = 0; i < at.b; ++i) {
    local(at.a + i) = Value::absent();
  }
  return run(child(at, 0));
}

Value Evaluator::optional_map(const Instruction& at) {
  Value value = run(child(at, 0));
  if (value.is_error()) {
    return value;
  }
  if (!value.is(Kind::kOptional)) {
    return problem(
        at, fmt::format("no such overload: a value of type {} is no optional", type_name(value)));
  }
  if (value.inner() == nullptr) {
    return value;
  }
  local(at.a) = *value.inner();
  Value result = run(child(at, 1));
  local(at.a) = Value();
  if (result.is_error() || !budget_.allocate(64)) {
    return result;
  }
  if (at.optional && !result.is(Kind::kOptional)) {
    return problem(at, "no such overload: optFlatMap wants an optional as result");
  }
  result = at.optional ? std::move(result) : Value::some(std::move(result));
  return value.is_secret() ? worded(std::move(result), at, {}).secret()
                           : worded(std::move(result), at, {});
}

}  // namespace oap::expr
