#include <fmt/format.h>

#include "expr/checker_state.hpp"

namespace oap::expr {

Result<Type> Checker::macro(const Node& node) {
  switch (node.macro) {
    case Macro::kBind:
      return bind(node);
    case Macro::kBlock:
      return block(node);
    case Macro::kOptMap:
    case Macro::kOptFlatMap:
      return optional_map(node);
    default:
      return loop(node);
  }
}

Result<void> Checker::expect(NodeId id, const Type& type, std::string_view what) {
  OAP_TRY(const Type found, check(id));
  if (!types_.assign(type, found)) {
    return fail(
        problem(ast_.at(id).offset, fmt::format("{} must be {}, not {}", what, to_string(type),
                                                to_string(types_.apply(found, true)))));
  }
  return {};
}

Result<std::pair<Type, Type>> Checker::range(const Node& node, const Type& over) {
  switch (over.kind()) {
    case TypeKind::kList:
      return std::pair(Type(TypeKind::kInt), over.param(0));
    case TypeKind::kMap:
      return std::pair(over.param(0), over.param(1));
    case TypeKind::kObject:
      return std::pair(Type(TypeKind::kString), Type());
    case TypeKind::kParam:
    case TypeKind::kDyn:
      types_.assign(Type(), over);
      return std::pair(Type(), Type());
    default:
      return fail(problem(node.offset, fmt::format("'{}' goes over a list or a map, not {}",
                                                   node.name, to_string(over))));
  }
}

Result<Type> Checker::loop(const Node& node) {
  OAP_TRY(const Type found, check(node.children[0]));
  const Type over = types_.apply(found);
  OAP_TRY(const auto types, range(node, over));
  const auto& [key, item] = types;
  const bool pairs = !node.variables[1].empty();
  const bool map = over.is(TypeKind::kMap) || over.is(TypeKind::kObject);
  push(node.variables[0], pairs || map ? key : item);
  if (pairs) {
    push(node.variables[1], item);
  }
  Result<Type> result = loop_result(node, key, pairs || !map ? item : key);
  if (pairs) {
    pop();
  }
  pop();
  return result;
}

Result<Type> Checker::loop_result(const Node& node, const Type& key, const Type& item) {
  if (node.children.size() == 3) {
    OAP_CHECK_OK(expect(node.children[1], TypeKind::kBool, "the condition"));
  }
  const NodeId last = node.children.back();
  switch (node.macro) {
    case Macro::kAll:
    case Macro::kExists:
    case Macro::kExistsOne:
      OAP_CHECK_OK(expect(last, TypeKind::kBool, "the condition"));
      return TypeKind::kBool;
    case Macro::kFilter:
      OAP_CHECK_OK(expect(last, TypeKind::kBool, "the condition"));
      return Type::list(item);
    case Macro::kMap:
    case Macro::kTransformList: {
      OAP_TRY(const Type type, check(last));
      return Type::list(type);
    }
    case Macro::kTransformMap: {
      OAP_TRY(const Type type, check(last));
      return Type::map(key, type);
    }
    case Macro::kTransformMapEntry: {
      std::map<std::string, Type> renamed;
      const Type wanted = types_.fresh(Type::map(Type::param("A"), Type::param("B")), renamed);
      OAP_CHECK_OK(expect(last, wanted, "the result"));
      return types_.apply(wanted);
    }
    default: {
      OAP_TRY(const Type type, check(last));
      return Type::list(item);
    }
  }
}

Result<Type> Checker::bind(const Node& node) {
  OAP_TRY(Type value, check(node.children[0]));
  push(node.variables[0], std::move(value));
  Result<Type> result = check(node.children[1]);
  pop();
  return result;
}

Result<Type> Checker::block(const Node& node) {
  const std::size_t count = node.children.size() - 1;
  for (std::size_t i = 0; i < count; ++i) {
    OAP_TRY(Type value, check(node.children[i]));
    push(fmt::format("@index{}", i), std::move(value));
  }
  Result<Type> result = check(node.children.back());
  for (std::size_t i = 0; i < count; ++i) {
    pop();
  }
  return result;
}

Result<Type> Checker::optional_map(const Node& node) {
  std::map<std::string, Type> renamed;
  const Type inner = types_.fresh(Type::param("A"), renamed);
  OAP_CHECK_OK(expect(node.children[0], Type::optional(inner), "what the function is called on"));
  push(node.variables[0], types_.apply(inner));
  Result<Type> result = check(node.children[1]);
  pop();
  if (!result) {
    return result;
  }
  if (node.macro == Macro::kOptMap) {
    return Type::optional(*result);
  }
  const Type wanted = types_.fresh(Type::optional(Type::param("B")), renamed);
  if (!types_.assign(wanted, *result)) {
    return fail(problem(ast_.at(node.children[1]).offset, "optFlatMap wants an optional here"));
  }
  return types_.apply(wanted);
}

}  // namespace oap::expr
