#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "expr/budget.hpp"
#include "expr/environment.hpp"
#include "expr/parser.hpp"
#include "expr/type.hpp"
#include "expr/value.hpp"

namespace oap::expr {

struct CompileOptions {
  bool check = true;  ///< static types; without, unknown names are errors when they are met
  std::optional<Type> result;  ///< the type that the expression must give
  ParseOptions parse;
};

/// A compiled CEL expression. Immutable and thread-safe; a value that shares its body.
class Program {
 public:
  /// kInvalidArgument or kResourceExhausted with line, column and caret.
  static Result<Program> compile(std::string_view source, const Environment& environment,
                                 const CompileOptions& options = {});

  /// The value, for variables given by slot. It may borrow from those variables that borrow, from
  /// nothing else. kInvalidArgument where the evaluation fails, kResourceExhausted where it costs
  /// more than the limits; with line, column and caret, and nothing of secret values. Deterministic
  /// (time zones apart), ends always.
  Result<Value> evaluate(std::span<const Value> variables, const Limits& limits = {}) const;

  /// The static type; dyn where nothing was checked.
  const Type& type() const;
  /// Slots of the variables that the expression names, ascending.
  const std::vector<std::uint32_t>& used_slots() const;
  const std::string& source() const;
  /// The value, where it does not depend on any variable; null otherwise.
  const Value* constant() const;

 private:
  struct Body;
  explicit Program(std::shared_ptr<const Body> body) : body_(std::move(body)) {}
  std::shared_ptr<const Body> body_;
};

}  // namespace oap::expr
