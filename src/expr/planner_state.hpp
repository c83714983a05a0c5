#pragma once

#include <string>
#include <vector>

#include "expr/code.hpp"
#include "expr/resolve.hpp"

namespace oap::expr {

/// One run of the planner. Used once.
class Planner {
 public:
  Planner(const Ast& ast, const Environment& environment)
      : ast_(ast), environment_(environment), resolver_(ast, environment) {}

  Result<Compiled> run();

 private:
  using Id = std::uint32_t;

  Result<Id> plan(NodeId id);
  Result<std::vector<Id>> plan_all(const std::vector<NodeId>& ids);
  Result<Id> name(NodeId id);
  Id variable(const Node& node, std::uint32_t slot);
  Result<Id> select(NodeId id);
  Result<Id> call(const Node& node);
  Result<Id> method(NodeId id);
  Result<Id> function(const Node& node, const FunctionEntry& entry, std::vector<Id> children);
  Result<Id> matches(const Node& node, std::vector<Id> children);
  Result<Id> macro(const Node& node);
  Result<Id> loop(const Node& node);
  Result<Id> block(const Node& node);

  Id add(Instruction instruction, const std::vector<Id>& children);
  Id add_foldable(Instruction instruction, const std::vector<Id>& children);
  Id constant(Value value, std::uint32_t offset);
  Id failure(const Node& node, std::string message);
  std::uint32_t constant_index(Value value);
  bool is_constant(Id id) const;
  void push(std::string name, Id lazy = kEager);
  void pop() {
    resolver_.pop();
    lazy_.pop_back();
  }

  static constexpr Id kEager = UINT32_MAX;

  const Ast& ast_;
  const Environment& environment_;
  Resolver resolver_;
  std::vector<Id> lazy_;  // of each local: the instruction that gives it, or kEager
  Compiled code_;
};

}  // namespace oap::expr
