#pragma once

#include <span>
#include <string_view>

#include "base/result.hpp"
#include "expr/environment.hpp"
#include "expr/program.hpp"

namespace oap::expr {

/// Compiles a condition: CEL that gives a bool, as `a && b`, `${{ a && b }}`, or with variables as
/// `${name}` (the typed variable, never text). Compiled once, evaluated by any thread. Errors as
/// Program's; a text in quotes that holds `${…}` is refused, since it would be that text. The
/// program's own `evaluate` is wrapped by `holds`.
Result<Program> compile_condition(std::string_view source, const Environment& environment);

/// What the condition gives. An error is never false: the caller decides what it means.
Result<bool> holds(const Program& condition, std::span<const Value> variables,
                   const Limits& limits = {});

}  // namespace oap::expr
