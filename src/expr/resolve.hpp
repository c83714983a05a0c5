#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "expr/ast.hpp"
#include "expr/environment.hpp"

namespace oap::expr {

/// Says what the names of an expression mean (cel-spec, "Name Resolution"): variables of macros
/// first, then the longest qualified name that is a variable, then a type's name. Borrows both
/// arguments. Not thread-safe.
class Resolver {
 public:
  Resolver(const Ast& ast, const Environment& environment) : ast_(ast), environment_(environment) {}

  struct Local {
    std::uint32_t index;
  };
  struct Variable {
    std::uint32_t slot;
  };
  struct TypeName {
    std::string name;
  };
  using Meaning = std::variant<std::monostate, Local, Variable, TypeName>;

  /// Of a kName or kSelect node as a whole; monostate where a select is a member of its operand, or
  /// the name means nothing.
  Meaning meaning(NodeId id) const;
  /// The function that a method node calls by a qualified name ("math.ceil"), or null.
  const FunctionEntry* qualified_function(NodeId id) const;

  void push(std::string name) { locals_.push_back(std::move(name)); }
  void pop() { locals_.pop_back(); }
  std::size_t depth() const { return locals_.size(); }
  /// Variables and locals, for "did you mean".
  std::vector<std::string> visible() const;

 private:
  std::optional<std::string> qualified_name(NodeId id) const;
  bool has_constant_key(const Node& node) const;
  std::optional<std::uint32_t> local(std::string_view name) const;

  const Ast& ast_;
  const Environment& environment_;
  std::vector<std::string> locals_;
};

}  // namespace oap::expr
