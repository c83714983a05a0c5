#include "expr/evaluator.hpp"

#include <cmath>

#include <fmt/format.h>

#include "expr/compare.hpp"

namespace oap::expr {

Evaluator::Evaluator(const Compiled& code, std::span<const Value> variables, Budget& budget)
    : code_(code), variables_(variables), budget_(budget) {
  if (code.locals > few_.size()) {
    many_.resize(code.locals - few_.size());
  }
}

Value Evaluator::problem(const Instruction& at, std::string message) const {
  Value error = bad(std::move(message));
  error.set_error_offset(at.offset);
  return error;
}

Value Evaluator::exhausted() const {
  return Value::error(Code::kResourceExhausted, "the evaluation costs too much");
}

Value Evaluator::run(std::uint32_t id) {
  const Instruction& at = code_.instructions[id];
  if (at.op <= Op::kLazyLocal) {
    Value scratch;
    return see(id, scratch);
  }
  if (!budget_.spend(1)) {
    return exhausted();
  }
  return dispatch(at);
}

const Value& Evaluator::see(std::uint32_t id, Value& scratch) {
  const Instruction& at = code_.instructions[id];
  budget_.spend(1);
  switch (at.op) {
    case Op::kConstant:
      return code_.constants[at.a];
    case Op::kVariable:
      return variable(at, scratch);
    case Op::kLocal:
      return local(at.a);
    case Op::kLazyLocal:
      return lazy_local(at);
    default:
      scratch = budget_.exhausted() ? exhausted() : dispatch(at);
      return scratch;
  }
}

const Value& Evaluator::variable(const Instruction& at, Value& scratch) {
  if (at.a < variables_.size() && !variables_[at.a].is(Kind::kAbsent)) {
    return variables_[at.a];
  }
  scratch = problem(at, fmt::format("'{}' has no value here", code_.constants[at.b].text()));
  return scratch;
}

const Value& Evaluator::lazy_local(const Instruction& at) {
  if (local(at.a).is(Kind::kAbsent)) {
    Value value = run(at.b);
    local(at.a) = std::move(value);
  }
  return local(at.a);
}

Value Evaluator::dispatch(const Instruction& at) {
  switch (at.op) {
    case Op::kSelect:
      return select(at);
    case Op::kHas:
      return has(at);
    case Op::kIndex:
      return index(at);
    case Op::kAnd:
      return logic(at, false);
    case Op::kOr:
      return logic(at, true);
    case Op::kNot:
    case Op::kNegate:
      return negation(at);
    case Op::kTernary:
      return ternary(at);
    case Op::kCall:
      return call(at);
    case Op::kMatches:
      return matches(at);
    case Op::kOptionalOr:
    case Op::kOptionalOrValue:
      return alternative(at);
    case Op::kList:
      return list(at);
    case Op::kMap:
      return map(at);
    case Op::kLoop:
      return loop(at);
    case Op::kBind:
      return bind(at);
    case Op::kBlock:
      return block(at);
    case Op::kOptionalMap:
      return optional_map(at);
    default:
      return binary(at);
  }
}

Value Evaluator::logic(const Instruction& at, bool stop) {
  Value failure = Value::absent();
  bool secret = false;
  for (std::uint32_t i = 0; i < at.count; ++i) {
    Value scratch;
    const Value& value = see(child(at, i), scratch);
    secret = secret || value.tainted();
    if (value.is(Kind::kBool)) {
      if (value.as_bool() == stop) {
        Value result = Value::boolean(stop);
        return secret ? std::move(result).secret() : result;
      }
    } else if (failure.is(Kind::kAbsent)) {
      const Value* const args[] = {&value};
      failure = value.is_error() ? value : worded(Value::mismatch(), at, args);
    }
    if (budget_.exhausted()) {
      return exhausted();
    }
  }
  if (!failure.is(Kind::kAbsent)) {
    return failure;
  }
  Value result = Value::boolean(!stop);
  return secret ? std::move(result).secret() : result;
}

Value Evaluator::negation(const Instruction& at) {
  Value scratch;
  const Value& value = see(child(at, 0), scratch);
  if (value.is_error()) {
    return value;
  }
  Value result = at.op == Op::kNegate    ? negative(value)
                 : value.is(Kind::kBool) ? Value::boolean(!value.as_bool())
                                         : Value::mismatch();
  if (result.is_error()) {
    const Value* const args[] = {&value};
    return worded(std::move(result), at, args);
  }
  return value.tainted() ? std::move(result).secret() : result;
}

Value Evaluator::ternary(const Instruction& at) {
  Value scratch;
  const Value& condition = see(child(at, 0), scratch);
  if (condition.is_error()) {
    return condition;
  }
  if (!condition.is(Kind::kBool)) {
    const Value* const args[] = {&condition};
    return worded(Value::mismatch(), at, args);
  }
  const bool secret = condition.tainted();
  Value result = run(child(at, condition.as_bool() ? 1 : 2));
  return secret ? std::move(result).secret() : result;
}

Value Evaluator::binary(const Instruction& at) {
  Value left_scratch;
  const Value& left = see(child(at, 0), left_scratch);
  if (left.is_error()) {
    return left;
  }
  Value right_scratch;
  const Value& right = see(child(at, 1), right_scratch);
  if (right.is_error()) {
    return right;
  }
  Value result = at.op >= Op::kAdd  ? arithmetic(at.op, left, right, budget_)
                 : at.op == Op::kIn ? membership(left, right, budget_)
                                    : comparison(at.op, left, right, budget_);
  if (result.is_error()) {
    const Value* const args[] = {&left, &right};
    return worded(std::move(result), at, args);
  }
  return left.tainted() || right.tainted() ? std::move(result).secret() : result;
}

Value Evaluator::worded(Value error, const Instruction& at,
                        std::span<const Value* const> args) const {
  if (!error.is_error()) {
    return error;
  }
  if (!error.is_mismatch()) {
    if (error.error_offset() == Value::kNowhere) {
      error.set_error_offset(at.offset);
    }
    return error;
  }
  std::string kinds;
  for (const Value* argument : args) {
    kinds += (kinds.empty() ? "" : ", ") + std::string(type_name(*argument));
  }
  return problem(at, fmt::format("no such overload: {} does not take ({})", shown(at), kinds));
}

Value Evaluator::member(const Value& of, const Value& key, bool optional) {
  Value found = Value::absent();
  if (of.is(Kind::kMap)) {
    budget_.spend(4 + (key.is(Kind::kString) ? key.text().size() / 4 : 0));
    found = of.find(key);
    if (found.is(Kind::kAbsent) && !optional) {
      const bool shown = key.is(Kind::kString) && !key.tainted() && key.text().size() <= 100;
      return bad(shown ? fmt::format("there is no member '{}'", key.text())
                       : "there is no such key in the map");
    }
  } else if (of.is(Kind::kList)) {
    const double real = key.is(Kind::kDouble) ? key.as_double() : 0;
    const bool whole = !key.is(Kind::kDouble) ||
                       (std::trunc(real) == real && real >= 0 && real < 9007199254740992.0);
    if (!key.is_number() || !whole) {
      return key.is_number() ? bad("an index must be a whole number") : Value::mismatch();
    }
    const bool inside =
        compare_exactly(key, Value::integer(0)) >= 0 &&
        compare_exactly(key, Value::integer(static_cast<std::int64_t>(of.size()))) < 0;
    if (inside) {
      found = of.at(key.is(Kind::kInt)    ? static_cast<std::size_t>(key.as_int())
                    : key.is(Kind::kUint) ? static_cast<std::size_t>(key.as_uint())
                                          : static_cast<std::size_t>(real));
    } else if (!optional) {
      return bad("the index is outside the list");
    }
  } else {
    return Value::mismatch();
  }
  if (key.is_secret()) {
    found.taint();
  }
  if (!optional) {
    return found;
  }
  budget_.allocate(64);
  return found.is(Kind::kAbsent) ? Value::none() : Value::some(std::move(found));
}

Value Evaluator::select(const Instruction& at) {
  Value scratch;
  const Value& operand = see(child(at, 0), scratch);
  if (operand.is_error()) {
    return operand;
  }
  const Value& key = code_.constants[at.a];
  Value result;
  if (operand.is(Kind::kOptional)) {
    const Value* inner = operand.inner();
    result = inner == nullptr ? Value::none() : member(*inner, key, true);
  } else if (operand.is(Kind::kMap)) {
    result = member(operand, key, at.optional);
  } else {
    return problem(at, fmt::format("a value of type {} has no members; '.{}' was found behind one",
                                   type_name(operand), key.text()));
  }
  if (result.is_error()) {
    const Value* const args[] = {&operand};
    return worded(std::move(result), at, args);
  }
  return operand.is_secret() ? std::move(result).secret() : result;
}

Value Evaluator::has(const Instruction& at) {
  Value scratch;
  const Value* operand = &see(child(at, 0), scratch);
  if (operand->is_error()) {
    return *operand;
  }
  const bool secret = operand->is_secret();
  if (operand->is(Kind::kOptional)) {
    operand = operand->inner();
  }
  if (operand != nullptr && !operand->is(Kind::kMap)) {
    return problem(at, fmt::format("no such overload: a value of type {} has no members",
                                   type_name(*operand)));
  }
  budget_.spend(4);
  Value result =
      Value::boolean(operand != nullptr && !operand->find(code_.constants[at.a]).is(Kind::kAbsent));
  return secret ? std::move(result).secret() : result;
}

Value Evaluator::index(const Instruction& at) {
  Value left_scratch;
  const Value& operand = see(child(at, 0), left_scratch);
  if (operand.is_error()) {
    return operand;
  }
  Value right_scratch;
  const Value& key = see(child(at, 1), right_scratch);
  if (key.is_error()) {
    return key;
  }
  Value result;
  if (operand.is(Kind::kOptional)) {
    const Value* inner = operand.inner();
    result = inner == nullptr ? Value::none() : member(*inner, key, true);
  } else {
    result = member(operand, key, at.optional);
  }
  if (result.is_error()) {
    const Value* const args[] = {&operand, &key};
    return worded(std::move(result), at, args);
  }
  return operand.is_secret() || key.is_secret() ? std::move(result).secret() : result;
}

}  // namespace oap::expr
