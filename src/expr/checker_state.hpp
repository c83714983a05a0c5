#pragma once

#include <string>
#include <vector>

#include "expr/checker.hpp"
#include "expr/resolve.hpp"
#include "expr/unify.hpp"

namespace oap::expr {

/// One run of the checker. Used once.
class Checker {
 public:
  Checker(const Ast& ast, const Environment& environment)
      : ast_(ast), environment_(environment), resolver_(ast, environment) {}

  Result<Type> run(const std::optional<Type>& wanted);

 private:
  Result<Type> check(NodeId id);
  Result<std::vector<Type>> check_all(const std::vector<NodeId>& ids);
  Result<std::optional<Type>> name(NodeId id);
  Result<Type> unknown_name(const Node& node);
  Result<Type> select(NodeId id);
  Result<Type> member(const Node& node, const Type& of);
  Result<Type> member_of(const Node& node, const Type& of);
  Result<Type> index(NodeId id);
  Result<Type> call(const Node& node);
  Result<Type> method(NodeId id);
  Result<Type> overload(const Node& node, const FunctionEntry& entry,
                        const std::vector<Type>& args);
  Error no_overload(const Node& node, const FunctionEntry& entry, const std::vector<Type>& args);
  Result<Type> list(const Node& node);
  Result<Type> map(const Node& node);

  // check_macros.cpp
  Result<Type> macro(const Node& node);
  Result<Type> loop(const Node& node);
  Result<Type> loop_result(const Node& node, const Type& key, const Type& item);
  Result<Type> bind(const Node& node);
  Result<Type> block(const Node& node);
  Result<Type> optional_map(const Node& node);
  Result<std::pair<Type, Type>> range(const Node& node, const Type& over);
  Result<void> expect(NodeId id, const Type& type, std::string_view what);

  Error problem(std::uint32_t offset, std::string_view message) const;
  Type optional_entry(const Node& node, std::size_t entry, const Type& type);

  void push(std::string name, Type type) {
    resolver_.push(std::move(name));
    locals_.push_back(std::move(type));
  }
  void pop() {
    resolver_.pop();
    locals_.pop_back();
  }

  const Ast& ast_;
  const Environment& environment_;
  Resolver resolver_;
  Substitution types_;
  std::vector<Type> locals_;
};

}  // namespace oap::expr
