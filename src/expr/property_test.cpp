#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "expr/ast.hpp"
#include "expr/compare.hpp"
#include "expr/parser.hpp"
#include "expr/program.hpp"
#include "expr/time.hpp"

namespace oap::expr {
namespace {

const std::vector<std::string> kLeaves = {"1",
                                          "0",
                                          "-1",
                                          "2u",
                                          "1.5",
                                          "-0.5",
                                          "\"a\"",
                                          "'b'",
                                          "b'\\xff'",
                                          "true",
                                          "false",
                                          "null",
                                          "x",
                                          "y",
                                          "s",
                                          "l",
                                          "m",
                                          "[]",
                                          "{}",
                                          "[1, 2]",
                                          "{'k': 1}",
                                          "m.k",
                                          "l[0]",
                                          "duration('1s')",
                                          "timestamp(0)",
                                          "9223372036854775807",
                                          "optional.none()"};
const std::vector<std::string> kBinary = {
    "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "in"};
const std::vector<std::string> kForms = {"size(@)",
                                         "-@",
                                         "!@",
                                         "(@)",
                                         "@.k",
                                         "@.?k",
                                         "@[0]",
                                         "@[?0]",
                                         "has(@.k)",
                                         "string(@)",
                                         "@.map(x, @)",
                                         "@.filter(v, @)",
                                         "@.all(v, @)",
                                         "@.exists(i, v, @)",
                                         "[@, @]",
                                         "{@: @}",
                                         "@ ? @ : @",
                                         "cel.bind(x, @, @)",
                                         "@.contains(@)",
                                         "@.orValue(@)",
                                         "@.sort()",
                                         "[?@]",
                                         "@.matches(@)",
                                         "@.split(@)",
                                         "@.format([@])",
                                         "@.transformMap(k, v, @)",
                                         "@.optMap(v, @)",
                                         "@.reverse()",
                                         "dyn(@)",
                                         "type(@)",
                                         "@.sortBy(v, @)",
                                         "@.flatten()",
                                         "@.distinct()",
                                         "@.replace(@, @)"};

std::string expression(int depth) {
  if (depth == 0) {
    return *rc::gen::elementOf(kLeaves);
  }
  const int kind = *rc::gen::inRange(0, 10);
  if (kind == 0) {
    return *rc::gen::elementOf(kLeaves);
  }
  if (kind < 5) {
    return expression(depth - 1) + " " + *rc::gen::elementOf(kBinary) + " " + expression(depth - 1);
  }
  std::string form = *rc::gen::elementOf(kForms);
  std::string out;
  for (const char c : form) {
    out += c == '@' ? "(" + expression(depth - 1) + ")" : std::string(1, c);
  }
  return out;
}

Environment world() {
  Environment environment;
  for (const char* name : {"x", "y", "s", "l", "m"}) {
    environment.add_variable(name);
  }
  return environment;
}

std::vector<Value> values() {
  return {Value::integer(3), Value::real(0.5), Value::string("a%sé"),
          Value::list({Value::integer(1), Value::string("a"), Value::list({Value::integer(2)})}),
          Value::map({{Value::string("k"), Value::integer(7)}})};
}

RC_GTEST_PROP(ExprProperty, PrintedFormsParseToTheSame, ()) {
  const std::string source = expression(4);
  const Result<Ast> first = parse(source);
  RC_PRE(first.has_value());
  const std::string printed = print(*first);
  const Result<Ast> second = parse(printed);
  RC_ASSERT(second.has_value());
  RC_ASSERT(print(*second) == printed);
  CompileOptions unchecked;
  unchecked.check = false;
  const auto a = Program::compile(source, world(), unchecked);
  const auto b = Program::compile(printed, world(), unchecked);
  RC_ASSERT(a.has_value() == b.has_value());
  if (a) {
    const Result<Value> left = a->evaluate(values());
    const Result<Value> right = b->evaluate(values());
    RC_ASSERT(left.has_value() == right.has_value());
    const bool same = !left || print(*left) == print(*right);
    RC_ASSERT(same);
  }
}

RC_GTEST_PROP(ExprProperty, EvaluationEndsWithinItsLimits, ()) {
  const Result<Program> program = Program::compile(expression(5), world(), {.check = false});
  RC_PRE(program.has_value());
  Limits limits;
  limits.steps = *rc::gen::inRange<std::uint64_t>(0, 3'000);
  const Result<Value> value = program->evaluate(values(), limits);
  if (value) {
    const Result<Value> again = program->evaluate(values(), limits);
    RC_ASSERT(again.has_value());
    RC_ASSERT(print(*again) == print(*value));
  }
}

/// The checker only refuses: what it lets through means what it means without it.
RC_GTEST_PROP(ExprProperty, TheCheckerChangesNoResult, ()) {
  const std::string source = expression(*rc::gen::inRange(1, 5));
  const Result<Program> checked = Program::compile(source, world());
  RC_PRE(checked.has_value());
  const Result<Program> plain = Program::compile(source, world(), {.check = false});
  RC_ASSERT(plain.has_value());
  const Result<Value> left = checked->evaluate(values());
  const Result<Value> right = plain->evaluate(values());
  RC_ASSERT(left.has_value() == right.has_value());
  const bool same = left
                        ? print(*left) == print(*right)  // not in RC_ASSERT: it evaluates all of it
                        : left.error().code() == right.error().code();
  RC_ASSERT(same);
}

/// Where the checker knows the type, the value has it.
RC_GTEST_PROP(ExprProperty, CheckedTypesHold, ()) {
  const Result<Program> program = Program::compile(expression(4), world());
  RC_PRE(program.has_value());
  const Result<Value> value = program->evaluate(values());
  if (value && value->is(Kind::kBool)) {
    RC_ASSERT(program->type().is(TypeKind::kBool) || program->type().is(TypeKind::kDyn));
  }
  if (value && program->type().is(TypeKind::kString)) {
    RC_ASSERT(value->is(Kind::kString));
  }
}

RC_GTEST_PROP(ExprProperty, ValuesPrintAsExpressions,
              (const std::string& text, std::int64_t number, double real)) {
  const Environment environment;
  const Value value = Value::list(
      {Value::bytes(text), Value::integer(number), Value::real(real), Value::duration(number)});
  const auto program = Program::compile(print(value, SIZE_MAX), environment);
  RC_ASSERT(program.has_value());
  const Result<Value> again = program->evaluate({});
  RC_ASSERT(again.has_value());
  RC_ASSERT(print(*again) == print(value));
}

RC_GTEST_PROP(ExprProperty, NumbersAreOrderedAsWholes, (std::int64_t a, std::uint64_t b)) {
  const Value left = Value::integer(a);
  const Value right = Value::unsigned_integer(b);
  const bool less = a < 0 || static_cast<std::uint64_t>(a) < b;
  RC_ASSERT((compare_numbers(left, right) < 0) == less);
  RC_ASSERT((compare_numbers(right, left) > 0) == less);
  RC_ASSERT((compare_keys(left, right) == 0) == (a >= 0 && static_cast<std::uint64_t>(a) == b));
}

RC_GTEST_PROP(ExprProperty, TimestampsComeBack, ()) {
  const Instant instant{*rc::gen::inRange(kMinSeconds, kMaxSeconds),
                        *rc::gen::inRange(0, 1'000'000'000)};
  RC_ASSERT(parse_timestamp(format_timestamp(instant)) == instant);
}

RC_GTEST_PROP(ExprProperty, DurationsComeBack, (std::int64_t nanoseconds)) {
  RC_ASSERT(parse_duration(format_duration(nanoseconds)) == nanoseconds);
}

}  // namespace
}  // namespace oap::expr
