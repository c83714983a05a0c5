#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "expr/type.hpp"

namespace oap::expr {

/// What type variables stand for so far (cel-spec, "Gradual Type Checking"). Not thread-safe.
class Substitution {
 public:
  /// A type with its variables renamed so that they differ from all others.
  Type fresh(const Type& type, std::map<std::string, Type>& renamed);
  /// True where a value of `from` may stand where `to` is wanted; binds variables then, and nothing
  /// otherwise.
  bool assign(const Type& to, const Type& from);
  /// The same for several at once.
  bool assign_all(const std::vector<Type>& to, const std::vector<Type>& from);
  /// The type with all bound variables replaced; unbound ones are dyn where `final`.
  Type apply(const Type& type, bool final = false) const;
  /// The type of a container's item that is one of both.
  Type join(const Type& a, const Type& b);

 private:
  bool unify(const Type& to, const Type& from);
  bool unify_params(const Type& to, const Type& from);
  bool bind(const Type& variable, const Type& type);
  bool occurs(const std::string& name, const Type& type) const;
  const Type* bound(const Type& variable) const;
  void set(const std::string& name, Type type);
  void undo(std::size_t mark);

  std::map<std::string, Type> bound_;
  std::vector<std::pair<std::string, std::optional<Type>>> journal_;
  std::size_t count_ = 0;
};

}  // namespace oap::expr
