#pragma once

#include <compare>
#include <optional>

#include "expr/budget.hpp"
#include "expr/value.hpp"

namespace oap::expr {

// Equality and order of values (cel-spec, "Equality and Ordering"). Pure.

/// Exact, whatever the two number types; unordered where one is NaN. Both must be numbers.
std::partial_ordering compare_exactly(const Value& a, const Value& b);
/// As `<` and `==` have it: an integer is rounded to a double where the other is one, so that
/// 9223372036854775807 and 9223372036854775808.0 are equal. Both must be numbers.
std::partial_ordering compare_numbers(const Value& a, const Value& b);

/// A total order of map keys by class, then value; 1, 1u and 1.0 are one key. Never 0 for a value
/// that cannot be a key.
int compare_keys(const Value& a, const Value& b);

/// Values of different classes are unequal, never an error. Spends a step an item; false where the
/// budget ends.
bool equal(const Value& a, const Value& b, Budget& budget);

/// Nothing where `<` has no overload for the two.
std::optional<std::partial_ordering> order(const Value& a, const Value& b);

}  // namespace oap::expr
