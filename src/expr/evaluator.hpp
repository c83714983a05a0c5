#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "expr/budget.hpp"
#include "expr/code.hpp"
#include "expr/value.hpp"

namespace oap::expr {

/// Evaluates code once. What it gives may borrow from the code's constants and the variables.
/// Errors are values; once the budget is exhausted the result means nothing. Used by one thread.
class Evaluator {
 public:
  /// `variables` by slot; a missing or absent one is an error where it is used.
  Evaluator(const Compiled& code, std::span<const Value> variables, Budget& budget);

  Value run(std::uint32_t id);

 private:
  /// The value of an instruction without a copy where it exists already, else in `scratch`.
  const Value& see(std::uint32_t id, Value& scratch);
  std::uint32_t child(const Instruction& at, std::uint32_t index) const {
    return code_.children[at.first + index];
  }
  const Value& variable(const Instruction& at, Value& scratch);
  const Value& lazy_local(const Instruction& at);
  Value dispatch(const Instruction& at);
  Value logic(const Instruction& at, bool stop);
  Value negation(const Instruction& at);
  Value ternary(const Instruction& at);
  Value binary(const Instruction& at);
  Value select(const Instruction& at);
  Value has(const Instruction& at);
  Value index(const Instruction& at);
  Value list(const Instruction& at);
  Value map(const Instruction& at);
  Value call(const Instruction& at);
  Value custom(const FunctionEntry& function, std::span<const Value* const> seen);
  Value matches(const Instruction& at);
  Value alternative(const Instruction& at);
  Value bind(const Instruction& at);
  Value block(const Instruction& at);
  Value optional_map(const Instruction& at);
  Value member(const Value& of, const Value& key, bool optional);
  /// Gives an error its place, and its words where it is a mismatch; any other value comes back.
  Value worded(Value error, const Instruction& at, std::span<const Value* const> args) const;
  Value problem(const Instruction& at, std::string message) const;
  Value exhausted() const;

  // evaluate_loops.cpp
  Value loop(const Instruction& at);
  Value quantify(const Instruction& at, const Value& range);
  Value exists_one(const Instruction& at, const Value& range);
  Value collect(const Instruction& at, const Value& range);
  Value collect_map(const Instruction& at, const Value& range);
  Value sort_by(const Instruction& at, const Value& range);
  void set_item(const Instruction& at, const Value& range, std::size_t index);
  /// True, false, or an error value.
  Value condition(const Instruction& at, std::uint32_t id);

  Value& local(std::uint32_t index) {
    return index < few_.size() ? few_[index] : many_[index - few_.size()];
  }

  const Compiled& code_;
  std::span<const Value> variables_;
  Budget& budget_;
  std::array<Value, 4> few_;
  std::vector<Value> many_;
};

/// The words of an operator or function for a message: "'+'", "'startsWith'".
std::string shown(const Instruction& at);

// operations.cpp: the operators on values; mismatch where they have no overload. Pure.
Value arithmetic(Op op, const Value& a, const Value& b, Budget& budget);
Value comparison(Op op, const Value& a, const Value& b, Budget& budget);
Value membership(const Value& item, const Value& in, Budget& budget);
Value negative(const Value& value);
/// A map; an error value where two keys are the same.
Value unique_map(std::vector<std::pair<Value, Value>> entries, Budget& budget);

}  // namespace oap::expr
