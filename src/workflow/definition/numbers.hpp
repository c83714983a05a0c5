#pragma once

#include "expr/type.hpp"
#include "json/value.hpp"

namespace oap::workflow {

/// Numbers as expressions that were checked with the type expect them: where it says integer, 2.0
/// becomes 2; where it says number, 2 becomes 2.0. Also within lists and objects. Pure.
void settle_numbers(json::Value& value, const expr::Type& type);

/// The same by the JSON Schema that the value has been held against; null: nothing. Pure.
void settle_numbers(json::Value& value, const json::Value& schema);

/// By what the variable began with: one that began as 1.5 is a number, one that began as 1 an
/// integer where the value is a whole one. Pure.
void settle_variable(json::Value& value, const json::Value* start);

}  // namespace oap::workflow
