#include "expr/program.hpp"

#include <set>

#include "expr/checker.hpp"
#include "expr/code.hpp"
#include "expr/evaluator.hpp"
#include "expr/source.hpp"

namespace oap::expr {

struct Program::Body {
  std::string source;
  Compiled code;
  Type type;
  std::vector<std::uint32_t> used;
};

Result<Program> Program::compile(std::string_view source, const Environment& environment,
                                 const CompileOptions& options) {
  ParseOptions parsing = options.parse;
  parsing.reserved_names = parsing.reserved_names || environment.source() != nullptr;
  OAP_TRY(Ast ast, parse(source, parsing));
  auto body = std::make_shared<Body>();
  if (options.check) {
    OAP_TRY(body->type, check(ast, environment, options.result));
  }
  OAP_TRY(body->code, plan(ast, environment));
  std::set<std::uint32_t> used;
  for (const Instruction& instruction : body->code.instructions) {
    if (instruction.op == Op::kVariable) {
      used.insert(instruction.a);
    }
  }
  body->used.assign(used.begin(), used.end());
  body->source = std::move(ast.source);
  return Program(std::move(body));
}

Result<Value> Program::evaluate(std::span<const Value> variables, const Limits& limits) const {
  Budget budget(limits);
  Value value = Evaluator(body_->code, variables, budget).run(body_->code.root);
  if (budget.exhausted()) {
    return fail(Code::kResourceExhausted,
                "the expression costs too much to evaluate ({} steps or "
                "{} bytes are the limit): {}",
                limits.steps, limits.memory, error_at(body_->source, 0, "its beginning").message());
  }
  if (value.is_error()) {
    const std::uint32_t offset = value.error_offset() == Value::kNowhere ? 0 : value.error_offset();
    return fail(error_at(body_->source, offset, value.error_message(), value.error_code()));
  }
  return value;
}

const Type& Program::type() const { return body_->type; }
const std::vector<std::uint32_t>& Program::used_slots() const { return body_->used; }
const std::string& Program::source() const { return body_->source; }

const Value* Program::constant() const {
  const Instruction& root = body_->code.instructions[body_->code.root];
  const Value* value = root.op == Op::kConstant ? &body_->code.constants[root.a] : nullptr;
  return value != nullptr && !value->is_error() ? value : nullptr;
}

}  // namespace oap::expr
