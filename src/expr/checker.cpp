#include "expr/checker.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "expr/checker_state.hpp"
#include "expr/operators.hpp"
#include "expr/source.hpp"
#include "text/nearest.hpp"

namespace oap::expr {

namespace {

Type type_of_literal(const Value& value) {
  switch (value.kind()) {
    case Kind::kBool:
      return TypeKind::kBool;
    case Kind::kInt:
      return TypeKind::kInt;
    case Kind::kUint:
      return TypeKind::kUint;
    case Kind::kDouble:
      return TypeKind::kDouble;
    case Kind::kString:
      return TypeKind::kString;
    case Kind::kBytes:
      return TypeKind::kBytes;
    default:
      return TypeKind::kNull;
  }
}

std::string shown_name(const FunctionEntry& entry) {
  if (const BinaryOperator* found = binary_by_name(entry.name)) {
    return std::string(found->symbol);
  }
  if (entry.name == "_?_:_") {
    return "?:";
  }
  if (entry.name == "!_" || entry.name == "-_") {
    return entry.name.substr(0, 1);
  }
  return entry.name.starts_with("_[") ? "[]" : entry.name;
}

bool is_number(const Type& type) {
  return type.is(TypeKind::kInt) || type.is(TypeKind::kUint) || type.is(TypeKind::kDouble);
}

bool may_be_key(const Type& type) {
  return type.is(TypeKind::kDyn) || type.is(TypeKind::kParam) || type.is(TypeKind::kBool) ||
         type.is(TypeKind::kInt) || type.is(TypeKind::kUint) || type.is(TypeKind::kString);
}

}  // namespace

Result<Type> check(const Ast& ast, const Environment& environment,
                   const std::optional<Type>& wanted) {
  return Checker(ast, environment).run(wanted);
}

Error Checker::problem(std::uint32_t offset, std::string_view message) const {
  return error_at(ast_.source, offset, message);
}

Result<Type> Checker::run(const std::optional<Type>& wanted) {
  OAP_TRY(const Type type, check(ast_.root));
  if (wanted && !types_.assign(*wanted, type)) {
    return fail(problem(ast_.at(ast_.root).offset,
                        fmt::format("the expression gives {}, but {} is wanted",
                                    to_string(types_.apply(type, true)), to_string(*wanted))));
  }
  return types_.apply(type, true);
}

Result<Type> Checker::check(NodeId id) {
  const Node& node = ast_.at(id);
  switch (node.kind) {
    case NodeKind::kLiteral:
      return type_of_literal(node.literal);
    case NodeKind::kName: {
      OAP_TRY(const std::optional<Type> type, name(id));
      return type ? Result<Type>(*type) : unknown_name(node);
    }
    case NodeKind::kSelect:
      return select(id);
    case NodeKind::kHas: {
      OAP_TRY(const Type of, check(node.children[0]));
      OAP_TRY(const Type found, member(node, of));
      return TypeKind::kBool;
    }
    case NodeKind::kIndex:
      return index(id);
    case NodeKind::kCall:
      return call(node);
    case NodeKind::kMethod:
      return method(id);
    case NodeKind::kList:
      return list(node);
    case NodeKind::kMap:
      return map(node);
    case NodeKind::kStruct:
      return fail(problem(node.offset, fmt::format("'{}' is no known message type; a map is "
                                                   "written {{\"name\": value}}",
                                                   node.name)));
    case NodeKind::kMacro:
      return macro(node);
  }
  return fail(problem(node.offset, "this cannot be checked"));
}

Result<std::vector<Type>> Checker::check_all(const std::vector<NodeId>& ids) {
  std::vector<Type> types;
  for (const NodeId id : ids) {
    OAP_TRY(Type type, check(id));
    types.push_back(std::move(type));
  }
  return types;
}

Result<std::optional<Type>> Checker::name(NodeId id) {
  const Resolver::Meaning meaning = resolver_.meaning(id);
  if (const auto* local = std::get_if<Resolver::Local>(&meaning)) {
    return locals_[local->index];
  }
  if (const auto* variable = std::get_if<Resolver::Variable>(&meaning)) {
    return environment_.variables()[variable->slot].type;
  }
  if (const auto* type = std::get_if<Resolver::TypeName>(&meaning)) {
    return Type::type_of(*type_by_name(type->name));
  }
  return std::nullopt;
}

Result<Type> Checker::unknown_name(const Node& node) {
  if (environment_.source() != nullptr) {
    if (const std::string reason = environment_.source()->why_not(node.name); !reason.empty()) {
      return fail(problem(node.offset, reason));
    }
  }
  std::vector<std::string> known = resolver_.visible();
  const std::string near = text::did_you_mean(node.name, known);
  std::string message = fmt::format("unknown name '{}'{}", node.name, near);
  if (near.empty() && !known.empty() && known.size() <= 12) {
    std::sort(known.begin(), known.end());
    message += fmt::format("; known are {}", fmt::join(known, ", "));
  }
  return fail(problem(node.offset, message));
}

Result<Type> Checker::select(NodeId id) {
  OAP_TRY(const std::optional<Type> whole, name(id));
  if (whole) {
    return *whole;
  }
  const Node& node = ast_.at(id);
  OAP_TRY(const Type of, check(node.children[0]));
  return member(node, of);
}

Result<Type> Checker::member(const Node& node, const Type& of) {
  const Type target = types_.apply(of);
  if (target.is(TypeKind::kOptional)) {
    OAP_TRY(const Type inner, member_of(node, types_.apply(target.param(0))));
    return Type::optional(inner);
  }
  OAP_TRY(Type found, member_of(node, target));
  return node.optional ? Type::optional(std::move(found)) : found;
}

Result<Type> Checker::member_of(const Node& node, const Type& of) {
  switch (of.kind()) {
    case TypeKind::kDyn:
      return Type();
    case TypeKind::kParam:
      types_.assign(Type(), of);
      return Type();
    case TypeKind::kMap:
      if (!types_.assign(of.param(0), TypeKind::kString)) {
        return fail(problem(node.offset, fmt::format("the keys of this map are {}, not names",
                                                     to_string(of.param(0)))));
      }
      return of.param(1);
    case TypeKind::kObject: {
      if (const Type* declared = of.member(node.name)) {
        return *declared;
      }
      if (of.open()) {
        return Type();
      }
      return fail(
          problem(node.offset, fmt::format("there is no member '{}'{}", node.name,
                                           text::did_you_mean(node.name, of.member_names()))));
    }
    default:
      return fail(problem(node.offset, fmt::format("{} has no members; '.{}' was found behind one",
                                                   to_string(of), node.name)));
  }
}

Result<Type> Checker::index(NodeId id) {
  OAP_TRY(const std::optional<Type> whole, name(id));
  if (whole) {
    return *whole;
  }
  const Node& node = ast_.at(id);
  OAP_TRY(std::vector<Type> args, check_all(node.children));
  const Node& key = ast_.at(node.children[1]);
  const Type target = types_.apply(args[0]);
  if (target.is(TypeKind::kObject) && key.literal.is(Kind::kString)) {
    Node named = key;
    named.optional = node.optional;
    named.name = std::string(key.literal.text());
    return member(named, target);
  }
  const FunctionEntry* entry = environment_.function(node.optional ? "_[?_]" : "_[_]", false);
  return overload(node, *entry, args);
}

Result<Type> Checker::call(const Node& node) {
  if (node.children.empty()) {
    if (const auto slot = environment_.slot(node.name + "()")) {
      return environment_.variables()[*slot].type;
    }
  }
  for (const std::string& candidate : environment_.candidates(node.name)) {
    if (const FunctionEntry* entry = environment_.function(candidate, false)) {
      OAP_TRY(const std::vector<Type> args, check_all(node.children));
      return overload(node, *entry, args);
    }
  }
  std::string hint = text::did_you_mean(node.name, environment_.function_names(false));
  if (hint.empty() && environment_.function(node.name, true) != nullptr) {
    hint = fmt::format("; it is called on a value: value.{}(…)", node.name);
  }
  if (hint.empty() && environment_.source() != nullptr) {
    hint = environment_.source()->why_not(node.name + "()");
  }
  return fail(problem(node.offset, fmt::format("unknown function '{}'{}", node.name, hint)));
}

Result<Type> Checker::method(NodeId id) {
  const Node& node = ast_.at(id);
  if (const FunctionEntry* entry = resolver_.qualified_function(id)) {
    OAP_TRY(const std::vector<Type> args,
            check_all({node.children.begin() + 1, node.children.end()}));
    return overload(node, *entry, args);
  }
  OAP_TRY(const std::vector<Type> args, check_all(node.children));
  const FunctionEntry* entry = environment_.function(node.name, true);
  if (entry == nullptr) {
    std::string hint = text::did_you_mean(node.name, environment_.function_names(true));
    if (hint.empty() && environment_.function(node.name, false) != nullptr) {
      hint = fmt::format("; it is called as {}(…)", node.name);
    }
    return fail(problem(node.offset, fmt::format("unknown function '.{}'{}", node.name, hint)));
  }
  return overload(node, *entry, args);
}

Result<Type> Checker::overload(const Node& node, const FunctionEntry& entry,
                               const std::vector<Type>& args) {
  std::optional<Type> result;
  for (const Overload& each : entry.overloads) {
    const bool fits = each.variadic ? args.size() + 1 >= each.params.size() && !args.empty()
                                    : args.size() == each.params.size();
    if (!fits) {
      continue;
    }
    std::map<std::string, Type> renamed;
    std::vector<Type> params;
    for (std::size_t i = 0; i < args.size(); ++i) {
      params.push_back(types_.fresh(each.params[std::min(i, each.params.size() - 1)], renamed));
    }
    if (!types_.assign_all(params, args)) {
      continue;
    }
    const Type gives = types_.apply(types_.fresh(each.result, renamed));
    result = !result || *result == gives ? gives : Type();
  }
  if (!result) {
    return fail(no_overload(node, entry, args));
  }
  return *result;
}

Error Checker::no_overload(const Node& node, const FunctionEntry& entry,
                           const std::vector<Type>& args) {
  std::string given;
  for (const Type& argument : args) {
    given += (given.empty() ? "" : ", ") + to_string(types_.apply(argument, true));
  }
  std::string message = fmt::format("'{}' does not take ({})", shown_name(entry), given);
  const bool binary = args.size() == 2 && binary_by_name(entry.name) != nullptr;
  if (binary && is_number(types_.apply(args[0])) && is_number(types_.apply(args[1]))) {
    message += "; write both as the same kind of number (1, 1u, 1.0) or convert one: double(x)";
  } else if (binary &&
             (types_.apply(args[0]).is(TypeKind::kString) ||
              types_.apply(args[1]).is(TypeKind::kString)) &&
             entry.name == "_+_") {
    message += "; string(x) makes a text of a value";
  }
  return problem(node.offset, message);
}

Type Checker::optional_entry(const Node& node, std::size_t entry, const Type& type) {
  if (!node.optional_entries[entry]) {
    return type;
  }
  const Type target = types_.apply(type);
  if (target.is(TypeKind::kOptional)) {
    return target.param(0);
  }
  return target.is(TypeKind::kDyn) ? Type() : Type(TypeKind::kOpaque, "no optional", {});
}

Result<Type> Checker::list(const Node& node) {
  std::map<std::string, Type> renamed;
  std::optional<Type> item;
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    OAP_TRY(const Type type, check(node.children[i]));
    const Type each = optional_entry(node, i, type);
    if (each.name() == "no optional") {
      return fail(
          problem(ast_.at(node.children[i]).offset, "'?' wants an optional value behind it"));
    }
    item = item ? types_.join(*item, each) : each;
  }
  return Type::list(item ? *item : types_.fresh(Type::param("A"), renamed));
}

Result<Type> Checker::map(const Node& node) {
  std::map<std::string, Type> renamed;
  std::optional<Type> key;
  std::optional<Type> value;
  for (std::size_t i = 0; i < node.optional_entries.size(); ++i) {
    OAP_TRY(const Type key_type, check(node.children[2 * i]));
    OAP_TRY(const Type type, check(node.children[2 * i + 1]));
    if (const Type applied = types_.apply(key_type); !may_be_key(applied)) {
      return fail(problem(ast_.at(node.children[2 * i]).offset,
                          fmt::format("{} cannot be a key: keys are bool, int, uint or string",
                                      to_string(applied))));
    }
    const Type each = optional_entry(node, i, type);
    if (each.name() == "no optional") {
      return fail(problem(ast_.at(node.children[2 * i + 1]).offset,
                          "'?' wants an optional value behind it"));
    }
    key = key ? types_.join(*key, key_type) : key_type;
    value = value ? types_.join(*value, each) : each;
  }
  if (!key) {
    return Type::map(types_.fresh(Type::param("A"), renamed),
                     types_.fresh(Type::param("B"), renamed));
  }
  return Type::map(*key, *value);
}

}  // namespace oap::expr
