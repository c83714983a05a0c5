#include <array>

#include <fmt/format.h>

#include "expr/parser_state.hpp"

namespace oap::expr {

namespace {

struct Form {
  std::string_view name;
  std::size_t arguments;
  std::size_t variables;
  Macro macro;
};

constexpr std::array<Form, 20> kForms = {{
    {"all", 2, 1, Macro::kAll},
    {"all", 3, 2, Macro::kAll},
    {"exists", 2, 1, Macro::kExists},
    {"exists", 3, 2, Macro::kExists},
    {"exists_one", 2, 1, Macro::kExistsOne},
    {"exists_one", 3, 2, Macro::kExistsOne},
    {"existsOne", 2, 1, Macro::kExistsOne},
    {"existsOne", 3, 2, Macro::kExistsOne},
    {"map", 2, 1, Macro::kMap},
    {"map", 3, 1, Macro::kMap},
    {"filter", 2, 1, Macro::kFilter},
    {"transformList", 3, 2, Macro::kTransformList},
    {"transformList", 4, 2, Macro::kTransformList},
    {"transformMap", 3, 2, Macro::kTransformMap},
    {"transformMap", 4, 2, Macro::kTransformMap},
    {"transformMapEntry", 3, 2, Macro::kTransformMapEntry},
    {"transformMapEntry", 4, 2, Macro::kTransformMapEntry},
    {"sortBy", 2, 1, Macro::kSortBy},
    {"optMap", 2, 1, Macro::kOptMap},
    {"optFlatMap", 2, 1, Macro::kOptFlatMap},
}};

}  // namespace

Result<NodeId> Parser::call(std::string name, std::vector<NodeId> args, std::uint32_t offset) {
  if (name == "has" && args.size() == 1) {
    return has_macro(args.front(), offset);
  }
  return add(NodeKind::kCall, std::move(name), std::move(args), offset);
}

Result<NodeId> Parser::has_macro(NodeId argument, std::uint32_t offset) {
  Node node = at(argument);
  if (node.kind != NodeKind::kSelect) {
    return fail(problem(node.offset, "has() wants a member: has(value.member)"));
  }
  node.kind = NodeKind::kHas;
  node.offset = offset;
  return add(std::move(node));
}

Result<NodeId> Parser::method(NodeId target, std::string name, std::vector<NodeId> args,
                              std::uint32_t offset) {
  if (at(target).kind == NodeKind::kName && at(target).name == "cel") {
    if (name == "bind" && args.size() == 3) {
      return cel_macro(name, args, offset);
    }
    if (options_.block_macros) {
      return block_macro(name, args, offset);
    }
  }
  for (const Form& form : kForms) {
    if (form.name == name && form.arguments == args.size()) {
      return macro(form.macro, std::move(name), form.variables, target, args, offset);
    }
  }
  args.insert(args.begin(), target);
  return add(NodeKind::kMethod, std::move(name), std::move(args), offset);
}

Result<std::string> Parser::variable(NodeId id) {
  const Node& node = at(id);
  if (node.kind != NodeKind::kName || node.name.starts_with('.')) {
    return fail(problem(node.offset, "a macro's variable must be a plain name"));
  }
  return node.name;
}

Result<NodeId> Parser::macro(Macro macro, std::string name, std::size_t variables, NodeId range,
                             const std::vector<NodeId>& args, std::uint32_t offset) {
  Node node;
  node.kind = NodeKind::kMacro;
  node.macro = macro;
  node.offset = offset;
  node.name = std::move(name);
  for (std::size_t i = 0; i < variables; ++i) {
    OAP_TRY(node.variables.at(i), variable(args[i]));
  }
  if (variables == 2 && node.variables[0] == node.variables[1]) {
    return fail(problem(at(args[1]).offset, "the two variables must have different names"));
  }
  node.children = {range};
  node.children.insert(node.children.end(), args.begin() + static_cast<std::ptrdiff_t>(variables),
                       args.end());
  return add(std::move(node));
}

Result<NodeId> Parser::cel_macro(const std::string& name, const std::vector<NodeId>& args,
                                 std::uint32_t offset) {
  Node node;
  node.kind = NodeKind::kMacro;
  node.macro = Macro::kBind;
  node.offset = offset;
  node.name = name;
  OAP_TRY(node.variables[0], variable(args[0]));
  node.children = {args[1], args[2]};
  return add(std::move(node));
}

Result<NodeId> Parser::block_macro(const std::string& name, const std::vector<NodeId>& args,
                                   std::uint32_t offset) {
  const auto number = [&](std::size_t i) {
    return i < args.size() && at(args[i]).literal.is(Kind::kInt) ? at(args[i]).literal.as_int() : 0;
  };
  if (name == "index") {
    return add(NodeKind::kName, fmt::format("@index{}", number(0)), {}, offset);
  }
  if (name == "iterVar") {
    return add(NodeKind::kName, fmt::format("@it:{}:{}", number(0), number(1)), {}, offset);
  }
  if (name == "accuVar") {
    return add(NodeKind::kName, fmt::format("@ac:{}:{}", number(0), number(1)), {}, offset);
  }
  if (name != "block" || args.size() != 2 || at(args[0]).kind != NodeKind::kList) {
    return fail(problem(offset, "cel.block wants a list and an expression"));
  }
  Node node;
  node.kind = NodeKind::kMacro;
  node.macro = Macro::kBlock;
  node.offset = offset;
  node.name = name;
  node.children = at(args[0]).children;
  node.children.push_back(args[1]);
  return add(std::move(node));
}

}  // namespace oap::expr
