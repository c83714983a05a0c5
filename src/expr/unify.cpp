#include "expr/unify.hpp"

#include <fmt/format.h>

namespace oap::expr {

namespace {

/// Message-like types, for which null stands in as "not there".
bool is_nullable(const Type& type) {
  return type.is(TypeKind::kNull) || type.is(TypeKind::kTimestamp) ||
         type.is(TypeKind::kDuration) || type.is(TypeKind::kOptional) ||
         type.is(TypeKind::kOpaque) || type.is(TypeKind::kObject);
}

/// True where `a` allows all that `b` allows.
bool is_wider(const Type& a, const Type& b) {
  if (a.is(TypeKind::kDyn) || a.is(TypeKind::kParam)) {
    return true;
  }
  if (b.is(TypeKind::kDyn) || b.is(TypeKind::kParam) || a.kind() != b.kind() ||
      a.name() != b.name() || a.params().size() != b.params().size()) {
    return false;
  }
  if (a.is(TypeKind::kType)) {
    return true;
  }
  for (std::size_t i = 0; i < a.params().size(); ++i) {
    if (!is_wider(a.param(i), b.param(i))) {
      return false;
    }
  }
  return true;
}

}  // namespace

Type Substitution::fresh(const Type& type, std::map<std::string, Type>& renamed) {
  if (!type.has_variables()) {
    return type;
  }
  if (type.is(TypeKind::kParam)) {
    const auto known = renamed.find(type.name());
    if (known != renamed.end()) {
      return known->second;
    }
    return renamed.emplace(type.name(), Type::param(fmt::format("#{}", count_++))).first->second;
  }
  std::vector<Type> params;
  for (const Type& param : type.params()) {
    params.push_back(fresh(param, renamed));
  }
  return {type.kind(), type.name(), std::move(params)};
}

void Substitution::set(const std::string& name, Type type) {
  const auto known = bound_.find(name);
  journal_.emplace_back(name, known == bound_.end() ? std::nullopt : std::optional(known->second));
  bound_.insert_or_assign(name, std::move(type));
}

void Substitution::undo(std::size_t mark) {
  for (; journal_.size() > mark; journal_.pop_back()) {
    auto& [name, before] = journal_.back();
    if (before) {
      bound_.insert_or_assign(name, std::move(*before));
    } else {
      bound_.erase(name);
    }
  }
}

bool Substitution::assign(const Type& to, const Type& from) { return assign_all({to}, {from}); }

bool Substitution::assign_all(const std::vector<Type>& to, const std::vector<Type>& from) {
  const std::size_t mark = journal_.size();
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (!unify(to[i], from[i])) {
      undo(mark);
      return false;
    }
  }
  return true;
}

const Type* Substitution::bound(const Type& variable) const {
  const auto found = bound_.find(variable.name());
  return found == bound_.end() ? nullptr : &found->second;
}

bool Substitution::occurs(const std::string& name, const Type& type) const {
  if (type.is(TypeKind::kParam)) {
    if (type.name() == name) {
      return true;
    }
    const Type* next = bound(type);
    return next != nullptr && occurs(name, *next);
  }
  if (!type.has_variables()) {
    return false;
  }
  for (const Type& param : type.params()) {
    if (occurs(name, param)) {
      return true;
    }
  }
  return false;
}

bool Substitution::bind(const Type& variable, const Type& type) {
  if (variable == type) {
    return true;
  }
  if (const Type* known = bound(variable)) {
    const Type before = *known;
    if (before == type) {
      return true;
    }
    if (!unify(type, before)) {
      return false;
    }
    const Type& wider = is_wider(type, before) ? type : before;
    if (!occurs(variable.name(), wider)) {
      set(variable.name(), wider);
    }
    return true;
  }
  if (occurs(variable.name(), type)) {
    return false;
  }
  set(variable.name(), type);
  return true;
}

bool Substitution::unify(const Type& to, const Type& from) {
  if (from.is(TypeKind::kParam)) {
    const bool known = bound(from) != nullptr;
    if (bind(from, to)) {
      return true;
    }
    if (known) {
      return false;
    }
  }
  if (to.is(TypeKind::kParam)) {
    return bind(to, from);
  }
  if (to.is(TypeKind::kDyn) || from.is(TypeKind::kDyn)) {
    return true;
  }
  if (to.is(TypeKind::kNull) || from.is(TypeKind::kNull)) {
    return is_nullable(to.is(TypeKind::kNull) ? from : to);
  }
  if (to.is(TypeKind::kObject) || from.is(TypeKind::kObject)) {
    const Type& other = to.is(TypeKind::kObject) ? from : to;
    if (other.is(TypeKind::kMap)) {
      return unify(other.param(0), TypeKind::kString) && unify(other.param(1), Type());
    }
    return other.is(TypeKind::kObject);
  }
  return to.kind() == from.kind() && to.name() == from.name() && unify_params(to, from);
}

bool Substitution::unify_params(const Type& to, const Type& from) {
  if (to.is(TypeKind::kType)) {
    return true;
  }
  if (to.params().size() != from.params().size()) {
    return false;
  }
  for (std::size_t i = 0; i < to.params().size(); ++i) {
    if (!unify(to.param(i), from.param(i))) {
      return false;
    }
  }
  return true;
}

Type Substitution::apply(const Type& type, bool final) const {
  if (!type.has_variables()) {
    return type;
  }
  if (type.is(TypeKind::kParam)) {
    const Type* next = bound(type);
    if (next != nullptr) {
      return apply(*next, final);
    }
    return final ? Type() : type;
  }
  std::vector<Type> params;
  for (const Type& param : type.params()) {
    params.push_back(apply(param, final));
  }
  return {type.kind(), type.name(), std::move(params)};
}

Type Substitution::join(const Type& a, const Type& b) {
  if (a == b) {
    return a;
  }
  const bool differing_objects = a.is(TypeKind::kObject) || b.is(TypeKind::kObject);
  if (differing_objects || !assign(a, b)) {
    return {};
  }
  const Type left = apply(a);
  const Type right = apply(b);
  if (left.is(TypeKind::kNull)) {
    return right;
  }
  return is_wider(left, right) || right.is(TypeKind::kNull) ? left : right;
}

}  // namespace oap::expr
