#pragma once

#include <optional>

#include "base/result.hpp"
#include "expr/ast.hpp"
#include "expr/environment.hpp"
#include "expr/type.hpp"

namespace oap::expr {

/// The static type of an expression's value in an environment (cel-spec, "Gradual Type Checking"):
/// where types are dyn anything goes until evaluation. kInvalidArgument with place and caret for a
/// name that nothing has (with the nearest one), arguments that no overload takes, members that are
/// not declared, a map's key that cannot be one, or a type other than `wanted`. Pure.
Result<Type> check(const Ast& ast, const Environment& environment,
                   const std::optional<Type>& wanted = std::nullopt);

}  // namespace oap::expr
