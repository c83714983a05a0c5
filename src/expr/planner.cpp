#include <array>

#include <fmt/format.h>

#include "expr/evaluator.hpp"
#include "expr/planner_state.hpp"
#include "expr/source.hpp"

namespace oap::expr {

namespace {

constexpr Limits kFoldLimits{.steps = 1'000, .memory = 4'096};

struct NamedOp {
  std::string_view name;
  Op op;
};

constexpr std::array<NamedOp, 17> kOps = {{
    {"_&&_", Op::kAnd},
    {"_||_", Op::kOr},
    {"!_", Op::kNot},
    {"-_", Op::kNegate},
    {"_?_:_", Op::kTernary},
    {"_==_", Op::kEqual},
    {"_!=_", Op::kNotEqual},
    {"_<_", Op::kLess},
    {"_<=_", Op::kLessEqual},
    {"_>_", Op::kGreater},
    {"_>=_", Op::kGreaterEqual},
    {"@in", Op::kIn},
    {"_+_", Op::kAdd},
    {"_-_", Op::kSubtract},
    {"_*_", Op::kMultiply},
    {"_/_", Op::kDivide},
    {"_%_", Op::kModulo},
}};

}  // namespace

Result<Compiled> plan(const Ast& ast, const Environment& environment) {
  return Planner(ast, environment).run();
}

Result<Compiled> Planner::run() {
  OAP_TRY(code_.root, plan(ast_.root));
  code_.functions = environment_.own_functions();
  return std::move(code_);
}

Planner::Id Planner::add(Instruction instruction, const std::vector<Id>& children) {
  instruction.first = static_cast<std::uint32_t>(code_.children.size());
  instruction.count = static_cast<std::uint32_t>(children.size());
  code_.children.insert(code_.children.end(), children.begin(), children.end());
  code_.instructions.push_back(instruction);
  return static_cast<Id>(code_.instructions.size() - 1);
}

bool Planner::is_constant(Id id) const { return code_.instructions[id].op == Op::kConstant; }

Planner::Id Planner::add_foldable(Instruction instruction, const std::vector<Id>& children) {
  bool constant_children = true;
  for (const Id child : children) {
    constant_children = constant_children && is_constant(child);
  }
  const Id id = add(instruction, children);
  if (!constant_children) {
    return id;
  }
  Budget budget(kFoldLimits);
  Value value = Evaluator(code_, {}, budget).run(id);
  if (value.is_error() || budget.exhausted()) {
    return id;
  }
  return constant(std::move(value), instruction.offset);
}

std::uint32_t Planner::constant_index(Value value) {
  code_.constants.push_back(std::move(value));
  return static_cast<std::uint32_t>(code_.constants.size() - 1);
}

Planner::Id Planner::constant(Value value, std::uint32_t offset) {
  Instruction instruction;
  instruction.op = Op::kConstant;
  instruction.offset = offset;
  instruction.a = constant_index(std::move(value));
  return add(instruction, {});
}

Planner::Id Planner::failure(const Node& node, std::string message) {
  Value error = Value::error(Code::kInvalidArgument, std::move(message));
  error.set_error_offset(node.offset);
  return constant(std::move(error), node.offset);
}

void Planner::push(std::string name, Id lazy) {
  resolver_.push(std::move(name));
  lazy_.push_back(lazy);
  code_.locals = std::max(code_.locals, static_cast<std::uint32_t>(resolver_.depth()));
}

Result<std::vector<Planner::Id>> Planner::plan_all(const std::vector<NodeId>& ids) {
  std::vector<Id> out;
  for (const NodeId id : ids) {
    OAP_TRY(const Id planned, plan(id));
    out.push_back(planned);
  }
  return out;
}

Result<Planner::Id> Planner::plan(NodeId id) {
  const Node& node = ast_.at(id);
  switch (node.kind) {
    case NodeKind::kLiteral:
      return constant(node.literal, node.offset);
    case NodeKind::kName:
      return name(id);
    case NodeKind::kSelect:
    case NodeKind::kHas:
      return select(id);
    case NodeKind::kCall:
      return call(node);
    case NodeKind::kMethod:
      return method(id);
    case NodeKind::kStruct:
      return failure(node, fmt::format("unknown message type '{}'", node.name));
    case NodeKind::kMacro:
      return macro(node);
    case NodeKind::kIndex:
      if (!std::holds_alternative<std::monostate>(resolver_.meaning(id))) {
        return name(id);
      }
      break;
    case NodeKind::kList:
    case NodeKind::kMap:
      break;
  }
  OAP_TRY(const std::vector<Id> children, plan_all(node.children));
  Instruction instruction;
  instruction.op = node.kind == NodeKind::kIndex  ? Op::kIndex
                   : node.kind == NodeKind::kList ? Op::kList
                                                  : Op::kMap;
  instruction.offset = node.offset;
  instruction.optional = node.optional;
  instruction.a = static_cast<std::uint32_t>(code_.optional_entries.size());
  code_.optional_entries.insert(code_.optional_entries.end(), node.optional_entries.begin(),
                                node.optional_entries.end());
  return add_foldable(instruction, children);
}

Result<Planner::Id> Planner::name(NodeId id) {
  const Node& node = ast_.at(id);
  const Resolver::Meaning meaning = resolver_.meaning(id);
  Instruction instruction;
  instruction.offset = node.offset;
  if (const auto* local = std::get_if<Resolver::Local>(&meaning)) {
    const Id lazy = lazy_[local->index];
    instruction.op = lazy == kEager ? Op::kLocal : Op::kLazyLocal;
    instruction.a = local->index;
    instruction.b = lazy;
    return add(instruction, {});
  }
  if (const auto* variable = std::get_if<Resolver::Variable>(&meaning)) {
    return this->variable(node, variable->slot);
  }
  if (const auto* type = std::get_if<Resolver::TypeName>(&meaning)) {
    return constant(Value::type(type->name), node.offset);
  }
  return failure(node, fmt::format("unknown name '{}'", node.name));
}

Planner::Id Planner::variable(const Node& node, std::uint32_t slot) {
  Instruction instruction;
  instruction.offset = node.offset;
  instruction.op = Op::kVariable;
  instruction.a = slot;
  instruction.b = constant_index(Value::string(environment_.variables()[slot].name));
  return add(instruction, {});
}

Result<Planner::Id> Planner::select(NodeId id) {
  const Node& node = ast_.at(id);
  if (node.kind == NodeKind::kSelect &&
      !std::holds_alternative<std::monostate>(resolver_.meaning(id))) {
    return name(id);
  }
  OAP_TRY(const Id operand, plan(node.children[0]));
  Instruction instruction;
  instruction.op = node.kind == NodeKind::kHas ? Op::kHas : Op::kSelect;
  instruction.offset = node.offset;
  instruction.optional = node.optional;
  instruction.a = constant_index(Value::string(node.name));
  return add_foldable(instruction, {operand});
}

Result<Planner::Id> Planner::call(const Node& node) {
  if (node.children.empty()) {
    if (const auto slot = environment_.slot(node.name + "()")) {
      return variable(node, *slot);
    }
  }
  for (const NamedOp& each : kOps) {
    if (each.name == node.name) {
      OAP_TRY(const std::vector<Id> children, plan_all(node.children));
      Instruction instruction;
      instruction.op = each.op;
      instruction.offset = node.offset;
      return add_foldable(instruction, children);
    }
  }
  for (const std::string& candidate : environment_.candidates(node.name)) {
    if (const FunctionEntry* entry = environment_.function(candidate, false)) {
      OAP_TRY(std::vector<Id> children, plan_all(node.children));
      return function(node, *entry, std::move(children));
    }
  }
  return failure(node, fmt::format("unknown function '{}'", node.name));
}

Result<Planner::Id> Planner::method(NodeId id) {
  const Node& node = ast_.at(id);
  if (const FunctionEntry* entry = resolver_.qualified_function(id)) {
    OAP_TRY(std::vector<Id> children, plan_all({node.children.begin() + 1, node.children.end()}));
    return function(node, *entry, std::move(children));
  }
  const FunctionEntry* entry = environment_.function(node.name, true);
  if (entry == nullptr) {
    return failure(node, fmt::format("unknown function '.{}'", node.name));
  }
  OAP_TRY(std::vector<Id> children, plan_all(node.children));
  return function(node, *entry, std::move(children));
}

Result<Planner::Id> Planner::function(const Node& node, const FunctionEntry& entry,
                                      std::vector<Id> children) {
  bool fits = false;
  for (const Overload& each : entry.overloads) {
    fits = fits || each.params.size() == children.size() ||
           (each.variadic && children.size() >= each.params.size());
  }
  if (!fits) {
    return failure(node, fmt::format("no such overload: '{}' does not take {} arguments", node.name,
                                     children.size()));
  }
  Instruction instruction;
  instruction.op = Op::kCall;
  instruction.offset = node.offset;
  instruction.function = &entry;
  if (entry.run == nullptr && !entry.custom) {
    instruction.op = entry.name == "or" ? Op::kOptionalOr : Op::kOptionalOrValue;
    return add_foldable(instruction, children);
  }
  if (entry.name == "matches" && !entry.custom && is_constant(children[1])) {
    return matches(node, std::move(children));
  }
  return entry.custom ? add(instruction, children) : add_foldable(instruction, children);
}

Result<Planner::Id> Planner::matches(const Node& node, std::vector<Id> children) {
  const Value pattern = code_.constants[code_.instructions[children[1]].a];
  Instruction instruction;
  instruction.offset = node.offset;
  if (!pattern.is(Kind::kString)) {
    return failure(node, "no such overload: the pattern of 'matches' is not a string");
  }
  Result<text::Regex> regex = text::Regex::compile(pattern.text(), {.max_memory = 1U << 20U});
  if (!regex) {
    return fail(error_at(ast_.source, node.offset, regex.error().message()));
  }
  instruction.op = Op::kMatches;
  instruction.a = static_cast<std::uint32_t>(code_.regexes.size());
  code_.regexes.push_back(std::move(*regex));
  return add_foldable(instruction, {children[0]});
}

}  // namespace oap::expr
