#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "expr/ast.hpp"
#include "expr/environment.hpp"
#include "text/regex.hpp"

namespace oap::expr {

enum class Op : std::uint8_t {
  kConstant,   ///< constants[a]; an error value where the name was unknown and nothing is checked
  kVariable,   ///< variables[a], whose name is constants[b]
  kLocal,      ///< locals[a]
  kLazyLocal,  ///< locals[a], evaluated from instruction b at its first use
  kSelect,     ///< child 0, member constants[a]
  kHas,        ///< the same
  kIndex,
  kAnd,
  kOr,
  kNot,
  kNegate,
  kTernary,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIn,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kCall,     ///< function
  kMatches,  ///< child 0 against regexes[a]
  kOptionalOr,
  kOptionalOrValue,
  kList,
  kMap,
  kLoop,   ///< macro; its variables are locals[a] and locals[a + 1]
  kBind,   ///< locals[a]
  kBlock,  ///< locals[a …]
  kOptionalMap,
};

/// One step of compiled code; its children are steps too.
struct Instruction {
  Op op = Op::kConstant;
  Macro macro = Macro::kAll;
  bool optional = false;  ///< `.?`, `[?]`; of kOptionalMap: the result is an optional already
  bool pairs = false;     ///< of kLoop: two variables
  std::uint32_t offset = 0;
  std::uint32_t first = 0;  ///< children[first … first + count)
  std::uint32_t count = 0;
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  const FunctionEntry* function = nullptr;
};

/// Compiled code; immutable once planned, thread-safe to evaluate.
struct Compiled {
  std::vector<Instruction> instructions;
  std::vector<std::uint32_t> children;
  std::vector<Value> constants;
  std::vector<text::Regex> regexes;
  std::vector<bool> optional_entries;  ///< of kList and kMap: from index a on
  std::uint32_t root = 0;
  std::uint32_t locals = 0;
  std::shared_ptr<const Library> functions;  ///< keeps the caller's alive
};

/// Turns a tree into code: names become slots, constant parts are evaluated, constant patterns
/// compiled (one that RE2 refuses is kInvalidArgument). Names that mean nothing become errors at
/// evaluation: check first where they must not. Pure.
Result<Compiled> plan(const Ast& ast, const Environment& environment);

}  // namespace oap::expr
