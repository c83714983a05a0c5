#include <fmt/format.h>

#include "expr/planner_state.hpp"

namespace oap::expr {

Result<Planner::Id> Planner::macro(const Node& node) {
  if (node.macro == Macro::kBlock) {
    return block(node);
  }
  if (node.macro != Macro::kBind && node.macro != Macro::kOptMap &&
      node.macro != Macro::kOptFlatMap) {
    return loop(node);
  }
  Instruction instruction;
  instruction.op = node.macro == Macro::kBind ? Op::kBind : Op::kOptionalMap;
  instruction.optional = node.macro == Macro::kOptFlatMap;
  instruction.offset = node.offset;
  instruction.a = static_cast<std::uint32_t>(resolver_.depth());
  OAP_TRY(const Id value, plan(node.children[0]));
  push(node.variables[0]);
  const Result<Id> result = plan(node.children[1]);
  pop();
  if (!result) {
    return result;
  }
  return add(instruction, {value, *result});
}

Result<Planner::Id> Planner::loop(const Node& node) {
  Instruction instruction;
  instruction.op = Op::kLoop;
  instruction.macro = node.macro;
  instruction.offset = node.offset;
  instruction.pairs = !node.variables[1].empty();
  instruction.a = static_cast<std::uint32_t>(resolver_.depth());
  OAP_TRY(const Id range, plan(node.children[0]));
  push(node.variables[0]);
  if (instruction.pairs) {
    push(node.variables[1]);
  }
  const Result<std::vector<Id>> bodies = plan_all({node.children.begin() + 1, node.children.end()});
  if (instruction.pairs) {
    pop();
  }
  pop();
  if (!bodies) {
    return fail(bodies.error());
  }
  std::vector<Id> children = {range};
  children.insert(children.end(), bodies->begin(), bodies->end());
  return add(instruction, children);
}

Result<Planner::Id> Planner::block(const Node& node) {
  Instruction instruction;
  instruction.op = Op::kBlock;
  instruction.offset = node.offset;
  instruction.a = static_cast<std::uint32_t>(resolver_.depth());
  const std::size_t count = node.children.size() - 1;
  instruction.b = static_cast<std::uint32_t>(count);
  std::size_t pushed = 0;
  Result<Id> last = Id{0};
  for (std::size_t i = 0; i < count && last; ++i) {
    last = plan(node.children[i]);
    if (last) {
      push(fmt::format("@index{}", i), *last);
      ++pushed;
    }
  }
  if (last) {
    last = plan(node.children.back());
  }
  for (; pushed > 0; --pushed) {
    pop();
  }
  if (!last) {
    return last;
  }
  return add(instruction, {*last});
}

}  // namespace oap::expr
