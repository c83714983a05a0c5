#pragma once

#include <compare>
#include <cstddef>

#include "json/value.hpp"

namespace oap::json {

/// Equality and order of JSON data as JSON Schema has them: by value, so that 1, 1.0 and 1e0 are
/// one number, whatever they are stored as. All pure and exact.

bool is_number(const Value& value);
/// Numbers without a fraction: 1, 1.0, 1e300.
bool is_integer(const Value& value);
/// Both must be numbers.
std::strong_ordering compare_numbers(const Value& a, const Value& b);
/// True where `value` is a whole multiple of `divisor`, taken as the decimals they print as. Both
/// must be numbers and `divisor` above zero.
bool is_multiple_of(const Value& value, const Value& divisor);
/// Deep equality; the order of an object's members does not matter.
bool equal(const Value& a, const Value& b);
/// Equal values have equal hashes.
std::size_t hash_of(const Value& value);

}  // namespace oap::json
