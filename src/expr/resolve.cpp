#include "expr/resolve.hpp"

#include <algorithm>

namespace oap::expr {

namespace {

constexpr std::size_t kMaxQualified = 64;

}  // namespace

/// `steps["build-it"]`, where the environment may know `steps.build-it`.
bool Resolver::has_constant_key(const Node& node) const {
  return environment_.source() != nullptr && ast_.at(node.children[1]).kind == NodeKind::kLiteral &&
         ast_.at(node.children[1]).literal.is(Kind::kString);
}

std::optional<std::uint32_t> Resolver::local(std::string_view name) const {
  const auto found = std::find(locals_.rbegin(), locals_.rend(), name);
  if (found == locals_.rend()) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(locals_.rend() - found - 1);
}

std::optional<std::string> Resolver::qualified_name(NodeId id) const {
  std::string name;
  for (std::size_t i = 0; i < kMaxQualified; ++i) {
    const Node& node = ast_.at(id);
    if (node.kind == NodeKind::kName) {
      return local(node.name) ? std::nullopt : std::optional(node.name + name);
    }
    if (node.optional) {
      return std::nullopt;
    }
    if (node.kind == NodeKind::kSelect) {
      name = "." + node.name + name;
    } else if (node.kind == NodeKind::kIndex && has_constant_key(node)) {
      name = "." + std::string(ast_.at(node.children[1]).literal.text()) + name;
    } else {
      return std::nullopt;
    }
    id = node.children.front();
  }
  return std::nullopt;
}

Resolver::Meaning Resolver::meaning(NodeId id) const {
  const Node& node = ast_.at(id);
  if (node.kind == NodeKind::kName) {
    if (const auto index = local(node.name)) {
      return Local{*index};
    }
  }
  const std::optional<std::string> name = qualified_name(id);
  if (!name) {
    return {};
  }
  const std::vector<std::string> candidates = environment_.candidates(*name);
  for (const std::string& candidate : candidates) {
    if (const auto slot = environment_.slot(candidate)) {
      return Variable{*slot};
    }
  }
  for (const std::string& candidate : candidates) {
    if (type_by_name(candidate) != nullptr) {
      return TypeName{candidate};
    }
  }
  return {};
}

const FunctionEntry* Resolver::qualified_function(NodeId id) const {
  const Node& node = ast_.at(id);
  const std::optional<std::string> target = qualified_name(node.children.front());
  if (!target || !std::holds_alternative<std::monostate>(meaning(node.children.front()))) {
    return nullptr;
  }
  for (const std::string& candidate : environment_.candidates(*target + "." + node.name)) {
    if (const FunctionEntry* found = environment_.function(candidate, false)) {
      return found;
    }
  }
  return nullptr;
}

std::vector<std::string> Resolver::visible() const {
  std::vector<std::string> names = locals_;
  for (const Environment::Variable& variable : environment_.variables()) {
    names.push_back(variable.name);
  }
  if (environment_.source() != nullptr) {
    for (std::string& name : environment_.source()->names()) {
      names.push_back(std::move(name));
    }
  }
  return names;
}

}  // namespace oap::expr
